"""Words that hide behind other letters or in each other: `stoIen`, `rnurder`, `hireahitman`."""

import re
from collections.abc import Sequence
from itertools import accumulate, product

from domaingen.moderation.words import Words

MOST_READINGS = 64
"""Readings of one word that are tried at most."""
_DRAWN = {"rn": "m", "vv": "w"}
"""Letters that together look like another one."""
_DRAWN_LETTERS = re.compile("(" + "|".join(_DRAWN) + ")")
_SMALL_WORDS = frozenset(
    ["a", "an", "as", "at", "be", "by", "do", "if", "in", "is", "it", "me", "no", "of", "on", "or", "so", "the", "to",
     "up", "us", "we"]
)  # fmt: skip
"""Short English words that joined words may hold, beside `_JOINERS`."""
_JOINERS = frozenset(
    ["and", "buy", "for", "get", "how", "my", "our", "sell", "that", "who", "with", "you", "your"]
)
"""English words that sentences are built with and that foreign compounds, names and learned words hardly hold."""
_LEAST_JOINED = 10
"""Letters of words written together; shorter ones are misspelt words as often."""
_MOST_PIECE_COST = {3: 4.5, 4: 5.8}
"""Letters of a word among joined ones (4: or more) -> the cost up to which it is no scrap."""
_PLAIN = 5.0
"""The cost up to which one of the words of English alone is in everyone's mouth."""


def redraw(word: str, words: Words) -> str | None:
    """The known word that an unknown one is drawn as: capital I for l (`stoIen`), rn for m (`rnurder`), vv for w."""
    lowered = word.lower()
    choices: list[tuple[str, ...]] = []
    if re.fullmatch(r"[A-Z]?[a-zI]*[a-z]I[a-zI]*", word) or (
        re.fullmatch(r"I+[a-z]+", word) and not _is_word(lowered, words)
    ):
        choices = [("l", "i") if character == "I" else (character.lower(),) for character in word]
    elif len(word) > 5 and _DRAWN_LETTERS.search(lowered) and not _is_word(lowered, words):
        choices = [
            (piece, _DRAWN[piece]) if piece in _DRAWN else (piece,) for piece in _DRAWN_LETTERS.split(lowered)
        ]
    readings = 2 ** sum(len(choice) > 1 for choice in choices)
    if readings == 1 or readings > MOST_READINGS:
        return None
    best = min(map("".join, product(*choices)), key=lambda reading: words.cost.get(reading, 99.0))
    return best if best != lowered and words.knows(best) and "en" in words.languages[best] else None


def _is_word(lowered: str, words: Words) -> bool:
    """Whether this is any word of the list, or the plural of one."""
    return lowered in words.cost or lowered.removesuffix("s") in words.cost


def take_apart(word: str, words: Words, *, least: int) -> str | None:
    """An unknown word as the `least` or more English words that it is joined of (`hireahitman`); else None.

    Two names joined (`Brightpallet`), foreign compounds, learned words and misspelt ones stay.
    """
    lowered = word.lower()
    if len(word) < _LEAST_JOINED or not lowered.isascii() or _is_word(lowered, words):
        return None
    pieces = words.segment(lowered)
    return cut(word, pieces) if len(pieces) >= least and _is_english(pieces, words) else None


def _is_english(pieces: Sequence[str], words: Words) -> bool:
    """Whether pieces of a word read as English, without scraps: a joiner is among them, or two words of English alone."""
    others = [piece for piece in pieces if piece not in _SMALL_WORDS and piece not in _JOINERS]
    if not all(
        len(piece) > 2 and words.knows(piece, most=_MOST_PIECE_COST[min(len(piece), 4)]) for piece in others
    ):
        return False
    if not all("en" in words.languages[piece].split(",") for piece in others):
        return False
    if pieces[0] == "a" or pieces[-1] in _SMALL_WORDS or sum(len(piece) > 3 for piece in pieces) < 2:
        return False
    if not _JOINERS.isdisjoint(pieces):
        return True
    own = [words.cost[piece] for piece in others if words.languages[piece] == "en"]
    return len(own) > 1 and min(own) <= _PLAIN and min(map(len, others)) > 3


def cut(word: str, pieces: Sequence[str]) -> str:
    """`word` in its own case with spaces where its pieces end."""
    ends = list(accumulate(map(len, pieces)))
    return " ".join(word[start:end] for start, end in zip([0, *ends], ends, strict=False))
