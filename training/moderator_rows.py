"""What the moderator learns from and is measured on: safety rows by part, and innocent texts of other data."""

import json
import tomllib
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

from training.held_out import teaching_rows
from training.safety_rows import Part, SafetyRow, read_safety, split_of

DATA = Path(__file__).parents[1] / "data"


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


def choosing_examples() -> list[Example]:
    """What mixture and thresholds are chosen on: the dev part, and rows by authors who saw the policy alone."""
    lines = (DATA / "moderation" / "dev.jsonl").read_text(encoding="utf-8").splitlines()
    rows = [json.loads(line) for line in lines]
    return [
        *(Example(row.text, row.harmful, row.category, row.topic) for row in part_rows("dev")),
        *(Example(row["input"], row["expect"] == "refuse", row["category"]) for row in rows),
    ]


@lru_cache(maxsize=1)
def curated_texts() -> tuple[str, ...]:
    """Descriptions of the curated rows that may teach."""
    return tuple(row.description for row in teaching_rows(DATA))


@lru_cache(maxsize=1)
def ordinary_texts() -> tuple[str, ...]:
    """How ordinary companies and lawful but sensitive trades speak of themselves, without any harm near."""
    files = sorted((DATA / "safety" / "ordinary").glob("*.txt"))
    return tuple(line for path in files for line in path.read_text(encoding="utf-8").splitlines())


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
    return [*curated_texts(), *ordinary_texts(), *trade_texts()]


def name_texts() -> list[str]:
    """Names in words, for keeping the encoder's sense of relevance."""
    return [" ".join(name.segments) for row in teaching_rows(DATA) for name in row.names]


def training_examples() -> list[Example]:
    """The train part of the safety rows."""
    return [Example(row.text, row.harmful, row.category, row.topic) for row in part_rows("train")]
