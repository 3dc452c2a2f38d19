"""Which curated rows measure models and judges and so may teach neither: whole industries, in
`data/evaluation/held_out_industries.txt`.
"""

from pathlib import Path

from training.curated import CuratedRow, read_curated


def held_out_industries(data: Path) -> frozenset[str]:
    """Ids of the industries that are held out; empty where the folder has no evaluation data."""
    path = data / "evaluation" / "held_out_industries.txt"
    return frozenset(path.read_text(encoding="ascii").split()) if path.exists() else frozenset()


def teaching_rows(data: Path) -> list[CuratedRow]:
    """The curated rows that fitting may see."""
    held_out = held_out_industries(data)
    return [row for row in read_curated(data / "curated")[0] if row.industry not in held_out]


def measuring_rows(data: Path) -> list[CuratedRow]:
    """The curated rows that are held out."""
    held_out = held_out_industries(data)
    return [row for row in read_curated(data / "curated")[0] if row.industry in held_out]
