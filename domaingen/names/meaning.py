"""Meanings of words as vectors of 64 numbers, without a model at run time (`training.name_vectors` says how made)."""

import gzip
from collections.abc import Iterable
from functools import lru_cache

import numpy as np
import numpy.typing as npt

from domaingen.assets import asset

Vector = npt.NDArray[np.float32]
"""64 numbers of Euclidean length 1."""


class WordVectors:
    """Words and their vectors; the cosine of two is 0 on average and 1 for the same word."""

    def __init__(self, words: list[str], rows: npt.NDArray[np.int8]) -> None:
        self._at = {word: number for number, word in enumerate(words)}
        vectors = rows.astype(np.float32)
        self._vectors = vectors / np.maximum(np.linalg.norm(vectors, axis=1, keepdims=True), 1e-6)
        self.dimensions = rows.shape[1]

    def find(self, word: str) -> int | None:
        """The row of a word, or of the word that it is an inflection of."""
        at = self._at.get(word)
        if at is not None:
            return at
        for ending, instead in (
            ("ies", "y"),
            ("s", ""),
            ("es", ""),
            ("ed", ""),
            ("ed", "e"),
            ("ing", ""),
            ("ing", "e"),
        ):
            if word.endswith(ending) and len(word) - len(ending) >= 3:
                at = self._at.get(word.removesuffix(ending) + instead)
                if at is not None:
                    return at
        return None

    def rows(self, numbers: list[int]) -> npt.NDArray[np.float32]:
        """The vectors of these rows, one below the other."""
        return np.asarray(self._vectors[numbers], dtype=np.float32)

    def row(self, number: int) -> Vector:
        """The vector of this row."""
        vector: Vector = self._vectors[number]
        return vector

    def mean(self, weighted: Iterable[tuple[str, float]]) -> Vector | None:
        """The direction of the weighted sum of words; None where none is known."""
        numbers: list[int] = []
        weights: list[float] = []
        for word, weight in weighted:
            at = self.find(word)
            if at is not None:
                numbers.append(at)
                weights.append(weight)
        if not numbers:
            return None
        total = np.asarray(weights, dtype=np.float32) @ self._vectors[numbers]
        return np.asarray(total / max(float(np.linalg.norm(total)), 1e-6), dtype=np.float32)


@lru_cache(maxsize=1)
def bundled_vectors() -> WordVectors:
    """The vectors that ship with domaingen; read once per process (about 20 ms, 7 MB)."""
    with gzip.open(asset("names", "vectors.txt.gz"), "rt", encoding="ascii") as lines:
        words = lines.read().split("\n")
    return WordVectors(words, np.load(asset("names", "vectors.npy")))
