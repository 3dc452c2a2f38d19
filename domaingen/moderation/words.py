"""How frequent words are, and how letters without spaces read as words.

Frequencies: `data/moderation/words.txt.gz`, made from wordfreq (data CC BY-SA 4.0) by `training.moderator_words`.
"""

import gzip
from dataclasses import dataclass
from functools import lru_cache

from domaingen.assets import asset

UNKNOWN_WORD = 7.5
"""Cost in log10 of a piece that is no known word, before `UNKNOWN_LETTER` for each of its letters."""
UNKNOWN_LETTER = 1.1
LONGEST_WORD = 24


@dataclass(frozen=True, slots=True)
class Words:
    """Word -> cost (minus log10 of its frequency) and word -> languages it is frequent in."""

    cost: dict[str, float]
    languages: dict[str, str]

    def knows(self, word: str, *, most: float = 6.2) -> bool:
        """Whether this is a word with a cost of at most `most` (6.2: one in 1.6 million)."""
        return self.cost.get(word, 99.0) <= most

    def segment(self, letters: str) -> list[str]:
        """The likeliest reading of joined lower-case letters, by the product of word frequencies.

        Pieces that are no words stay whole at `UNKNOWN_WORD` and `UNKNOWN_LETTER` for each letter.
        """
        best = [0.0] + [1e9] * len(letters)
        back = [0] * (len(letters) + 1)
        for end in range(1, len(letters) + 1):
            for start in range(max(0, end - LONGEST_WORD), end):
                piece = letters[start:end]
                cost = self.cost.get(piece)
                if cost is None:
                    cost = UNKNOWN_WORD + UNKNOWN_LETTER * len(piece)
                elif len(piece) == 1 and piece not in "aio":
                    cost += 3.0
                if best[start] + cost + 1.0 < best[end]:  # 1.0: fewer, longer words read more naturally
                    best[end], back[end] = best[start] + cost + 1.0, start
        pieces = []
        end = len(letters)
        while end:
            pieces.append(letters[back[end] : end])
            end = back[end]
        return pieces[::-1]


@lru_cache(maxsize=1)
def bundled_words() -> Words:
    """The words that ship with domaingen; read once per process (about 0.2 s)."""
    cost: dict[str, float] = {}
    languages: dict[str, str] = {}
    with gzip.open(asset("moderation", "words.txt.gz"), "rt", encoding="ascii") as lines:
        for line in lines:
            word, centibels, spoken = line.split()
            cost[word] = int(centibels) / 100
            languages[word] = spoken
    return Words(cost, languages)
