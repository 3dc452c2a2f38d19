"""The plausible readings of a joined label, and the ones that show a word nobody wants in a name.

A reading is a segmentation into words; its cost is the sum of the words' costs (minus log10 of frequency). Each
unwanted word is looked at in the best reading that shows it, so that none hides behind another. A bad reading counts when its cost is within a margin of the best one's: 3.5 was found on 28 strings to separate
`expertsexchange` from `cocktailbar`. Taboo words are noticed more readily than their frequency in books says, so none
costs more than `MOST_TABOO_COST`.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from itertools import pairwise

from domaingen.moderation.words import LONGEST_WORD, UNKNOWN_LETTER, UNKNOWN_WORD, Words

MOST_TABOO_COST = 5.0
LETTER_COST = 3.0
"""Added for a single letter that is no word."""
SHORT_COST = 1.2
"""Added for words of two letters other than the commonest: lists of frequent words are full of abbreviations."""
FOREIGN_COST = 1.5
"""Added for words that are frequent in other languages than English alone."""

_UNKNOWN_LETTERS = [UNKNOWN_LETTER * letters for letters in range(LONGEST_WORD + 1)]
_INFINITE = 1e9
_KEY = 4
"""Letters by which the words that may begin somewhere are known."""
_COMMON_PAIRS = frozenset(
    [
        "am",
        "an",
        "as",
        "at",
        "be",
        "by",
        "do",
        "go",
        "he",
        "hi",
        "if",
        "in",
        "is",
        "it",
        "me",
        "my",
        "no",
        "of",
        "oh",
        "on",
        "or",
        "our",
        "so",
        "to",
        "up",
        "us",
        "we",
        "ex",
        "la",
        "le",
        "el",
        "de",
    ]
)


@dataclass(frozen=True, slots=True)
class Reading:
    """A segmentation, its cost, and the unwanted word that it shows, if any."""

    pieces: tuple[str, ...]
    cost: float
    found: str | None = None
    span: tuple[int, int] = (0, 0)
    """Where `found` stands in the letters."""

    @property
    def bounds(self) -> list[int]:
        """Where pieces begin and end."""
        positions = [0]
        for piece in self.pieces:
            positions.append(positions[-1] + len(piece))
        return positions

    def holding(self, span: tuple[int, int]) -> tuple[int, int] | None:
        """Begin and end of the piece that the span lies in wholly, None where it crosses a boundary of pieces."""
        bounds = self.bounds
        for begin, end in pairwise(bounds):
            if begin <= span[0] and span[1] <= end:
                return begin, end
        return None


class Reader:
    """Reads labels. `taboo` are the unwanted words, each with the cost that it should at most have."""

    def __init__(self, words: Words, taboo: Mapping[str, float]) -> None:
        self._taboo = taboo
        self._costs = dict(words.cost)
        for word, spoken in words.languages.items():
            if len(word) > 2 and "en" in spoken:
                continue
            more = 0.0
            if len(word) == 1:
                more = 0.0 if word in "ai" else LETTER_COST
            elif len(word) == 2 and word not in _COMMON_PAIRS:
                more = SHORT_COST
            if "en" not in spoken:
                more += FOREIGN_COST
            self._costs[word] += more
        for word, most in taboo.items():
            self._costs[word] = min(self._costs.get(word, 99.0), most)
        self._longest: dict[str, int] = {}
        for word in self._costs:
            if len(word) > self._longest.get(word[:_KEY], _KEY - 1):
                self._longest[word[:_KEY]] = len(word)
        self._remembered = lru_cache(maxsize=4096)(self._read)  # a label is asked for by three checks

    def cost(self, piece: str) -> float | None:
        """The cost of a word, None where it is none."""
        return self._costs.get(piece)

    def read(self, letters: str) -> tuple[Reading, tuple[Reading, ...]]:
        """The best innocent reading and, for each place of an unwanted word, the best reading that shows it there.

        The latter are the likeliest first and consist of known words alone; there are none where no such reading
        exists. Unknown pieces are only in the innocent reading, which may be expensive.
        """
        return self._remembered(letters)

    def _read(self, letters: str) -> tuple[Reading, tuple[Reading, ...]]:
        size = len(letters)
        clean = [0.0] + [_INFINITE] * size
        clean_back = [0] * (size + 1)
        known = [0.0] + [_INFINITE] * size  # by known words alone, unwanted ones too
        known_back = [0] * (size + 1)
        words: list[tuple[int, int, float]] = []
        unwanted: list[tuple[int, int, float]] = []
        find_cost, taboo, longest = self._costs.get, self._taboo, self._longest
        for start in range(size):
            so_far, so_far_known = clean[start], known[start]
            loose_base = so_far + UNKNOWN_WORD
            last = min(size, start + LONGEST_WORD)
            # From here on no word reaches further; what is longer is unknown and need not be looked up.
            reach = min(last, start + longest.get(letters[start : start + _KEY], _KEY - 1))
            for end in range(reach + 1, last + 1):
                loose = loose_base + _UNKNOWN_LETTERS[end - start]
                if loose < clean[end]:
                    clean[end], clean_back[end] = loose, start
            for end in range(start + 1, reach + 1):
                piece = letters[start:end]
                cost = find_cost(piece)
                if cost is None:
                    loose = loose_base + _UNKNOWN_LETTERS[end - start]
                    if loose < clean[end]:
                        clean[end], clean_back[end] = loose, start
                    continue
                words.append((start, end, cost))
                if piece in taboo:
                    unwanted.append((start, end, cost))
                elif so_far + cost < clean[end]:
                    clean[end], clean_back[end] = so_far + cost, start
                if so_far_known + cost < known[end]:
                    known[end], known_back[end] = so_far_known + cost, start
        innocent = Reading(tuple(_before(letters, size, clean_back)), clean[size])
        if not unwanted:
            return innocent, ()
        rest = [_INFINITE] * size + [0.0]
        rest_next = [size] * (size + 1)
        for start, end, cost in reversed(words):
            if cost + rest[end] < rest[start]:
                rest[start], rest_next[start] = cost + rest[end], end
        bad = []
        for start, end, cost in unwanted:
            whole = known[start] + cost + rest[end]
            if whole < _INFINITE:
                found = letters[start:end]
                pieces = (*_before(letters, start, known_back), found, *_after(letters, end, rest_next))
                bad.append(Reading(pieces, whole, found, (start, end)))
        return innocent, tuple(sorted(bad, key=_by_cost))


def _by_cost(reading: Reading) -> tuple[float, tuple[int, int]]:
    return reading.cost, reading.span


def _before(letters: str, end: int, back: list[int]) -> list[str]:
    """The pieces up to a place, by where the last piece before each place begins."""
    pieces = []
    while end:
        pieces.append(letters[back[end] : end])
        end = back[end]
    return pieces[::-1]


def _after(letters: str, start: int, following: list[int]) -> list[str]:
    """The pieces from a place on, by where the first piece after each place ends."""
    pieces = []
    while start < len(letters):
        pieces.append(letters[start : following[start]])
        start = following[start]
    return pieces
