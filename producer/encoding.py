"""Telling a text file in UTF-8 from what people submit by mistake, and saying where it goes wrong."""

import codecs
from dataclasses import dataclass
from pathlib import Path

from domaingen.errors import InputFileError

BOM = codecs.BOM_UTF8

_BLOCK = 1 << 18
_FOREIGN = (
    (b"PK\x03\x04", "this is an Excel workbook or another zip file; export it as CSV UTF-8"),
    (b"PK\x05\x06", "this is an empty zip file; export the table as CSV UTF-8"),
    (b"\xd0\xcf\x11\xe0", "this is an old Excel or Office file; export it as CSV UTF-8"),
    (b"%PDF-", "this is a PDF; export the table as CSV UTF-8"),
    (b"\x1f\x8b", "this file is compressed with gzip; unpack it first"),
    (b"SQLite format 3", "this is a database; export the table as CSV UTF-8"),
    (b"PAR1", "this is a Parquet file; export it as CSV UTF-8"),
    (codecs.BOM_UTF16_LE, "this file is UTF-16 («Unicode text»); save it as CSV UTF-8"),
    (codecs.BOM_UTF16_BE, "this file is UTF-16 («Unicode text»); save it as CSV UTF-8"),
)


@dataclass(frozen=True, slots=True)
class BadByte:
    """A byte that no UTF-8 text file holds. `line` and `column` (in bytes) count from 1, `offset` from 0."""

    line: int
    column: int
    offset: int
    value: int


def refuse_foreign_format(path: str, start: bytes) -> None:
    """Look at a file's first bytes.

    Raises:
        InputFileError: They are those of a format that is not text; says what to do.
    """
    for magic, advice in _FOREIGN:
        if start.startswith(magic):
            raise InputFileError(path, advice, line=1)


def find_bad_byte(path: str | Path) -> BadByte | None:
    """The first byte that is NUL or not UTF-8, found in constant memory; None where there is none."""
    decoder = codecs.getincrementaldecoder("utf-8")()
    line, line_start, position, after_return = 1, 0, 0, False
    with Path(path).open("rb") as file:
        final = False
        while not final:
            pending = decoder.getstate()[0]
            block = file.read(_BLOCK)
            final = not block
            data = pending + block
            try:
                decoder.decode(block, final)
                bad = -1
            except UnicodeDecodeError as error:
                bad = error.start
            nul = data.find(b"\0", 0, bad if bad >= 0 else len(data))
            bad = nul if nul >= 0 else bad
            # What stays pending is looked at again with the next block, and holds no line end.
            end = bad if bad >= 0 else len(data) - len(decoder.getstate()[0])
            good = data[:end]
            line += good.count(b"\n") + good.count(b"\r") - good.count(b"\r\n")
            line -= after_return and good.startswith(b"\n")
            last_end = max(good.rfind(b"\n"), good.rfind(b"\r"))
            if last_end >= 0:
                line_start = position + last_end + 1
            if bad >= 0:
                return BadByte(line, position + bad - line_start + 1, position + bad, data[bad])
            position += end
            after_return = good.endswith(b"\r") if good else after_return
    return None
