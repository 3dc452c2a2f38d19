"""Names made by rule for synthetic rows: real naming strategies, with care for sound and grammar.

Each function answers None where its parts don't make a name that people can say; callers draw other parts.
"""

import re
from collections.abc import Sequence
from dataclasses import replace
from itertools import pairwise

from domaingen.generation import wordplay
from domaingen.names.sound import surprise
from domaingen.outcomes import Source
from domaingen.suggestion import Candidate

_VOWELS = frozenset("aeiouy")
_CLUSTER = re.compile(r"[^aeiouy]{5,}")
_TRIPLE = re.compile(r"(.)\1\1")

HARD_TO_SAY = 2.8
"""Nats of surprise per letter; 19 of 20 curated labels stay below."""


def sounds(segments: Sequence[str], longest: int = 15) -> bool:
    """Whether the joined label is 5 letters to `longest` long and free of clashes: no letter or syllable doubled at a
    seam («tripleless»), no tripled letter, no five consonants in a row, no part twice, and it
    is easy to say."""
    label = "".join(segments)
    if not 5 <= len(label) <= longest or len(set(segments)) < len(segments):
        return False
    if any(left[-1] == right[0] or left[-2:] == right[:2] for left, right in pairwise(segments)):
        return False
    if any(
        a != b and (a.startswith(b) or b.startswith(a)) for a in segments for b in segments if len(a) > 3 < len(b)
    ):
        return False
    return not _TRIPLE.search(label) and not _CLUSTER.search(label) and surprise(label) < HARD_TO_SAY


def _made(strategy: str, segments: Sequence[str], reason: str | None, longest: int) -> Candidate | None:
    if not sounds(segments, longest):
        return None
    return Candidate(tuple(segments), ".com", Source.MODEL, strategy, reason)


def affix(root: str, ending: str, longest: int) -> Candidate | None:
    """A whole root and an ending that suits it: roast + erie, marine + wick. Roots are not trimmed: a model that reads
    whole words as one piece can't see their letters."""
    if not 3 <= len(root) <= 8 or root.endswith(("ing", "ed", "y")):
        return None
    if ending[0] in _VOWELS and (root[-1] in _VOWELS or (ending in {"ery", "erie"} and root.endswith("r"))):
        return None
    return _made("affix", (root, ending), None, longest)


def blend(first: str, second: str, longest: int) -> Candidate | None:
    """Two words melted where they share letters (festival + valley: festivalley), else after the first's opening
    (festival + guard: festiguard)."""
    for shared in range(min(len(first), len(second)) - 1, 1, -1):
        if first.endswith(second[:shared]):
            return _melted(first, second, (first, second[shared:]), longest)
    if len(first) < 6 or len(second) < 3:
        return None
    for at in (4, 5):
        open_end, next_vowel = first[at - 1] in _VOWELS, second[0] in _VOWELS
        if at < len(first) - 1 and open_end != next_vowel and first[at - 1] != second[0]:
            return _melted(first, second, (first[:at], second), min(longest, 12))
    return None


def _melted(first: str, second: str, segments: tuple[str, str], longest: int) -> Candidate | None:
    if len(segments[1]) < 2:
        return None
    return _made("blend", segments, f"{first} + {second}", longest)


def coined(root: str, ending: str, longest: int) -> Candidate | None:
    """A short word with a soft ending: magnet + ora."""
    if not 3 <= len(root) <= 6 or root[-1] in _VOWELS or root.endswith(("ing", "ed")):
        return None
    return _made("coined", (root, ending), None, min(longest, 10))


def paired(strategy: str, one: str, other: str, longest: int) -> Candidate | None:
    """Two whole words in the order that sounds better."""
    play = wordplay.compound(one, other, limit=longest)
    return _made(strategy, play.segments, None, longest) if play else None


def linked(one: str, other: str, longest: int) -> Candidate | None:
    """«kale and kin»."""
    play = wordplay.phrase(one, other, limit=longest)
    return _made("realword", play.segments, None, longest) if play else None


def modified(modifier: str, noun: str, longest: int) -> Candidate | None:
    """«quiet fan»."""
    play = wordplay.modified(modifier, noun, limit=longest)
    return _made("realword", play.segments, None, longest) if play else None


def explained(name: Candidate, reason: str) -> Candidate:
    """The name with a reason."""
    return replace(name, reason=reason)
