"""Parts that take no time or behave badly on purpose, for tests of everything but the model."""

import hashlib
import os
import signal
import time
from collections.abc import Sequence
from dataclasses import replace

from domaingen.generation.engine import Completion, Prompt
from domaingen.judging.judge import Named
from domaingen.lexicon import Lexicon
from domaingen.moderation.verdict import Decision, Finding, Verdict
from domaingen.outcomes import Judge
from domaingen.pipeline import Parts
from domaingen.settings import Settings
from domaingen.store.database import Database
from domaingen.suggestion import Judgement

SYLLABLES = ["ba", "co", "da", "fe", "gi", "ho", "ka", "lu", "mo", "ne", "pi", "ra", "so", "tu", "va", "ze"]


class InstantEngine:
    """Answers at once with names that depend on the prompt alone. `delay_s` sleeps once for each call; a prompt
    that holds «killworker» kills the process, as a row that crashes native code would."""

    digest = "0" * 64

    def __init__(self, delay_s: float = 0.0, name: str = "instant") -> None:
        self._delay_s, self.name = delay_s, name

    def complete(self, prompts: Sequence[Prompt], *, max_tokens: int = 64) -> list[Completion]:
        if self._delay_s:
            time.sleep(self._delay_s)
        return [self._complete(prompt) for prompt in prompts]

    def _complete(self, prompt: Prompt) -> Completion:
        if "killworker" in prompt.source:
            os.kill(os.getpid(), signal.SIGKILL)
        digest = hashlib.blake2b((prompt.source + prompt.prefix).encode(), digest_size=12).digest()
        names = []
        for part in (digest[:4], digest[4:8], digest[8:]):
            names.append("".join(SYLLABLES[byte % 16] for byte in part) + " .com")
        return Completion(f"{prompt.prefix} {' ; '.join(names)}", -0.5)


class AllowAll:
    """Finds nothing wrong with anything."""

    def judge(self, descriptions: Sequence[str]) -> list[Verdict]:
        return [Verdict(Decision.ALLOW) for _ in descriptions]

    def inspect(self, label: str, *, description: str = "") -> list[Finding]:
        return []


class InstantJudge:
    """The same marks for everybody."""

    kind = Judge.LOCAL

    def rate(self, names: Sequence[Named]) -> list[Judgement]:
        return [Judgement(7, 7, 7) for _ in names]


class InstantSource:
    """A source of instant parts for a model of any name; DOMAINGEN_TEST_DELAY_S makes each engine call take time."""

    def __init__(self, settings: Settings | None = None, database: Database | None = None) -> None:
        allow = AllowAll()
        self._delay_s = float(os.environ.get("DOMAINGEN_TEST_DELAY_S", "0"))
        self._parts = Parts(
            engine=InstantEngine(self._delay_s),
            moderator=allow,
            name_moderator=allow,
            lexicon=Lexicon([]),
            compose=lambda brief, matches, seed: [],
            select=lambda brief, candidates, matches: candidates[: brief.constraints.count],
            judge=InstantJudge(),
            judge_kind=Judge.LOCAL,
        )

    def parts(self, model: str, judge: str) -> Parts:
        parts = replace(self._parts, engine=InstantEngine(self._delay_s, model or "instant"))
        if judge.startswith("openai"):
            return replace(parts, judge=None, judge_kind=Judge.PENDING)
        return parts
