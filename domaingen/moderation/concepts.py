"""Ideas in a text: groups of words that stand for one thing (`data/moderation/concepts.toml`).

What the classifier learns of `heroin` carries over to `fentanyl`, in any of the languages that the gloss knows.
"""

import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

from domaingen.assets import asset

_ENDINGS = ("ings", "ing", "ers", "er", "ies", "es", "ed", "s", "y", "e")
_LONGEST = 5


def stem(word: str) -> str:
    """The word without a common English ending; at least three letters stay."""
    for ending in _ENDINGS:
        if word.endswith(ending) and len(word) - len(ending) >= 3:
            short = word.removesuffix(ending)
            return short[:-1] if len(short) > 3 and short[-1] == short[-2] and short[-1] not in "sl" else short
    return word


@dataclass(frozen=True, slots=True)
class Concepts:
    """Stemmed words or phrases -> the ideas that they stand for."""

    ideas: Mapping[tuple[str, ...], tuple[str, ...]]

    def find(self, tokens: Sequence[str]) -> set[str]:
        """The ideas of folded English tokens."""
        stems = [stem(token) for token in tokens]
        found: set[str] = set()
        for start in range(len(stems)):
            for end in range(start + 1, min(len(stems), start + _LONGEST) + 1):
                found.update(self.ideas.get(tuple(stems[start:end]), ()))
        return found


def read_concepts(path: Path) -> Concepts:
    """Read a file of ideas, each a list of words and phrases."""
    ideas: dict[tuple[str, ...], set[str]] = {}
    for idea, terms in tomllib.loads(path.read_text(encoding="utf-8")).items():
        for term in terms:
            ideas.setdefault(tuple(stem(word) for word in term.split()), set()).add(idea)
    return Concepts({key: tuple(sorted(names)) for key, names in ideas.items()})


@lru_cache(maxsize=1)
def bundled_concepts() -> Concepts:
    """The ideas that ship with domaingen; read once per process."""
    return read_concepts(asset("moderation", "concepts.toml"))
