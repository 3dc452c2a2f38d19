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
    if any(a != b and (a.startswith(b) or b.startswith(a)) for a in segments for b in segments if len(a) > 3 < len(b)):
        return False
    return not _TRIPLE.search(label) and not _CLUSTER.search(label) and surprise(label) < HARD_TO_SAY


def _made(strategy: str, segments: Sequence[str], reason: str | None, longest: int) -> Candidate | None:
    if not sounds(segments, longest):
        return None
    return Candidate(tuple(segments), ".com", Source.MODEL, strategy, reason)


def affix(root: str, ending: str, longest: int) -> Candidate | None:
    """A root and an ending, with the grammar of their meeting: roast + erie, pastry + ella (pastr ella)."""
    if not 3 <= len(root) <= 9:
        return None
    stem = root
    if ending[0] in _VOWELS:
        stem = root[:-1] if root[-1] in "ey" else root
        # «bakerery», «coffeeia»: an r before -ery and a vowel before a vowel stumble.
        if len(stem) < 3 or stem[-1] in _VOWELS or (ending in {"ery", "erie"} and stem.endswith("r")):
            return None
    elif root.endswith(("ing", "ed", "s")):
        return None
    return _made("affix", (stem, ending), None if stem == root else f"{root} + {ending}", longest)


def blend(first: str, second: str, longest: int) -> Candidate | None:
    """Two words melted where they share letters (festival + valley: festivalley), else after the first's opening
    (festival + guard: festiguard)."""
    for shared in range(min(len(first), len(second)) - 1, 1, -1):
        if first.endswith(second[:shared]):
            return _melted(first, second, (first, second[shared:]), longest)
    if len(first) < 6 or len(second) < 3:
        return None
    for at in (4, 5, 3):
        open_end, next_vowel = first[at - 1] in _VOWELS, second[0] in _VOWELS
        if at < len(first) - 1 and open_end != next_vowel and first[at - 1] != second[0]:
            return _melted(first, second, (first[:at], second), min(longest, 12))
    return None


def _melted(first: str, second: str, segments: tuple[str, str], longest: int) -> Candidate | None:
    if len(segments[1]) < 2:
        return None
    return _made("blend", segments, f"{first} + {second}", longest)


def coined(root: str, ending: str, longest: int) -> Candidate | None:
    """The opening of a word with a soft ending: verduras + alia (verd alia)."""
    if len(root) < 5:
        return None
    at = next((at for at in (5, 4, 6) if at <= len(root) and root[at - 1] not in _VOWELS), None)
    if at is None:
        return None
    return _made("coined", (root[:at], ending), f"{root} + {ending}", min(longest, 10))


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
