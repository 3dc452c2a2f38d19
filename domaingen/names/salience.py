"""Which words of a description a naming agency would take up (`training.name_salience` fits the weights)."""

import json
from functools import lru_cache
from math import exp, log1p

import numpy as np
import numpy.typing as npt

from domaingen.assets import asset
from domaingen.moderation.words import bundled_words
from domaingen.names.meaning import bundled_vectors
from domaingen.names.parts import bundled_parts
from domaingen.names.vocabulary import base_form, is_filler

_FORMS = (
    ("ed",),
    ("ing",),
    ("ly",),
    ("tion", "sion", "ment", "ity", "ness", "ance", "ence"),
    ("al", "ive", "ic", "ous", "able", "ible", "ful"),
    ("s",),
    ("er", "or", "ers", "ors"),
    ("ize", "ise", "ate", "izes", "ates"),
)
"""Endings that tell verbs, adverbs and abstract words from things."""


@lru_cache(maxsize=1)
def _fitted() -> tuple[float, npt.NDArray[np.float64], list[float]]:
    content = json.loads(asset("names", "salience.json").read_text(encoding="utf-8"))
    weights = content["weights"]
    return float(content["intercept"]), np.array(weights[:-PLACE_FEATURES]), weights[-PLACE_FEATURES:]


def features_of_word(word: str, language: str) -> list[float]:
    """What is known of a word wherever it stands: rarity, length, endings, its use in names, its meaning."""
    cost = bundled_words().cost.get(word, 8.0)
    part = bundled_parts().known.get(base_form(word))
    vectors = bundled_vectors()
    at = vectors.find(word)
    return [
        min(cost, 6.0) - 4.5,
        max(0.0, cost - 5.5),
        float(cost >= 8.0),
        float(is_filler(word)),
        float(len(word) <= 4),
        float(len(word) >= 8),
        float(len(word) >= 10),
        float(language != "en"),
        *[float(word.endswith(endings)) for endings in _FORMS],
        float(part is not None),
        log1p(part.first + part.last) if part else 0.0,
        float(at is None),
        *([0.0] * vectors.dimensions if at is None else [float(x) for x in vectors.row(at)]),
    ]


PLACE_FEATURES = 4
"""Length of `features_in_place`; their weights are the last ones."""


def features_in_place(place: int, trade: float) -> list[float]:
    """What depends on the description: how early the word comes, and how much it belongs to the likely trades."""
    return [trade, float(place == 0), float(place < 4), log1p(place)]


@lru_cache(maxsize=65536)
def _word_logit(word: str, language: str) -> float:
    intercept, weights, _ = _fitted()
    return intercept + float(weights @ np.array(features_of_word(word, language)))


def salience(word: str, language: str, place: int, trade: float) -> float:
    """How likely a naming agency takes up this word, 0-1."""
    if len(word) < 3:
        return 0.0
    belongs, opens, early, late = _fitted()[2]
    logit = _word_logit(word, language) + belongs * trade + late * log1p(place)
    if place < 4:
        logit += early + (opens if place == 0 else 0.0)
    return 1.0 / (1.0 + exp(-logit))


def rarity(word: str) -> float:
    """A word's weight in the meaning of a text before anything else is known of it, 0.1-1."""
    if is_filler(word):
        return 0.1
    return min(1.0, max(0.1, (bundled_words().cost.get(word, 5.0) - 2.6) / 2.0))
