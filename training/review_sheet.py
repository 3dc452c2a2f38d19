"""The review sheet: failures as a table that a person fills in, and reading it back.

As CSV for spreadsheets (cells that could run as formulas get an apostrophe, `domaingen.reports.tables`) or as JSON
lines, each a failure record with the fields of the review beside it.
"""

import csv
import io
import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from domaingen.errors import InputFileError
from domaingen.failures.taxonomy import TAXONOMY
from domaingen.reports.records import failure_record, to_json_line
from domaingen.reports.tables import Sink, make_safe_cell, read_safe_cell

TO_FILL = ("review", "expect", "domains", "reviewer", "note")
"""What the person fills in: `review` is corrected, accepted or discarded."""
COLUMNS = ("id", "failure_type", "severity", "root_cause", "input", "output", "meaning", *TO_FILL)
_REQUIRED = ("id", "review")
_DELIMITERS = ",;\t"
_LONGEST_CELL = 1 << 24
"""Bytes of a cell; the reader of CSVs stops at 128 KiB by itself, and descriptions may be longer."""


@dataclass(frozen=True, slots=True)
class SheetRow:
    """A row as it was read: `line` counts from 1, `cells` are texts (lists of texts for `domains` in JSON lines).
    `problem` says why the row can't be understood at all."""

    line: int
    cells: Mapping[str, Any]
    problem: str | None = None


class CsvSheet:
    """Writes the sheet as CSV."""

    def __init__(self, sink: Sink) -> None:
        self._sink = sink
        # With a mark, without which spreadsheets on Windows take UTF-8 for something else.
        self._sink.write("\ufeff")
        self._write(dict.fromkeys(COLUMNS, "") | {name: name for name in COLUMNS})

    def add(self, failure: Mapping[str, Any]) -> None:
        """Write one failure; a review that there is already is filled in."""
        correction = failure["correction"] or {}
        self._write(
            {
                "id": str(failure["id"]),
                "failure_type": failure["failure_type"],
                "severity": failure["severity"],
                "root_cause": failure["root_cause"],
                "input": failure["input"],
                "output": _say_output(failure["original_output"]),
                "meaning": _meaning(failure["failure_type"]),
                "review": "" if failure["review"] == "open" else failure["review"],
                "expect": correction.get("expect", ""),
                "domains": " ".join(correction.get("domains", ())),
                "reviewer": failure["reviewed_by"] or "",
                "note": correction.get("note", ""),
            }
        )

    def _write(self, cells: Mapping[str, str]) -> None:
        buffer = io.StringIO()
        csv.writer(buffer, lineterminator="\n").writerow([make_safe_cell(cells[name]) for name in COLUMNS])
        self._sink.write(buffer.getvalue())


class JsonSheet:
    """Writes the sheet as JSON lines."""

    def __init__(self, sink: Sink) -> None:
        self._sink = sink

    def add(self, failure: Mapping[str, Any]) -> None:
        """Write one failure; a review that there is already is filled in."""
        correction = failure["correction"] or {}
        row = {
            "id": failure["id"],
            **failure_record(failure),
            "meaning": _meaning(failure["failure_type"]),
            "review": "" if failure["review"] == "open" else failure["review"],
            "expect": correction.get("expect", ""),
            "domains": correction.get("domains", []),
            "reviewer": failure["reviewed_by"] or "",
            "note": correction.get("note", ""),
        }
        self._sink.write(to_json_line(row) + "\n")


def _meaning(failure_type: str) -> str:
    explanation = TAXONOMY.get(failure_type)
    return explanation.meaning if explanation else "A type that this version does not know."


def _say_output(output: Mapping[str, Any]) -> str:
    """What came out as one line: reason, what two moderators thought, flaws with examples and what was found in them,
    names."""
    parts = [str(output[key]) for key in ("reason", "opinions") if output.get(key)]
    if output.get("count") is not None:
        parts.append(f"{output['count']} of {output.get('of', '?')}")
    if output.get("examples"):
        found = output.get("findings") or {}
        parts.append("e.g. " + ", ".join(_with_evidence(str(each), found) for each in output["examples"]))
    if output.get("domains"):
        parts.append("names: " + ", ".join(map(str, output["domains"])))
    if parts:
        return "; ".join(parts)
    return json.dumps(output, ensure_ascii=False) if output else ""


def _with_evidence(example: str, found: Mapping[str, Any]) -> str:
    """A dropped name with the part of it that shows why (`penisland.com (penis land)`), where that was kept."""
    evidence = ", ".join(str(finding["evidence"]) for finding in found.get(example, ()))
    return f"{example} ({evidence})" if evidence else example


def read_sheet(path: Path) -> list[SheetRow]:
    """All rows of a sheet; those that can't be understood carry their problem.

    Raises:
        InputFileError: The file is no sheet at all: it has no header with `id` and `review`.
    """
    # Bytes that are no UTF-8 are kept as surrogates, so that they spoil their own row alone.
    text = path.read_bytes().decode("utf-8-sig", "surrogateescape")
    rows = list(_read_json(text) if path.suffix.lower() in {".jsonl", ".ndjson"} else _read_csv(path, text))
    return [_checked(row) for row in rows]


def _checked(row: SheetRow) -> SheetRow:
    texts = (str(cell) for cell in row.cells.values())
    if row.problem is None and any("\udc80" <= char <= "\udcff" for text in texts for char in text):
        return SheetRow(row.line, {}, "the row is not UTF-8")
    return row


def _read_json(text: str) -> Iterator[SheetRow]:
    for number, line in enumerate(text.split("\n"), start=1):
        if not line.strip():
            continue
        try:
            cells = json.loads(line)
        except (ValueError, RecursionError):
            yield SheetRow(number, {}, "the line is no JSON")
            continue
        if isinstance(cells, dict):
            yield SheetRow(number, cells)
        else:
            yield SheetRow(number, {}, "the line is no JSON object")


def _read_csv(path: Path, text: str) -> Iterator[SheetRow]:
    header = text.split("\n", 1)[0]
    delimiter = max(_DELIMITERS, key=header.count)
    before = csv.field_size_limit(_LONGEST_CELL)
    try:
        reader = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter)
        columns = [name.strip().lower() for name in next(reader, [])]
        if missing := [name for name in _REQUIRED if name not in columns]:
            raise InputFileError(str(path), f"column {', '.join(missing)} is missing", line=1)
        yield from _csv_rows(reader, columns)
    finally:
        csv.field_size_limit(before)


def _csv_rows(reader: Any, columns: list[str]) -> Iterator[SheetRow]:
    while True:
        line = reader.line_num + 1
        try:
            cells = next(reader)
        except StopIteration:
            return
        except csv.Error as error:
            yield SheetRow(line, {}, f"the row is no CSV: {error}")
            continue
        if not any(cell.strip() for cell in cells):
            continue
        if len(cells) > len(columns):
            yield SheetRow(line, {}, "the row has more cells than the header")
            continue
        yield SheetRow(line, {name: read_safe_cell(cell) for name, cell in zip(columns, cells, strict=False)})
