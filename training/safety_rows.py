"""The safety rows of `data/safety/`: harmful pitches and requests, and their lawful neighbours, in topics.

Parts are split by topic, never by row, so that a held-out row brings words that training has not seen.
"""

import hashlib
import re
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from domaingen.errors import DomaingenError

Part = Literal["train", "dev", "test"]

_TOPIC = re.compile(r"# ([a-z]+)/([a-z0-9_]+)")
_ROW = re.compile(r"([-+]) ([a-z]{2}) ([a-z]+) \| (.+)")
_SALT = 621
"""Chosen for even parts: nearly every category has two topics in test and one in dev."""


@dataclass(frozen=True, slots=True)
class SafetyRow:
    """One line: `category/topic` it neighbours, whether it does harm, ISO 639-1 language, style of writing."""

    category: str
    topic: str
    harmful: bool
    lang: str
    style: str
    text: str


def read_safety(folder: Path) -> list[SafetyRow]:
    """All rows of all `*.txt`, in order of file and line.

    Raises:
        DomaingenError: A line is neither topic nor row; names file and line.
    """
    rows: list[SafetyRow] = []
    for path in sorted(folder.glob("*.txt")):
        category = topic = ""
        for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), 1):
            if not line.strip() or line.startswith("//"):
                continue
            if heading := _TOPIC.fullmatch(line.strip()):
                category, topic = heading[1], heading[2]
            elif (row := _ROW.fullmatch(line.strip())) and topic:
                rows.append(SafetyRow(category, topic, row[1] == "-", row[2], row[3], row[4]))
            else:
                raise DomaingenError(f"{path}, line {number}: neither a topic nor a row: {line[:60]!r}")
    return rows


def split_of(category: str, topic: str) -> Part:
    """The part that a topic belongs to: about 20 % test, 12 % dev, the rest train; the same on every machine. Topics
    named `wider_…` cover all subjects of their category, test's among them, in other words; they only train."""
    if topic.startswith("wider_"):
        return "train"
    first = hashlib.sha256(f"{_SALT}:{category}/{topic}".encode()).digest()[0]
    return "test" if first < 51 else "dev" if first < 82 else "train"
