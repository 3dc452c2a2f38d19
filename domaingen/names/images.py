"""Words that stand for something else: which images suit a description (`training.name_images` fits them)."""

import gzip
from collections.abc import Sequence
from functools import lru_cache

import numpy as np
import numpy.typing as npt

from domaingen.assets import asset
from domaingen.names.meaning import Vector, bundled_vectors

FAVOUR = 0.5
"""How much of a word's own weight counts: in full, owl and lantern would be everybody's."""


class Images:
    """Candidate words with vectors, already turned by the fitted matrix, and each word's own weight."""

    def __init__(
        self, words: Sequence[str], turned: npt.NDArray[np.float32], own: npt.NDArray[np.float32]
    ) -> None:
        self.words, self.own = tuple(words), own
        self.number = {word: at for at, word in enumerate(words)}
        self._turned = np.ascontiguousarray(turned)

    def relate(self, vector: Vector) -> npt.NDArray[np.float32]:
        """How much each word has to do with a description: its logit without the word's own weight."""
        return self._turned @ vector

    def suited(self, relations: npt.NDArray[np.float32], count: int) -> list[tuple[str, float]]:
        """The `count` words that a naming agency would rather reach for, with their logits, in no order."""
        logits = relations + FAVOUR * self.own
        count = min(count, len(self.words))
        best = np.argpartition(-logits, count - 1)[:count]
        return [(self.words[at], logit) for at, logit in zip(best.tolist(), logits[best].tolist(), strict=True)]


@lru_cache(maxsize=1)
def bundled_images() -> Images:
    """The images that ship with domaingen; read once per process."""
    with gzip.open(asset("names", "images.txt.gz"), "rt", encoding="ascii") as lines:
        words = lines.read().split("\n")
    fitted = np.load(asset("names", "images.npz"))
    vectors = bundled_vectors()
    table = vectors.rows([at for word in words if (at := vectors.find(word)) is not None])
    matrix = fitted["matrix"].astype(np.float32)
    return Images(words, table @ matrix.T, fitted["own"].astype(np.float32))
