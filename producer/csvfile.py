"""Reading the input: a CSV of descriptions, streamed, checked as a whole before its first row is used.

A file that can't be read is refused whole; a row that is odd is kept, because every row must end in an
outcome. Memory is bounded by the largest record, whatever the file's size.
"""

import csv
import hashlib
import io
import stat
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from domaingen.errors import InputFileError
from domaingen.reports.tables import read_safe_cell
from domaingen.store.batches import NewItem
from producer.encoding import BOM, BadByte, find_bad_byte, refuse_foreign_format

if TYPE_CHECKING:
    from _typeshed import WriteableBuffer

DELIMITERS = (",", ";", "\t")
EXTRA_CELLS = ""
"""Key of the cells beyond the header, joined; its presence marks the row as malformed."""
MAX_CELL = 1_000_000
"""Characters of one cell. A longer one is nearly always a quote that was opened and never closed."""
MAX_RECORD = 8_000_000
"""Characters of one row, all its lines together; bounds memory."""

_BUFFER = 1 << 18
# A file of one column has no delimiter, and commas in it are text. NUL can't occur: the reader refuses it.
_NO_DELIMITER = "\0"


@dataclass(frozen=True, slots=True)
class CsvSummary:
    """What one pass over the whole file found.

    `digest` is the SHA-256 of its bytes, `delimiter` a comma, semicolon or tab, empty for a file of one
    column. `columns` are the trimmed header names in order, unnamed ones called `column_3` after their place.
    `rows` counts data rows, without header and blank lines. `description_column` is the file's own spelling.
    """

    path: str
    digest: str
    delimiter: str
    columns: tuple[str, ...]
    rows: int
    description_column: str


class _NulByteError(Exception):
    """A NUL byte was read; where it is takes another pass."""


class _DigestedFile(io.RawIOBase):
    """An unbuffered file that computes its digest as it is read and stops at NUL bytes."""

    def __init__(self, path: str) -> None:
        self._file = io.FileIO(path)
        refuse_foreign_format(path, self._file.read(16))
        self._file.seek(0)
        self.sha256 = hashlib.sha256()

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: "WriteableBuffer") -> int:
        view = memoryview(buffer).cast("B")
        count = self._file.readinto(view)
        block = bytes(view[:count])
        if b"\0" in block:
            raise _NulByteError
        self.sha256.update(block)
        return count

    def close(self) -> None:
        self._file.close()
        super().close()


class _Source:
    """The file's lines, their ends kept as they are, which the CSV reader needs for breaks inside quotes.

    `line` counts lines given out, `start` those before the current record, `ended` tells that the end was
    reached: the CSV reader then returns a record only if a quote was left open.
    """

    def __init__(self, path: str) -> None:
        self.path = path
        self.line = self.start = self.size = 0
        self.ended = False
        self._file = _DigestedFile(path)
        buffered = io.BufferedReader(self._file, _BUFFER)
        if buffered.peek(len(BOM)).startswith(BOM):
            buffered.read(len(BOM))
        self._text = io.TextIOWrapper(buffered, encoding="utf-8", newline="")

    @property
    def digest(self) -> str:
        """SHA-256 of the bytes read so far, hexadecimal."""
        return self._file.sha256.hexdigest()

    def close(self) -> None:
        self._text.close()

    def lines(self, seen: list[str], start: int, *, keep: bool) -> Iterator[str]:
        """Lines from number `start` on, from 0: those in `seen` first, then the file's; `keep` adds these."""
        self.start, self.size, self.ended = start, 0, False
        for self.line in range(start + 1, len(seen) + 1):
            yield seen[self.line - 1]
        self.line = max(start, len(seen))
        for line in iter(partial(self._text.readline, MAX_RECORD + 1), ""):
            self.line += 1
            self.size += len(line)
            if keep:
                seen.append(line)
            if self.size > MAX_RECORD:
                raise self.problem(f"a row of over {MAX_RECORD:,} characters; close its quote")
            yield line
        self.ended = True

    def records(self, lines: Iterable[str], delimiter: str) -> Iterator[list[str]]:
        """Rows of cells; blank lines are skipped.

        Raises:
            InputFileError: A quote is never closed, or a cell is too long.
        """
        reader = csv.reader(lines, delimiter=delimiter or _NO_DELIMITER)
        try:
            for record in reader:
                if self.ended:
                    raise self.problem(
                        "the quote that this cell begins with is never closed; add a closing quote, or write the "
                        'quote twice ("") if it belongs to the text',
                        column=len(record),
                    )
                self.size = 0
                self.start = self.line
                if record:
                    yield record
        except csv.Error as error:
            raise self.problem(
                f"a cell of this row has over {MAX_CELL:,} characters, most often because a quote is never closed; "
                "close it or shorten the cell"
            ) from error

    def problem(self, text: str, *, column: int | str | None = None) -> InputFileError:
        return InputFileError(self.path, text, line=self.start + 1, column=column)


@contextmanager
def _open(path: str) -> Iterator[_Source]:
    """Open the file and translate everything that can go wrong while it is read."""
    if csv.field_size_limit() < MAX_CELL:  # a setting of the whole process: raised, never lowered
        csv.field_size_limit(MAX_CELL)
    source = None
    try:
        if not stat.S_ISREG(Path(path).stat().st_mode):
            raise InputFileError(path, "this is no regular file; name a CSV file, or - for standard input")
        source = _Source(path)
        yield source
    except (UnicodeDecodeError, _NulByteError) as error:
        raise _explain(path, find_bad_byte(path)) from error
    except OSError as error:
        advice = f"the file can't be read ({error.strerror or error}); check its name and permissions"
        raise InputFileError(path, advice) from error
    finally:
        if source is not None:
            source.close()


