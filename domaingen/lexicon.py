"""The lexicon of industries: what a trade offers, where, to whom, and the words and images that go with it."""

import re
import tomllib
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property, lru_cache
from math import log
from pathlib import Path
from typing import Any

from domaingen.assets import asset

_WORD = re.compile(r"[^\W\d_]+")


@dataclass(frozen=True, slots=True)
class Industry:
    """One trade. All lists are readable English; `associations` are single lower-case words."""

    id: str
    name: str
    sector: str
    aliases: tuple[str, ...]
    services: tuple[str, ...]
    customers: tuple[str, ...]
    places: tuple[str, ...]
    benefits: tuple[str, ...]
    words: tuple[str, ...]
    associations: tuple[str, ...]
    tlds: tuple[str, ...]


def _stem(word: str) -> str:
    for ending in ("ies", "ing", "es", "s", "ed", "er", "y"):
        if word.endswith(ending) and len(word) - len(ending) >= 3:
            return word.removesuffix(ending)
    return word


class Lexicon:
    """All industries, and the ones that a description is about."""

    def __init__(self, industries: Sequence[Industry]) -> None:
        self.industries = tuple(industries)
        self._matched = lru_cache(maxsize=256)(self._match)  # the pipeline and the judge ask for the same texts

    @cached_property
    def _index(self) -> dict[str, list[tuple[int, float]]]:
        """Stem -> (industry, weight); names weigh most, then aliases, words, services, associations."""
        weights: list[Counter[str]] = []
        for industry in self.industries:
            counter: Counter[str] = Counter()
            for texts, weight in (
                ((industry.name,), 4.0),
                (industry.aliases, 3.0),
                (industry.words, 2.0),
                (industry.services, 1.0),
                (industry.associations, 0.5),
                (industry.customers, 0.3),
            ):
                for text in texts:
                    for word in _WORD.findall(text.lower()):
                        counter[_stem(word)] = max(counter[_stem(word)], weight)  # type: ignore[assignment]
            weights.append(counter)
        spread = Counter(stem for counter in weights for stem in counter)
        index: dict[str, list[tuple[int, float]]] = {}
        for number, counter in enumerate(weights):
            for stem, weight in counter.items():
                index.setdefault(stem, []).append((number, weight * log(1 + len(weights) / spread[stem])))
        return index

    def match(self, text: str, *, most: int = 3) -> list[tuple[Industry, float]]:
        """The industries that `text` is likely about, best first, with a weight; empty where no word is known."""
        return list(self._matched(text, most))

    def _match(self, text: str, most: int) -> tuple[tuple[Industry, float], ...]:
        scores: Counter[int] = Counter()
        for stem in {_stem(word) for word in _WORD.findall(text.lower())}:
            for number, weight in self._index.get(stem, ()):
                scores[number] += weight  # type: ignore[assignment]
        ranked = sorted(scores.items(), key=lambda pair: (-pair[1], self.industries[pair[0]].id))
        return tuple([(self.industries[number], weight) for number, weight in ranked[:most]])


def read_lexicon(folder: Path) -> Lexicon:
    """Read all `*.toml` of a folder."""
    industries: list[Industry] = []
    for path in sorted(folder.glob("*.toml")):
        for entry in tomllib.loads(path.read_text(encoding="utf-8"))["industry"]:
            fields: dict[str, Any] = {
                name: tuple(value) if isinstance(value, list) else value for name, value in entry.items()
            }
            industries.append(Industry(**fields))
    return Lexicon(industries)


@lru_cache(maxsize=1)
def bundled_lexicon() -> Lexicon:
    """The lexicon that ships with domaingen; read once per process."""
    return read_lexicon(asset("lexicon"))
