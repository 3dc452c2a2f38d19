"""What the moderator learns from and is measured on: safety rows by part, and innocent texts of other data."""

import re
import tomllib
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

from training.safety_rows import Part, SafetyRow, read_safety, split_of

DATA = Path(__file__).parents[1] / "data"
_NAME = re.compile(r"([a-z]+(?: [a-z]+)*) \.[a-z.]+ [a-z]+ \| ")


@dataclass(frozen=True, slots=True)
class Example:
    """A text, whether it does harm, and the category and topic of its neighbours ("" for innocent texts of other data)."""

    text: str
    harmful: bool
    category: str
    topic: str = ""


@lru_cache(maxsize=1)
def safety_rows() -> tuple[SafetyRow, ...]:
    """All safety rows."""
    return tuple(read_safety(DATA / "safety"))


def part_rows(part: Part) -> list[SafetyRow]:
    """The safety rows of one part."""
    return [row for row in safety_rows() if split_of(row.category, row.topic) == part]


@lru_cache(maxsize=1)
def curated_texts() -> tuple[str, ...]:
    """Descriptions of the curated rows."""
    texts = []
    for path in sorted((DATA / "curated").glob("*.txt")):
        for block in path.read_text(encoding="utf-8").split("\n\n"):
            lines = [line for line in block.strip().splitlines() if not line.startswith("#")]
            if len(lines) > 1 and lines[0].startswith("@"):
                texts.append(lines[1].strip())
    return tuple(texts)


@lru_cache(maxsize=1)
def trade_texts() -> tuple[str, ...]:
    """Names, aliases and services of the lexicon's trades."""
    texts = []
    for path in sorted((DATA / "lexicon").glob("*.toml")):
        for trade in tomllib.loads(path.read_text(encoding="utf-8"))["industry"]:
            texts += [trade["name"], *trade["aliases"], *trade["services"][:5]]
    return tuple(texts)


def innocent_texts() -> list[str]:
    """Descriptions and trades that do no harm."""
    return [*curated_texts(), *trade_texts()]


def name_texts() -> list[str]:
    """Names in words, for keeping the encoder's sense of relevance."""
    texts = []
    for path in sorted((DATA / "curated").glob("*.txt")):
        texts += [
            match[1] for line in path.read_text(encoding="utf-8").splitlines() if (match := _NAME.match(line))
        ]
    return texts


def training_examples() -> list[Example]:
    """The train part of the safety rows."""
    return [Example(row.text, row.harmful, row.category, row.topic) for row in part_rows("train")]
