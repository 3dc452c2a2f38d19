"""How a label sounds: syllables, ease of saying it, and clumsy meetings of letters where two parts are joined.

Ease is the surprise of each letter after the two before it, in a model fitted on English words and curated labels
(`data/names/sound.npy`, made by `training.name_parts`).
"""

import re
from functools import lru_cache

import numpy as np

from domaingen.assets import asset

ALPHABET = "^abcdefghijklmnopqrstuvwxyz"
"""`^` stands for the edge of a label; other characters are read as it."""
UNIT = 32.0
"""Steps of a nat in which `sound.npy` holds surprise."""

_VOWELS = frozenset("aeiouy")
_GROUPS = re.compile(r"[aeiouy]+")
_HIATUS = re.compile(r"ia|io(?!u)|eo|ua(?!r)|iu|[aeo]i[ae]|y[aeo]")
_SILENT = re.compile(r"(?:[^aeiouyl]|[aeiouy]l)es?$|[^aeiouydt]ed$|[aeiouy]que$")
_FULL_ES = re.compile(r"(?:[sxz]|ch|sh|[cg])es$")
_JOINTS = {
    "sc",
    "sh",
    "st",
    "sp",
    "sk",
    "sl",
    "sm",
    "sn",
    "sw",
    "str",
    "spr",
    "scr",
    "th",
    "thr",
    "ch",
    "tr",
    "dr",
}
_TWINS = {order for pair in ("bp", "dt", "gk", "ck", "cg", "kq", "fv", "sz", "mn") for order in (pair, pair[::-1])}
"""Consonants that the tongue makes in the same place: joined, one of them is lost in speech."""

_CONSONANTS = "bcdfghjklmnpqrstvwxz"
_SAID_AS_ONE = frozenset(["ck", "ll", "ss", "ng", "th", "sh", "ch", "rn", "rk"])
_STUMBLES = re.compile(r"(.)\1\1|(..)\2\2|(...)\3|[bcdfghjklmnpqrstvwxz]{6}")


@lru_cache(maxsize=32768)
def syllables(word: str) -> int:
    """Syllables of an English-looking word, by its groups of vowels (at least 1 where there is a letter).

    The usual rules: a final silent e and -ed fall away, io, ia, eo count twice. Good to within one for nine words
    in ten, which is all that a score of length needs.
    """
    if not word:
        return 0
    count = len(_GROUPS.findall(word)) + len(_HIATUS.findall(word))
    if count > 1 and _SILENT.search(word) and not _FULL_ES.search(word):
        count -= 1
    return max(count, 1)


@lru_cache(maxsize=1)
def _surprise() -> dict[str, float]:
    """Three letters -> nats of surprise at the third."""
    table = np.load(asset("names", "sound.npy")).astype(float) / UNIT
    return {
        a + b + c: float(table[i, j, k])
        for i, a in enumerate(ALPHABET)
        for j, b in enumerate(ALPHABET)
        for k, c in enumerate(ALPHABET)
    }


def _letters(label: str) -> str:
    return label if label.isascii() and label.isalpha() else "".join(c if "a" <= c <= "z" else "^" for c in label)


@lru_cache(maxsize=65536)
def _surprises(label: str) -> tuple[float, float]:
    """The mean and the worst."""
    table = _surprise()
    text = f"^^{_letters(label)}^"
    each = [table[text[at : at + 3]] for at in range(len(text) - 2)]
    return sum(each) / len(each), max(each)


def surprise(label: str) -> float:
    """Mean nats of surprise per letter, edges included. English words: 2.3 or so; random letters: over 5."""
    return _surprises(label)[0]


def worst_surprise(label: str) -> float:
    """The most surprising letter, in nats."""
    return _surprises(label)[1]


EASY, HARD = 2.55, 4.1
"""Mean surprise up to which a label is entirely easy to say (the median curated label), and from which it is not
at all (random letters)."""


def ease(label: str) -> float:
    """How easily a label is said, 0-1."""
    return min(1.0, max(0.0, (HARD - surprise(label)) / (HARD - EASY)))


@lru_cache(maxsize=32768)
def _tail(tail: str) -> tuple[int, int]:
    """Consonants at the end of a part's last three letters, and how many of them count: a pair that is said as one
    counts once."""
    left = len(tail) - len(tail.rstrip(_CONSONANTS))
    return left, left - (tail[-2:] in _SAID_AS_ONE)


@lru_cache(maxsize=32768)
def _head(head: str) -> tuple[int, int]:
    """The same of a part's first three letters, where a pair that begins words counts once."""
    right = len(head) - len(head.lstrip(_CONSONANTS))
    return right, right - (head[:2] in _JOINTS or head[:3] in _JOINTS)


@lru_cache(maxsize=65536)
def meeting(tail: str, head: str) -> float:
    """`seam` of parts of which `tail` and `head` are the last and the first three letters."""
    a, b = tail[-1:], head[:1]
    if not a or not b:
        return 0.0
    cost = 0.0
    if a == b:
        # «hotel light» is written with one l as often as with two.
        cost += 0.5
    if (
        (a == b and (tail[-2:-1] == a or head[1:2] == b))
        or (len(tail) == 3 and tail[0] == tail[1] == a)
        or (len(head) == 3 and b == head[1] == head[2])
    ):
        cost += 1.0  # a letter three times running
    if tail[-2:] == head[:2]:
        cost += 0.6
    if a in _VOWELS and b in _VOWELS:
        cost += 0.3 if a != b else 0.2
    elif a + b in _TWINS:
        cost += 0.25
    left, counted_left = _tail(tail)
    right, counted_right = _head(head)
    pile = counted_left + counted_right
    if left and right and pile >= 4:
        cost += 0.3 * (pile - 3)
    return cost


def seam(left: str, right: str) -> float:
    """How clumsy it is to join these two parts: 0 for smooth, 0.5 for a doubled letter, 1 and more for a stumble."""
    return meeting(left[-3:], right[:3])


@lru_cache(maxsize=32768)
def stumbles(label: str) -> bool:
    """Whether a label is one to trip over: the same letter three times running, a syllable said thrice, or five
    consonants in a row."""
    return _STUMBLES.search(label) is not None
