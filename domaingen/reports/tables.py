"""`results.csv`: the input's columns and what came of each row, safe to open in a spreadsheet.

Spreadsheets run cells that begin with certain signs as formulas. Following OWASP («CSV Injection»,
https://owasp.org/www-community/attacks/CSV_Injection) such cells get a leading apostrophe; `read_safe_cell` takes
it away again. The price: «-5» in a carried column is written «'-5».
"""

import re
from collections.abc import Mapping, Sequence
from typing import Any, Protocol

# Spaces and apostrophes in front do not make a cell safe for every program. That any of these texts stays one with
# an apostrophe before it is what makes the mark reversible. The wide forms count as signs in some locales.
_DANGEROUS = re.compile(r"(?:[\s']*[=+\-@＝＋－＠]|'*[\t\r\n])")
# A cell that holds another locale's delimiter must not fall apart there, so it is quoted as well.
_NEEDS_QUOTES = re.compile("[\",;\\s\x1c-\x1f\x85\u2028\u2029']")


class Sink(Protocol):
    """What a table is written to."""

    def write(self, text: str, /) -> object:
        """Take text."""


def make_safe_cell(text: str) -> str:
    """The text as a spreadsheet may see it: with an apostrophe before it where it could be run."""
    return "'" + text if _DANGEROUS.match(text) else text


def read_safe_cell(text: str) -> str:
    """The text that `make_safe_cell` was given."""
    return text[1:] if text.startswith("'") and _DANGEROUS.match(text, 1) else text


def result_columns(names: int) -> list[str]:
    """The columns that are added to the input's, for at most `names` names a row."""
    ranked = [f"{column}_{rank}" for rank in range(1, names + 1) for column in ("domain", "score")]
    return ["status", "failure_type", *ranked, "category", "reason"]


def rename_input_columns(columns: Sequence[str], names: int) -> list[str]:
    """The input's columns, those renamed that are called like one of ours (in any case).

    Ours keep their names, because programs read them by name; the input's `status` becomes `input_status`,
    then `input_status_2` where that is taken as well.
    """
    ours = {column.casefold() for column in result_columns(names)}
    taken = ours | {column.casefold() for column in columns}
    renamed = []
    for column in columns:
        new, number = column, 1
        while new.casefold() in (taken if new != column else ours):
            new = f"input_{column}" if number == 1 else f"input_{column}_{number}"
            number += 1
        taken.add(new.casefold())
        renamed.append(new)
    return renamed


class ResultTable:
    """Writes `results.csv`: commas, UTF-8 without a mark, `\\n` line ends, quotes where needed.

    Cells beyond the input's header are not written; the row says that it is malformed.
    """

    def __init__(self, sink: Sink, columns: Sequence[str], *, names: int) -> None:
        """Write the header. `columns` are the input's, `names` the most names that any row has."""
        self._sink, self._columns, self._names = sink, tuple(columns), names
        self._write([*rename_input_columns(columns, names), *result_columns(names)])

    def add(self, cells: Mapping[str, Any], record: Mapping[str, Any]) -> None:
        """Write one row: its input cells by column and its row of `results.jsonl`.

        Raises:
            ValueError: It has more names than the header has room for.
        """
        suggestions = record["suggestions"]
        if len(suggestions) > self._names:
            raise ValueError(
                f"row {record['row']} has {len(suggestions)} names; the table has room for {self._names}"
            )
        row = [str(cells.get(column, "")) for column in self._columns]
        row += (record["status"], record["failure_type"] or "")
        for suggestion in suggestions:
            row += (suggestion["domain"], str(suggestion["score"]))
        row += [""] * (2 * (self._names - len(suggestions)))
        row += (record["category"] or "", record["reason"] or "")
        self._write(row)

    def _write(self, row: Sequence[str]) -> None:
        self._sink.write(",".join(map(_to_cell, row)) + "\n")


def _to_cell(text: str) -> str:
    safe = make_safe_cell(text)
    return '"' + safe.replace('"', '""') + '"' if _NEEDS_QUOTES.search(safe) else safe
