"""The text that the model reads and writes: one place for training and for the worker.

Source: the control part, then the description, sections divided by « ; », which no description can contain:

    names 3 ; tlds .com .io ; max 10 ; style playful ; avoid cafe ; use brew roast dawn ; for organic coffee shop

Target: one strategy token, then up to three names, segments divided by spaces so that a word taken from the source
is written with the very pieces that it was read with (which is what lets a small model copy):

    <compound> downtown brew .com ; commuter cup .com
    <blend> brew + utopia = brew topia .com

What stands before «=» is the reason; where there is none, the segments are. `<none>` alone is a refusal.
A causal model, which has no encoder, reads and writes one sequence: the source, `<sep>`, the target.
"""

import re
import unicodedata
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import lru_cache

from domaingen.outcomes import Source
from domaingen.suggestion import Candidate

STRATEGIES = ("compound", "blend", "affix", "metaphor", "coined", "realword")
"""How a name is made; each is a token `<compound>` … that the decoder is forced to begin with."""
STRATEGY_TOKENS = tuple(f"<{strategy}>" for strategy in STRATEGIES)
NONE = "<none>"
"""What the model writes instead of names where it would name no such business."""
SEPARATOR = "<sep>"
"""What ends the source for a causal model."""
MAX_NAMES = 3
"""Names in one target."""
MAX_WORDS = 48
"""Words of a description that the model reads; a second sentence rarely changes the name, and time is linear."""
LONGEST_MAX = 15
"""A `max` above this constrains nothing that the model would write, so it is left out."""

_MAX_WORD_LETTERS = 24
_MAX_LETTERS = 360
_MAX_TLDS = 6
_MAX_AVOID = 8
_PIECES = re.compile(r"[^\W_]+|[,.?!;:]")
_APOSTROPHES = re.compile(r"(?<=\w)['’ʼ`](?=\w)")
_STOPS = {"!": ".", ";": ",", ":": ","}
_SECTION = " ; "
_TLD = re.compile(r"\.[a-z]{2,24}(?:\.[a-z]{2,24})?")
_NAME = re.compile(r"(?:(?P<reason>[^=]*)=)?(?P<segments>[^=.]+)(?P<tld>\.\s?[a-z]+(?:\s?\.\s?[a-z]+)?)")
_SEGMENT = re.compile(r"[a-z0-9]+")
_REASON = re.compile(r"[^\W_]+(?: (?:\+ |, )?[^\W_]+){0,7}")


@dataclass(frozen=True, slots=True)
class Controls:
    """The control part of a source. `hints` are words that names may use, in this order; `names` is how many are
    wanted (one to three); the others constrain them."""

    names: int | None = None
    tlds: tuple[str, ...] = ()
    max_length: int | None = None
    style: str | None = None
    avoid: tuple[str, ...] = ()
    hints: tuple[str, ...] = ()


@lru_cache(maxsize=4096)  # a row's prompts all read its description
def plain_words(text: str) -> str:
    """Lower case, without accents (labels are ASCII, and copying needs the same letters on both sides), words and
    the signs «, . ?» divided by single spaces; everything else, tags and sentinels' brackets included, is gone.

    At most 48 words of at most 24 letters each.
    """
    if not text.isascii():
        decomposed = unicodedata.normalize("NFKD", text.casefold())
        text = unicodedata.normalize(
            "NFKC", "".join(char for char in decomposed if not unicodedata.combining(char))
        )
    kept: list[str] = []
    words = letters = 0
    for piece in _PIECES.findall(_APOSTROPHES.sub("", text.lower())):
        if not piece[0].isalnum():
            sign = _STOPS.get(piece, piece)
            if kept and kept[-1][0].isalnum():
                kept.append(sign)
            continue
        words, letters = words + 1, letters + len(piece)
        if words > MAX_WORDS or letters > _MAX_LETTERS:
            break
        kept.append(piece[:_MAX_WORD_LETTERS])
    while kept and kept[-1] in {",", "."}:
        kept.pop()
    return " ".join(kept)


