"""The plausible readings of a joined label, and the ones that show a word nobody wants in a name.

A reading is a segmentation into words; its cost is the sum of the words' costs (minus log10 of frequency). A bad
reading counts when its cost is within a margin of the best one's: 3.5 was found on 28 strings to separate
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
    """A segmentation, its cost, and the first unwanted word in it, if any."""

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

    def read(self, letters: str) -> tuple[Reading, Reading | None]:
        """The best innocent reading and the best reading with an unwanted word; unknown pieces only in the first.

        The innocent reading may be expensive; the other is None where no reading by known words shows anything.
        """
        return self._remembered(letters)

    def _read(self, letters: str) -> tuple[Reading, Reading | None]:
        size = len(letters)
        infinite = 1e9
        clean = [0.0] + [infinite] * size
        clean_back = [0] * (size + 1)
        known = [0.0] + [infinite] * size  # readings by known words alone, nothing unwanted
        known_back = [0] * (size + 1)
        bad = [infinite] * (size + 1)
        bad_back: list[tuple[int, bool]] = [(0, False)] * (size + 1)
        find_cost, taboo, longest = self._costs.get, self._taboo, self._longest
        for start in range(size):
            so_far, so_far_known, so_far_bad = clean[start], known[start], bad[start]
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
                if piece in taboo:
                    if so_far_known + cost < bad[end]:
                        bad[end], bad_back[end] = so_far_known + cost, (start, False)
                else:
                    if so_far + cost < clean[end]:
                        clean[end], clean_back[end] = so_far + cost, start
                    if so_far_known + cost < known[end]:
                        known[end], known_back[end] = so_far_known + cost, start
                if so_far_bad + cost < bad[end]:
                    bad[end], bad_back[end] = so_far_bad + cost, (start, True)
        pieces: list[str] = []
        end = size
        while end:
            pieces.append(letters[clean_back[end] : end])
            end = clean_back[end]
        innocent = Reading(tuple(reversed(pieces)), clean[size])
        if bad[size] >= infinite:
            return innocent, None
        return innocent, self._trace(letters, bad[size], bad_back, known_back)

    def _trace(
        self, letters: str, cost: float, bad_back: list[tuple[int, bool]], known_back: list[int]
    ) -> Reading:
        pieces: list[str] = []
        end, in_bad = len(letters), True
        found, span = None, (0, 0)
        while end:
            start, stays_bad = bad_back[end] if in_bad else (known_back[end], False)
            piece = letters[start:end]
            if piece in self._taboo:
                found, span = piece, (start, end)
            pieces.append(piece)
            end, in_bad = start, stays_bad
        return Reading(tuple(reversed(pieces)), cost, found, span)