def _explain(path: str, bad: BadByte | None) -> InputFileError:
    if bad is None:
        return InputFileError(path, "the file changed while it was read; submit it again once it is complete")
    if bad.value == 0:
        problem = f"NUL byte at offset {bad.offset}: this is no text file, or it is UTF-16"
    else:
        problem = f"byte 0x{bad.value:02X} at offset {bad.offset} is not UTF-8"
    return InputFileError(path, f"{problem}; save it as CSV UTF-8", line=bad.line, column=bad.column)


def _read_header(source: _Source, description_column: str) -> tuple[str, tuple[str, ...], str, Iterator[str]]:
    """Find the delimiter under which the header names the description column.

    Returns the delimiter, the columns, the description column's own spelling and the lines after the header.
    """
    seen: list[str] = []
    wanted = _fold(description_column)
    closest: list[str] = []
    broken: InputFileError | None = None
    for delimiter in DELIMITERS:
        try:
            header = next(source.records(source.lines(seen, 0, keep=True), delimiter), None)
        except InputFileError as error:
            broken = broken or error
            continue
        if header is None:
            wish = f"its first line must name the columns, among them {_show(description_column)}"
            raise InputFileError(source.path, f"the file is empty; {wish}", line=1)
        if wanted in map(_fold, header):
            columns = _name_columns(source.path, header)
            found = next(name for name in columns if _fold(name) == wanted)
            # Another delimiter may have read further, into a quote that is none: go back to the header's end.
            rest = source.lines(seen, source.line, keep=False)
            return (delimiter if len(columns) > 1 else ""), columns, found, rest
        if len(header) > len(closest):
            closest = header
    if broken:
        raise broken
    named = ", ".join(f"«{_show(name)}»" for name in closest[:20]) + (" …" if len(closest) > 20 else "")
    raise InputFileError(
        source.path,
        f"no column is called «{_show(description_column)}»; the columns found are {named}. Rename one, or name "
        "the one that holds the descriptions with --description-column",
        line=1,
    )


def _fold(name: str) -> str:
    return name.strip("\ufeff \t\r\n").casefold()


def _show(text: str) -> str:
    return "".join(char if char.isprintable() else "?" for char in text.strip()[:40])


def _name_columns(path: str, header: list[str]) -> tuple[str, ...]:
    trimmed = [name.strip("\ufeff \t\r\n") for name in header]
    places: dict[str, int] = {}
    for place, name in enumerate(trimmed, start=1):
        if name and places.setdefault(name.casefold(), place) != place:
            raise InputFileError(
                path,
                f"columns {places[name.casefold()]} and {place} are both called «{_show(name)}»; rename one",
                line=1,
                column=place,
            )
    columns: list[str] = []
    for place, name in enumerate(trimmed, start=1):
        unique = name or f"column_{place}"
        while not name and unique.casefold() in places:
            unique += "_"
        places.setdefault(unique.casefold(), place)
        columns.append(unique)
    return tuple(columns)


def inspect(path: str | Path, description_column: str = "description") -> CsvSummary:
    """Pass over the whole file once, so that nothing of a broken file is ever submitted.

    UTF-8 with or without a byte order mark; comma, semicolon or tab, found from the header; RFC 4180 quotes;
    any line ends. Blank lines, with nothing at all on them, are skipped and not counted.

    Raises:
        InputFileError: The file can't be read as a CSV of descriptions; says where and what to do.
    """
    with _open(str(path)) as source:
        delimiter, columns, found, lines = _read_header(source, description_column)
        rows = sum(1 for _ in source.records(lines, delimiter))
        return CsvSummary(str(path), source.digest, delimiter, columns, rows, found)


def read(path: str | Path, summary: CsvSummary, start_row: int = 1) -> Iterator[NewItem]:
    """The data rows from `start_row` on, counted from 1, blank lines left out.

    Missing cells are blank. Cells beyond the header are kept under `EXTRA_CELLS`, which marks the row as
    malformed; blank ones, such as the trailing delimiters of some exports, are dropped. `external_id` is the
    `id` column's, else the row's number.

    Raises:
        InputFileError: The file can't be read or is no longer the one that was inspected. The second is known
            only at its end, so rows may have been given out before.
    """
    with _open(str(path)) as source:
        delimiter, columns, _, lines = _read_header(source, summary.description_column)
        if columns != summary.columns or delimiter != summary.delimiter:
            raise _explain(source.path, None)
        width = len(columns)
        id_column = next((name for name in columns if name.casefold() == "id"), None)
        row = 0
        for row, record in enumerate(source.records(lines, delimiter), start=1):
            if row < start_row:
                continue
            # A results.csv that comes back in gives the text that went out: guards against formulas are undone.
            record = [read_safe_cell(cell) for cell in record]  # noqa: PLW2901
            cells = dict(zip(columns, record, strict=False))
            if len(record) < width:
                cells.update(dict.fromkeys(columns[len(record) :], ""))
            elif len(record) > width and any(cell.strip() for cell in record[width:]):
                cells[EXTRA_CELLS] = delimiter.join(record[width:])
            external_id = cells[id_column].strip() if id_column is not None else ""
            yield NewItem(row, external_id or str(row), cells[summary.description_column], cells)
        if row != summary.rows or source.digest != summary.digest:
            raise _explain(source.path, None)
