"""The curated rows of `data/curated/`: descriptions with five names each, written by hand.

A block is a header `@ industry style`, the description on one line, and names `segments .tld strategy | reason`:

    @ coffee_shop note
    organic coffee shop, downtown area, mostly commuters in the morning
    downtown brew .com compound | downtown + brew
    commuter cup .com metaphor | the cup commuters carry
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from domaingen.errors import InputFileError
from domaingen.generation.text import STRATEGIES
from domaingen.outcomes import Source
from domaingen.suggestion import Candidate

_HEADER = re.compile(r"@ ([a-z0-9_]+) ([a-z]+)")
_NAME = re.compile(r"([a-z]+(?: [a-z]+)*) (\.[a-z]+(?:\.[a-z]+)?) ([a-z]+) \| (.+)")
NAMES = 5
"""Names of a row."""


@dataclass(frozen=True, slots=True)
class CuratedRow:
    """One description and its names; `industry` is an id of the lexicon, `style` how the description is written."""

    industry: str
    style: str
    description: str
    names: tuple[Candidate, ...]


def read_curated(folder: Path) -> tuple[list[CuratedRow], list[InputFileError]]:
    """All rows of all `*.txt` in order, and what is wrong with the blocks that can't be read (they are left out)."""
    rows: list[CuratedRow] = []
    problems: list[InputFileError] = []
    for path in sorted(folder.glob("*.txt")):
        block: list[tuple[int, str]] = []
        lines = [*path.read_text(encoding="utf-8").splitlines(), ""]
        for number, line in enumerate(lines, 1):
            if line.strip():
                if not line.startswith("#"):
                    block.append((number, line.strip()))
            elif block:
                try:
                    rows.append(_read_block(path, block))
                except InputFileError as problem:
                    problems.append(problem)
                block = []
    return rows, problems


def _read_block(path: Path, block: Sequence[tuple[int, str]]) -> CuratedRow:
    number, first = block[0]
    header = _HEADER.fullmatch(first)
    if not header:
        raise InputFileError(str(path), "a block begins with «@ industry style»", line=number)
    if len(block) != NAMES + 2:
        raise InputFileError(str(path), f"a block has a description and {NAMES} names", line=number)
    names = []
    for at, line in block[2:]:
        match = _NAME.fullmatch(line)
        if not match or match[3] not in STRATEGIES:
            raise InputFileError(str(path), "a name is «segments .tld strategy | reason»", line=at)
        names.append(Candidate(tuple(match[1].split()), match[2], Source.MODEL, match[3], match[4]))
    return CuratedRow(header[1], header[2], block[1][1], tuple(names))
