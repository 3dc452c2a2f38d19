"""A blind reading of two systems' names, row by row: which of two lists would you rather show a client?

    python -m training.blind_reading names businesses.csv --pool both --out A.jsonl
    python -m training.blind_reading names businesses.csv --pool composed --out B.jsonl
    python -m training.blind_reading sheet A.jsonl B.jsonl --rows 100 --seed 1 --out sheet.jsonl --key key.json
    python -m training.blind_reading count sheet.jsonl key.json

`names` names the rows of a CSV like `domaingen run`, with names of the model alone, composed ones alone, or both in one
ranking (what a user gets). `sheet` draws rows that both systems named, puts the two lists in a random order as `left` and `right` without scores
or sources, and writes which is which into a file of its own, which the reader does not see. The reader (a person, or a
language model that is called one) fills in `better`: left, right or equal. `count` joins both and gives the sign test.
"""

import argparse
import csv
import json
from collections import Counter
from collections.abc import Iterator
from dataclasses import asdict, replace
from pathlib import Path
from random import Random
from typing import Any

from domaingen.assembly import Assembly, resolve_model
from domaingen.errors import DomaingenError
from domaingen.pipeline import Options, Row, name_rows
from domaingen.settings import load_settings
from training.evaluate import CHUNK, composed_only
from training.statistics import mcnemar_p, share_interval

ANSWERS = ("left", "right", "equal")


POOLS = ("both", "model", "composed")


def name_file(path: Path, pool: str, model: str | None) -> Iterator[dict[str, Any]]:
    """Rows in the shape of `results.jsonl` for the descriptions of a UTF-8 CSV, seed 0, local judge."""
    settings = load_settings(**({"model": model} if model else {}))
    parts = Assembly(settings).parts(resolve_model(settings, None), "local")
    if pool == "composed":
        parts = composed_only(parts)
    elif pool == "model":
        parts = replace(parts, compose=lambda brief, matches, seed: ())
    with path.open(encoding="utf-8-sig", newline="") as file:
        rows = [
            Row(at, str(at), cells["description"], {}) for at, cells in enumerate(csv.DictReader(file), start=1)
        ]
    for start in range(0, len(rows), CHUNK):
        chunk = rows[start : start + CHUNK]
        for row, outcome in zip(chunk, name_rows(chunk, parts, Options()), strict=True):
            yield {
                "row": row.row,
                "description": row.description,
                "status": outcome.status.value,
                "failure_type": outcome.failure_type,
                "suggestions": [asdict(suggestion) for suggestion in outcome.suggestions],
            }


def _named(path: Path) -> dict[str, tuple[str, list[str]]]:
    rows: dict[str, tuple[str, list[str]]] = {}
    for line in path.read_text(encoding="utf-8").splitlines():
        record = json.loads(line)
        if record["status"] == "suggested":
            rows[record["description"]] = (
                record["description"],
                [name["domain"] for name in record["suggestions"]],
            )
    return rows


def make_sheet(first: Path, second: Path, *, rows: int, seed: int) -> tuple[list[dict[str, Any]], dict[str, str]]:
    """The reader's sheet and the key (id to the side of `first`) for `rows` rows that both files named; lists of equal
    length, so that a longer one gives nothing away. Rows with the same names on both sides are left out."""
    a, b = _named(first), _named(second)
    random = Random(seed)
    shared = [text for text in sorted(a.keys() & b.keys()) if set(a[text][1]) != set(b[text][1])]
    sheet, key = [], {}
    for number, text in enumerate(random.sample(shared, min(rows, len(shared))), start=1):
        length = min(len(a[text][1]), len(b[text][1]))
        lists = [a[text][1][:length], b[text][1][:length]]
        swapped = random.random() < 0.5
        left, right = reversed(lists) if swapped else lists
        sheet.append({"id": str(number), "description": text, "left": left, "right": right, "better": ""})
        key[str(number)] = "right" if swapped else "left"
    return sheet, key


def count_answers(sheet: list[dict[str, Any]], key: dict[str, str]) -> dict[str, Any]:
    """How often the first and the second were preferred, their share of the decided rows with a 95 % interval, and the
    exact sign test's p.

    Raises:
        DomaingenError: A row has no answer, or one that is none of left, right, equal.
    """
    counts: Counter[str] = Counter()
    for row in sheet:
        answer = str(row.get("better", "")).strip().lower()
        if answer not in ANSWERS:
            raise DomaingenError(f"row {row['id']}: better must be one of {', '.join(ANSWERS)}, not {answer!r}")
        counts["equal" if answer == "equal" else "first" if answer == key[row["id"]] else "second"] += 1
    decided = counts["first"] + counts["second"]
    return {
        "rows": len(sheet),
        **{name: counts[name] for name in ("first", "second", "equal")},
        "first_share_of_decided": round(counts["first"] / decided, 3) if decided else None,
        "interval": [round(bound, 3) for bound in share_interval(counts["first"], decided)],
        "p": round(mcnemar_p(counts["first"], counts["second"]), 4),
        "left_answers": sum(str(row["better"]).strip().lower() == "left" for row in sheet),
    }


def main() -> None:
    """Make a sheet, or count one that was filled in."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    commands = parser.add_subparsers(dest="command", required=True)
    names = commands.add_parser("names")
    names.add_argument("input", type=Path)
    names.add_argument("--pool", choices=POOLS, default="both")
    names.add_argument("--model", help="name or folder; the active model by default")
    names.add_argument("--out", type=Path, required=True)
    sheet = commands.add_parser("sheet")
    sheet.add_argument("first", type=Path)
    sheet.add_argument("second", type=Path)
    sheet.add_argument("--rows", type=int, default=100)
    sheet.add_argument("--seed", type=int, default=0)
    sheet.add_argument("--out", type=Path, required=True)
    sheet.add_argument("--key", type=Path, required=True)
    count = commands.add_parser("count")
    count.add_argument("sheet", type=Path)
    count.add_argument("key", type=Path)
    flags = parser.parse_args()
    if flags.command == "names":
        with flags.out.open("w", encoding="utf-8") as file:
            for record in name_file(flags.input, flags.pool, flags.model):
                file.write(json.dumps(record, ensure_ascii=False) + "\n")
        return
    if flags.command == "sheet":
        rows, key = make_sheet(flags.first, flags.second, rows=flags.rows, seed=flags.seed)
        flags.out.write_text("".join(json.dumps(row, ensure_ascii=False) + "\n" for row in rows), encoding="utf-8")
        flags.key.write_text(json.dumps(key) + "\n", encoding="utf-8")
        return
    filled = [json.loads(line) for line in flags.sheet.read_text(encoding="utf-8").splitlines() if line.strip()]
    print(json.dumps(count_answers(filled, json.loads(flags.key.read_text(encoding="utf-8")))))  # noqa: T201


if __name__ == "__main__":
    main()
