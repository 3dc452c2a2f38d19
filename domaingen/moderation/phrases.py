"""Phrases that cannot be mistaken: a small layer of patterns, each meant to be right every time.

It catches what a statistical model may narrowly miss, and explains itself. The patterns and what guards them are
`data/moderation/phrases.toml`.
"""

import re
import tomllib
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

from domaingen.assets import asset
from domaingen.moderation.classifier import view
from domaingen.moderation.normalise import fold


@dataclass(frozen=True, slots=True)
class Phrases:
    """`patterns` of category by category; a text with any of `unless` is left to the classifier."""

    patterns: dict[str, re.Pattern[str]]
    unless: re.Pattern[str]

    def find(self, text: str) -> str | None:
        """The category of the first phrase in the text, read as the classifier reads it; None where there is none."""
        folded = fold(view(text)).replace("'", " ").replace("\N{RIGHT SINGLE QUOTATION MARK}", " ")
        if self.unless.search(folded):
            return None
        for category, pattern in self.patterns.items():
            if pattern.search(folded):
                return category
        return None


def read_phrases(path: Path) -> Phrases:
    """Read a phrase file: `unless`, `words` that stand in angle brackets, and the patterns of each category."""
    content = tomllib.loads(path.read_text(encoding="utf-8"))

    def expand(pattern: str) -> str:
        return re.sub(r"<(\w+)>", lambda match: content["words"][match[1]], pattern)

    return Phrases(
        {
            name: re.compile(r"\b(?:" + "|".join(expand(entry) for entry in entries) + r")\b")
            for name, entries in content["refused"].items()
        },
        re.compile(content["unless"]),
    )


@lru_cache(maxsize=1)
def bundled_phrases() -> Phrases:
    """The phrases that ship with domaingen; read once per process."""
    return read_phrases(asset("moderation", "phrases.toml"))