def source_text(description: str, controls: Controls) -> str:
    """What the encoder reads. Nothing in `description` can reach the control part: it comes last, after the only
    « ; for », and `plain_words` leaves no semicolon in it."""
    sections = [f"names {controls.names}"] if controls.names else []
    tlds = [tld for tld in controls.tlds if _TLD.fullmatch(tld)][:_MAX_TLDS]
    if tlds:
        sections.append("tlds " + " ".join(tlds))
    if controls.max_length is not None and controls.max_length <= LONGEST_MAX:
        sections.append(f"max {controls.max_length}")
    if controls.style:
        sections.append("style " + plain_words(controls.style))
    for key, values in (("avoid", controls.avoid[:_MAX_AVOID]), ("use", controls.hints)):
        words = " ".join(word for value in values for word in plain_words(value).split() if word[0].isalnum())
        if words:
            sections.append(f"{key} {words}")
    sections.append("for " + plain_words(description))
    return _SECTION.join(sections)


def read_source(source: str) -> tuple[Controls, str]:
    """The inverse of `source_text`, as far as the text still says it: the controls and the plain description."""
    *sections, last = source.split(_SECTION)
    found = dict(section.split(" ", 1) for section in sections)
    return Controls(
        names=int(found["names"]) if "names" in found else None,
        tlds=tuple(found.get("tlds", "").split()),
        max_length=int(found["max"]) if "max" in found else None,
        style=found.get("style"),
        avoid=tuple(found.get("avoid", "").split()),
        hints=tuple(found.get("use", "").split()),
    ), last.removeprefix("for").strip()


def target_text(strategy: str, names: Sequence[Candidate]) -> str:
    """What the decoder learns to write: at most three names, or `<none>` where there are none."""
    written = [
        f"{name.reason} = {' '.join(name.segments)} {name.tld}"
        if name.reason
        else f"{' '.join(name.segments)} {name.tld}"
        for name in names[:MAX_NAMES]
    ]
    return f"<{strategy}> {_SECTION.join(written) or NONE}"


def parse_completion(text: str) -> list[Candidate]:
    """The names in what a model wrote; rubbish, a name cut off at the end and refusals leave none."""
    strategy: str | None = None
    if text.startswith(STRATEGY_TOKENS):
        token = text[: text.index(">") + 1]
        strategy, text = token[1:-1], text.removeprefix(token)
    found: dict[str, Candidate] = {}
    for part in text.lower().split(";"):
        match = _NAME.fullmatch(part.strip())
        if not match:
            continue
        segments = tuple(match["segments"].split())
        tld = match["tld"].replace(" ", "")
        if not _is_name(segments) or not _TLD.fullmatch(tld):
            continue
        label = "".join(segments)
        if label + tld not in found:
            reason = _reason(match["reason"], segments, label, strategy)
            found[label + tld] = Candidate(segments, tld, Source.MODEL, strategy, reason)
    return list(found.values())


def _is_name(segments: Sequence[str]) -> bool:
    """Whether these can be the parts of a label: one to four of them, ASCII letters and digits, none twice."""
    if not 1 <= len(segments) <= 4 or len(set(segments)) < len(segments):
        return False
    label = "".join(segments)
    return 3 <= len(label) <= 63 and _SEGMENT.fullmatch(label) is not None


def _reason(written: str | None, segments: Sequence[str], label: str, strategy: str | None) -> str | None:
    """The reason for the submitter: as written where it can be read and is not plainly false, else the segments."""
    reason = " ".join(written.replace(",", " , ").split()).replace(" ,", ",") if written else ""
    if reason and _REASON.fullmatch(reason) and (strategy == "metaphor" or _explains(reason, label)):
        return reason
    return " + ".join(segments) if len(segments) > 1 else None


def _explains(reason: str, label: str) -> bool:
    """Whether every stated part has left its first or last three letters (two of a short part) in the label."""
    parts: Iterable[str] = re.split(r"[ +,]+", reason)
    return all(part[:3] in label or part[-3:] in label or (len(part) < 4 and part[:2] in label) for part in parts)
