"""Words that good names are made of, and where in a name they stand (`data/names/parts.txt.gz`)."""

import gzip
from dataclasses import dataclass
from functools import cached_property, lru_cache

import numpy as np
import numpy.typing as npt

from domaingen.assets import asset
from domaingen.names.meaning import bundled_vectors


@dataclass(frozen=True, slots=True)
class Part:
    """How often hand-picked names begin and end with a word, and in how many trades it occurs."""

    first: int
    last: int
    trades: int


class NameParts:
    """The parts by word, and their vectors as one matrix so that the nearest to a description are found at once."""

    def __init__(self, parts: dict[str, Part]) -> None:
        self.known = parts

    @cached_property
    def _vectors(self) -> tuple[list[str], npt.NDArray[np.float32]]:
        vectors = bundled_vectors()
        placed = [
            (word, at) for word in self.known if self._is_image(word) and (at := vectors.find(word)) is not None
        ]
        return [word for word, _ in placed], vectors.rows([at for _, at in placed])

    def nearest(self, vector: npt.NDArray[np.float32], count: int) -> list[tuple[str, float]]:
        """The parts closest in meaning with their cosines, best first."""
        words, matrix = self._vectors
        cosines = matrix @ vector
        count = min(count, len(words))
        best = np.argpartition(-cosines, count - 1)[:count]
        found = [(words[at], float(cosines[at])) for at in best]
        return sorted(found, key=lambda pair: (-pair[1], pair[0]))

    def _is_image(self, word: str) -> bool:
        """Whether a word can stand for something else: a short noun or verb in its plain form, used more than once."""
        part = self.known[word]
        if len(word) > 7 or part.trades + part.first + part.last < 2:
            return False
        if word.endswith(("ed", "ing", "ies", "ely", "ers")) and len(word) > 4:
            return False
        return not (word.endswith("s") and not word.endswith("ss") and word[:-1] in self.known)

    def leaning(self, word: str) -> float:
        """Whether a word rather begins (towards 1) or ends (towards -1) a name; 0 where nothing is known."""
        part = self.known.get(word)
        if part is None:
            return 0.0
        return (part.first - part.last) / (part.first + part.last + 2)


@lru_cache(maxsize=1)
def bundled_parts() -> NameParts:
    """The parts that ship with domaingen; read once per process."""
    with gzip.open(asset("names", "parts.txt.gz"), "rt", encoding="ascii") as lines:
        fields = [line.split() for line in lines]
    return NameParts({word: Part(int(first), int(last), int(trades)) for word, first, last, trades in fields})
