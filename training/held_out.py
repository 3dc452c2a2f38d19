"""What measures models, judges and moderation and so may teach none of them: whole industries of curated rows, in
`data/evaluation/held_out_industries.txt`, and the files of evaluation rows.
"""

import json
from pathlib import Path

from training.curated import CuratedRow, read_curated


def held_out_industries(data: Path) -> frozenset[str]:
    """Ids of the industries that are held out; empty where the folder has no evaluation data."""
    path = data / "evaluation" / "held_out_industries.txt"
    return frozenset(path.read_text(encoding="ascii").split()) if path.exists() else frozenset()


def measuring_files(data: Path) -> list[Path]:
    """The files of evaluation rows: the evaluation sets, and the rows that moderation's thresholds and limits are chosen on."""
    return [path for folder in ("evaluation", "moderation") for path in sorted((data / folder).glob("*.jsonl"))]


def measuring_texts(data: Path) -> frozenset[str]:
    """The inputs of `measuring_files`, without capitals and signs at the ends."""
    return frozenset(
        bare(json.loads(line)["input"])
        for path in measuring_files(data)
        for line in path.read_text(encoding="utf-8").splitlines()
        if line.strip()
    )


def bare(text: str) -> str:
    """A text as it is compared: without capitals and signs at the ends."""
    return text.casefold().strip(" .!?")


def teaching_rows(data: Path) -> list[CuratedRow]:
    """The curated rows that fitting may see: of other industries, and none that measures in the same words."""
    held_out, measured = held_out_industries(data), measuring_texts(data)
    return [
        row
        for row in read_curated(data / "curated")[0]
        if row.industry not in held_out and bare(row.description) not in measured
    ]


def measuring_rows(data: Path) -> list[CuratedRow]:
    """The curated rows that are held out: those of held-out industries, and those that were written to measure."""
    held_out = held_out_industries(data)
    rows = [row for row in read_curated(data / "curated")[0] if row.industry in held_out]
    return [*rows, *read_curated(data / "curated" / "measuring")[0]]
