"""What of a long description says what the business is (`training.name_gist` fits the weights).

The model reads 48 words, and every word of a description may end in a name. People paste more: how it began, when it is
open, who lives next door. Of a longer English text the sentences that tell the trade are kept.
"""

import json
import re
from functools import lru_cache
from math import exp, log1p
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from domaingen.assets import asset
from domaingen.lexicon import bundled_lexicon
from domaingen.moderation.normalise import fold
from domaingen.names.meaning import bundled_vectors
from domaingen.names.salience import rarity
from domaingen.names.vocabulary import content_words

LONG = 48
"""Words up to which a text is left as it is."""
TELLING = 0.4
"""Chance of telling the trade from which a sentence is kept."""
FEWEST = 24
"""Words that are kept at least: a sentence that only seems not to tell shall not be lost for nothing."""
PLAIN = 3
"""Numbers of a sentence besides its meaning and its frequent words."""
_ENDS = re.compile(r"(?<=[.!?])(?<!\bMr\.)(?<!\bMrs\.)(?<!\bMs\.)(?<!\bDr\.)(?<!\bSt\.)\s+|\s*\n+\s*")
_WORD = re.compile(r"[a-z]+")


class _Weights(NamedTuple):
    intercept: float
    plain: npt.NDArray[np.float64]
    meaning: npt.NDArray[np.float64]
    words: dict[str, float]


@lru_cache(maxsize=1)
def _fitted() -> _Weights:
    content = json.loads(asset("names", "gist.json").read_text(encoding="utf-8"))
    return _Weights(
        content["intercept"], np.array(content["plain"]), np.array(content["meaning"]), content["words"]
    )


def sentences(text: str) -> list[str]:
    """A text's sentences and lines."""
    return [part for part in _ENDS.split(text.strip()) if part.strip()]


def frequent_words(sentence: str) -> frozenset[str]:
    """The different words of a sentence in plain letters, grammar among them: «we mend» tells more than «I was»."""
    return frozenset(_WORD.findall(fold(sentence)))


def features(sentence: str) -> tuple[list[float], npt.NDArray[np.float32]]:
    """`PLAIN` numbers (how surely the lexicon sees a trade, length, whether there is a content word) and the mean
    meaning of the sentence, zeros where no word is known."""
    tokens, _ = content_words(sentence)
    trades = bundled_lexicon().match(sentence, most=1)
    meaning = bundled_vectors().mean((token, rarity(token)) for token in tokens)
    plain = [log1p(trades[0][1]) if trades else 0.0, log1p(len(tokens)), float(bool(tokens))]
    return plain, np.zeros(bundled_vectors().dimensions, dtype=np.float32) if meaning is None else meaning


def tells_trade(sentence: str) -> float:
    """How likely a sentence says what the business does, makes or sells, 0-1."""
    fitted = _fitted()
    plain, meaning = features(sentence)
    logit = fitted.intercept + float(fitted.plain @ plain) + float(fitted.meaning @ meaning)
    logit += sum(fitted.words.get(word, 0.0) for word in sorted(frequent_words(sentence)))
    return 1.0 / (1.0 + exp(-logit))


@lru_cache(maxsize=256)
def gist(text: str) -> str:
    """The telling sentences of a description of more than `LONG` words, in their order, without repeats; where they are
    few, the likeliest of the others too, until there are `FEWEST` words. Another text, one of a single sentence, and one that is
    not English stays as it is."""
    if len(text.split()) <= LONG:
        return text
    parts = list(dict.fromkeys(sentences(text)))
    if len(parts) < 2 or content_words(text)[1] != "en":
        return text
    chances = [tells_trade(part) for part in parts]
    kept: set[int] = set()
    room = FEWEST
    for at in sorted(range(len(parts)), key=lambda at: (-chances[at], at)):
        if chances[at] < TELLING and room <= 0:
            break
        kept.add(at)
        room -= len(parts[at].split())
    return " ".join(parts[at] for at in sorted(kept))
