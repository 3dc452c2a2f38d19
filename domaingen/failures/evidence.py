"""What a row leaves behind while it is named, beside its result: names that a check dropped and why, completions that
could not be read, refusals by the model alone. Collected with little cost, a few additions for what went wrong and
nothing for what went well; `domaingen.failures.filing` turns it into failures.
"""

from collections.abc import Iterable, Sequence
from typing import Any

from domaingen.generation.text_format import NONE, STRATEGY_TOKENS, parse_completion
from domaingen.moderation.verdict import Finding
from domaingen.outcomes import Source
from domaingen.suggestion import Candidate

REFUSAL = "refusal"
"""Why a completion holds no name: the model would name no such business."""
EXAMPLES = 5
"""Examples kept for each reason; the rest is counted."""
_LONGEST_EXAMPLE = 120
_SHORTEST_CUT = 64
"""Letters from which a completion can have been cut off: the longest one has 64 tokens of a letter or more each."""


class Evidence:
    """Of one row. `risk` is the moderator's probability of harm (0-1), `trade` the weight of the best known trade near
    the description, None where there is none, `asked` how many names the row wants, `uncertain` whether it was refused
    only because moderation was not sure, `opinions` what two moderators thought of it, where they did not agree."""

    __slots__ = (
        "asked", "completions", "dropped", "findings", "names", "opinions", "risk", "trade", "uncertain", "unread",
    )  # fmt: skip

    def __init__(self, *, asked: int = 0, risk: float = 0.0, trade: float | None = None) -> None:
        self.asked, self.risk, self.trade = asked, risk, trade
        self.uncertain = False
        self.opinions: str | None = None
        self.completions = self.names = 0
        self.dropped: dict[str, tuple[int, list[str]]] = {}
        self.findings: dict[str, Sequence[Finding]] = {}
        self.unread: dict[str, tuple[int, list[str]]] = {}

    def read(self, texts: Iterable[str]) -> list[Candidate]:
        """The names in some completions; what can't be read is noted."""
        found: list[Candidate] = []
        for text in texts:
            names = parse_completion(text)
            self.completions += 1
            self.names += len(names)
            if len(names) != text.count(";") + 1:
                self._note_unread(text)
            found += names
        return found

    def drop(self, reason: str, candidate: Candidate, findings: Sequence[Finding] = ()) -> None:
        """Note a name that a check dropped, with what the name moderator found in it. Only the model's: composed names
        say nothing about it."""
        if candidate.source is not Source.MODEL:
            return
        example = _count(self.dropped, reason, candidate.domain)
        if findings and example:
            self.findings[example] = findings

    def _note_unread(self, text: str) -> None:
        # Engines leave special tokens out of the text, and `<none>` is one: a refusal reads as nothing at all.
        body = text.replace(NONE, "")
        body = body.partition(">")[2] if body.startswith(STRATEGY_TOKENS) else body
        if not body.strip():
            _count(self.unread, REFUSAL, text.strip())
            return
        parts = [part.strip() for part in body.split(";")]
        for number, part in enumerate(parts, start=1):
            if not parse_completion(part):
                _count(self.unread, _why_unread(part, last=number == len(parts), length=len(text)), part)

    def as_dict(self) -> dict[str, Any]:
        """What is worth keeping, ready for JSON: reasons with their count and up to `EXAMPLES` examples; `findings` by
        example, each a reason code with the part of the name that shows it."""
        return {
            "asked": self.asked,
            "risk": round(self.risk, 4),
            "trade": None if self.trade is None else round(self.trade, 3),
            "uncertain": self.uncertain,
            "opinions": self.opinions,
            "completions": self.completions,
            "names": self.names,
            "dropped": _plain(self.dropped),
            "findings": {
                domain: [{"code": each.code, "evidence": each.evidence[:_LONGEST_EXAMPLE]} for each in findings]
                for domain, findings in self.findings.items()
            },
            "unread": _plain(self.unread),
        }


def _count(tally: dict[str, tuple[int, list[str]]], reason: str, text: str) -> str | None:
    """The example that was kept of a text, None where it adds none."""
    count, examples = tally.get(reason) or (0, [])
    tally[reason] = (count + 1, examples)
    example = text[:_LONGEST_EXAMPLE]
    if len(examples) >= EXAMPLES or example in examples:
        return None
    examples.append(example)
    return example


def _plain(tally: dict[str, tuple[int, list[str]]]) -> dict[str, dict[str, Any]]:
    return {reason: {"count": count, "examples": examples} for reason, (count, examples) in tally.items()}


def _why_unread(part: str, *, last: bool, length: int) -> str:
    """Cut off (`truncated`), a word twice in a name (`repeated`), or another form (`form`)."""
    words: Sequence[str] = part.rpartition("=")[2].partition(".")[0].split()
    if last and "." not in part and length >= _SHORTEST_CUT:
        return "truncated"
    return "repeated" if len(set(words)) < len(words) else "form"
