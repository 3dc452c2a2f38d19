"""Make the reference set from the rows that were written for it, and the digests of all evaluation sets.

    python -m training.evaluation_sets

`data/evaluation/reference.jsonl`: up to 300 rows of `data/curated/measuring/`, all of held-out industries, with their
own five names; a row that shares a description or a name with a row that may be learnt from is left out. The other
sets are written by hand.
`DIGESTS` pins the content of all: an evaluation set that changes makes old figures incomparable.
"""

import hashlib
import json
from pathlib import Path

from domaingen.errors import DomaingenError
from training.curated import CuratedRow, read_curated
from training.held_out import held_out_industries, teaching_rows

ROWS = 300
DIGESTS = "SHA256SUMS"


def reference_rows(data: Path) -> list[CuratedRow]:
    """The rows that nothing learnt from shares a name with, in the order of a hash of their description.

    Raises:
        DomaingenError: A row can't be read, or its industry is not held out.
    """
    rows, problems = read_curated(data / "curated" / "measuring")
    if problems:
        raise problems[0]
    if strangers := {row.industry for row in rows} - held_out_industries(data):
        raise DomaingenError(f"not held out, so no reference: {', '.join(sorted(strangers))}")
    taught = teaching_rows(data)
    labels = {name.label for row in taught for name in row.names}
    descriptions = {row.description.casefold() for row in taught}
    clean = [
        row
        for row in rows
        if row.description.casefold() not in descriptions and not labels & {name.label for name in row.names}
    ]
    return sorted(clean, key=lambda row: hashlib.sha256(row.description.encode()).hexdigest())[:ROWS]


def write_sets(data: Path) -> int:
    """Write the reference set and the digests; returns the number of reference rows."""
    folder = data / "evaluation"
    rows = reference_rows(data)
    lines = [
        json.dumps(
            {
                "id": f"ref{number:03d}",
                "input": row.description,
                "expect": "suggest",
                "names": [[*name.segments, name.tld] for name in row.names],
                "slices": {"industry": row.industry, "style": row.style},
            },
            ensure_ascii=False,
        )
        for number, row in enumerate(rows, 1)
    ]
    (folder / "reference.jsonl").write_text("\n".join(lines) + "\n", encoding="utf-8")
    sums = [
        f"{hashlib.sha256(path.read_bytes()).hexdigest()}  {path.name}\n"
        for path in sorted(folder.glob("*.jsonl"))
    ]
    (folder / DIGESTS).write_text("".join(sums), encoding="ascii")
    return len(rows)


if __name__ == "__main__":
    root = Path(__file__).parents[1] / "data"
    print(f"{write_sets(root)} rows -> {root / 'evaluation'}")  # noqa: T201
