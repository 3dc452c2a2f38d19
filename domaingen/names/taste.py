"""How much readers would like a name for a description: a small network over what is known of both
(`training.name_taste` fits it on graded names).

The local judge tells fitting from foreign and sound from damaged; between names that are all fitting and sound it
is blind. Taste says which of them a reader would rather show: whether the second word is the trade's or arbitrary,
whether the word of the description is one that carries it, whether both go together.
"""

from collections.abc import Sequence
from functools import lru_cache
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from domaingen.assets import asset
from domaingen.moderation.words import bundled_words
from domaingen.names.images import bundled_images
from domaingen.names.meaning import bundled_vectors
from domaingen.names.quality import JOINERS, Quality, measure
from domaingen.names.reading import Reading
from domaingen.names.vocabulary import is_filler, stem

Floats = npt.NDArray[np.float32]

DIMENSIONS = 64
BEST = 4.0
"""The highest grade."""
_NO_VECTOR = np.zeros(DIMENSIONS, dtype=np.float32)
_UNKNOWN_COSINE = -0.2
_OF_A_PART = 10
PLAIN = len(Quality._fields) + 2 * _OF_A_PART + 11
"""Numbers of a name besides the three vectors."""


class _Word(NamedTuple):
    """What is known of a part whatever the description."""

    stem: str
    vector: Floats | None
    image: int | None
    fixed: tuple[float, ...]


@lru_cache(maxsize=32768)
def _word(text: str) -> _Word:
    at = bundled_vectors().find(text) if len(text) >= 3 else None
    image = bundled_images().number.get(text)
    own = 0.0 if image is None else float(bundled_images().own[image]) / 3.0
    cost = min(bundled_words().cost.get(text, 8.0), 8.0) - 4.5
    return _Word(
        stem(text),
        None if at is None else bundled_vectors().row(at),
        image,
        (float(image is not None), own, cost, len(text) / 6.0, float(is_filler(text)), float(at is None)),
    )


def _place(reading: Reading, word: _Word) -> list[float]:
    cosine, related = _UNKNOWN_COSINE, 0.0
    if word.vector is not None and reading.vector is not None:
        cosine = float(word.vector @ reading.vector)
    if word.image is not None and reading.relations is not None:
        related = float(reading.relations[word.image]) / 5.0
    return [
        reading.stems.get(word.stem, 0.0),
        reading.trade_words.get(word.stem, 0.0),
        cosine,
        related,
        *word.fixed,
    ]


def describe_name(
    reading: Reading, segments: Sequence[str], tld: str, quality: Quality | None = None
) -> tuple[list[float], Floats, Floats]:
    """`PLAIN` numbers of a name, and the vectors of its first and last telling part (zeros where there is none)."""
    label = "".join(segments)
    quality = quality or measure(reading, segments, label, tld)
    telling = [part for part in segments if part not in JOINERS] or list(segments)
    first, last = _word(telling[0]), _word(telling[-1])
    one = len(telling) == 1
    ahead = _place(reading, first)
    behind = [0.0] * _OF_A_PART if one else _place(reading, last)
    begins = _NO_VECTOR if first.vector is None else first.vector
    ends = _NO_VECTOR if one or last.vector is None else last.vector
    numbers = [
        *quality,
        *ahead,
        *behind,
        float(one),
        float(len(telling) > 2),
        float(len(segments) > len(telling)),
        float(begins @ ends),
        max(ahead[0], behind[0]),
        min(ahead[0], behind[0]),
        max(ahead[2], behind[2]),
        min(ahead[2], behind[2]),
        max(ahead[3], behind[3]),
        min(ahead[1], behind[1]),
        len(label) / 10.0,
    ]
    return numbers, begins, ends


class Taste:
    """The fitted network: one hidden layer over the numbers, the vectors of description, first and last part, and
    three bilinear products of these; its value is about a reader's grade, 0 (bad) to 4 (would show it first)."""

    def __init__(self, arrays: dict[str, Floats]) -> None:
        self._mean, self._spread = arrays["mean"], arrays["spread"]
        self._turn = {name: arrays[name] for name in ("D", "F", "L", "F2", "L2")}
        self._hidden, self._hidden_bias = arrays["hidden"], arrays["hidden_bias"]
        self._out, self._out_bias = arrays["out"], float(arrays["out_bias"][0])

    def rate(self, reading: Reading, names: Sequence[tuple[Sequence[str], str, Quality | None]]) -> list[float]:
        """The expected grade of each name: (segments, suffix, its quality if measured already)."""
        if not names:
            return []
        meaning = _NO_VECTOR if reading.vector is None else reading.vector
        turned = self._turn["D"] @ meaning
        grades = []
        # One name at a time: a matrix product may round differently with the number of its rows.
        for segments, tld, quality in names:
            numbers, begins, ends = describe_name(reading, segments, tld, quality)
            plain = (np.array(numbers, dtype=np.float32) - self._mean) / self._spread
            inputs = np.concatenate([
                plain,
                2.0 * meaning,
                2.0 * begins,
                2.0 * ends,
                4.0 * turned * (self._turn["F"] @ begins),
                4.0 * turned * (self._turn["L"] @ ends),
                4.0 * (self._turn["F2"] @ begins) * (self._turn["L2"] @ ends),
            ])  # fmt: skip
            hidden = np.maximum(self._hidden @ inputs + self._hidden_bias, 0.0)
            grades.append(min(max(float(self._out @ hidden) + self._out_bias, 0.0), BEST))
        return grades


@lru_cache(maxsize=1)
def bundled_taste() -> Taste:
    """The taste that ships with domaingen; read once per process."""
    with np.load(asset("names", "taste.npz"), allow_pickle=False) as arrays:
        return Taste({name: arrays[name].astype(np.float32) for name in arrays.files})
