"""The judge that runs on this machine: three marks from transparent parts, with weights fitted by `training.fit_judge`.

Each dimension is a weighted sum of the parts of `names.quality`, squeezed onto 1-10 so that 10 is what the better half
of hand-picked names get and 1 what their worst corruptions get (`data/names/judge.json`).
"""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property, lru_cache
from operator import mul
from typing import Any

from domaingen.assets import asset
from domaingen.judging.judge import Named
from domaingen.lexicon import Lexicon, bundled_lexicon
from domaingen.names.gist import gist
from domaingen.names.quality import Quality, measure
from domaingen.names.reading import Reading, read_description
from domaingen.outcomes import Judge
from domaingen.suggestion import Judgement

DIMENSIONS = ("relevance", "memorability", "brandability")

TEN = 9.51
"""From here a mark is shown as 10."""

_PRAISE = {
    "echo": "takes up the description's words",
    "trade": "speaks of the trade",
    "meaning": "close in meaning",
    "length": "good length",
    "rhythm": "good rhythm",
    "sound": "easy to say",
    "words": "easy to spell",
    "shape": "compact",
    "plain": "letters only",
    "ending": "fitting ending",
    "fresh": "fresh",
}
_BLAME = {
    "echo": "takes up no word of the description",
    "trade": "no word of the trade",
    "meaning": "far in meaning",
    "length": "awkward length",
    "rhythm": "too many syllables",
    "sound": "hard to say",
    "words": "hard to spell",
    "shape": "too many parts",
    "plain": "digits or hyphens",
    "ending": "unexpected ending",
    "fresh": "worn words",
}


@dataclass(frozen=True)
class Dimension:
    """One mark: weights by part of `Quality` (together 1), and the sums from which it is more than 1, and 10."""

    weights: Mapping[str, float]
    worst: float
    best: float

    @cached_property
    def row(self) -> tuple[float, ...]:
        """The weights of all parts in the order of `Quality`."""
        return tuple([self.weights.get(part, 0.0) for part in Quality._fields])

    def value(self, quality: Quality) -> float:
        """The mark, 1-10, not rounded."""
        total: float = sum(map(mul, self.row, quality))
        if total >= self.best:
            # Still rising, so that of two good names the better one can be told.
            return TEN + (10.0 - TEN) * (total - self.best) / max(1.0 - self.best, 1e-6)
        return 1.0 + (TEN - 1.0) * max(0.0, (total - self.worst) / (self.best - self.worst))


@lru_cache(maxsize=1)
def bundled_dimensions() -> dict[str, Dimension]:
    """The fitted weights that ship with domaingen."""
    content = json.loads(asset("names", "judge.json").read_text(encoding="utf-8"))
    return {name: Dimension(**content["dimensions"][name]) for name in DIMENSIONS}


class LocalJudge:
    """Rates names without a network or a large model; thread-safe and deterministic."""

    kind = Judge.LOCAL

    def __init__(self, lexicon: Lexicon | None = None) -> None:
        self._lexicon = lexicon or bundled_lexicon()
        self._dimensions = bundled_dimensions()
        self._read = lru_cache(maxsize=64)(self._read_description)

    def _read_description(self, description: str) -> Reading:
        telling = gist(description)
        return read_description(telling, self._lexicon.match(telling))

    def _measure(self, named: Named) -> Quality:
        label, _, suffix = named.domain.partition(".")
        return measure(self._read(named.description), named.segments, label, "." + suffix)

    def rate(self, names: Sequence[Named]) -> list[Judgement]:
        """One judgement for each name, in order."""
        judgements = []
        for named in names:
            quality = self._measure(named)
            relevance, memorability, brandability = (
                round(self._dimensions[name].value(quality)) for name in DIMENSIONS
            )
            judgements.append(Judgement(relevance, memorability, brandability, _sentence(quality)))
        return judgements

    def explain(self, named: Named) -> dict[str, Any]:
        """Everything that a judgement is made of: the marks before rounding, each part with its value and what it
        adds to each dimension."""
        quality = self._measure(named)
        return {
            "marks": {name: round(self._dimensions[name].value(quality), 3) for name in DIMENSIONS},
            "parts": {
                part: {
                    "value": round(value, 3),
                    "adds": {
                        name: round(weight * value, 3)
                        for name in DIMENSIONS
                        if (weight := self._dimensions[name].weights.get(part))
                    },
                }
                for part, value in quality._asdict().items()
            },
            "reason": _sentence(quality),
        }


def _sentence(quality: Quality) -> str:
    """The part that speaks most for the name, and the one that speaks most against it."""
    values = quality._asdict()
    relevant = max(("echo", "trade", "meaning"), key=lambda part: values[part])
    worst = min(
        ("length", "rhythm", "sound", "words", "shape", "plain", "ending", "fresh"), key=lambda part: values[part]
    )
    first = _PRAISE[relevant] if values[relevant] >= 0.4 else _BLAME["echo"]
    return f"{first}; {_BLAME[worst]}" if values[worst] < 0.5 else f"{first}; {_PRAISE['sound']}"
