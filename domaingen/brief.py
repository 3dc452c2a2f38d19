"""A brief is one row of work: a description and the constraints that its names must keep."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

DEFAULT_COUNT = 5
MAX_COUNT = 20
MAX_LABEL_LENGTH = 63  # RFC 1035, section 2.3.4
STYLES = ("classic", "modern", "playful", "descriptive", "invented", "short")
"""Values of the `style` column: serious, contemporary, fun, says what it does, coined words, few letters."""

OPTION_COLUMNS = ("tlds", "max_length", "count", "style", "avoid", "industry", "audience")
"""Optional input columns that mean something; every other column is carried through untouched."""

_SEPARATORS = re.compile(r"[\s,;|]+")
_TLD = re.compile(r"\.?[^\s.@/:]+(\.[^\s.@/:]+)?")


class ConstraintError(ValueError):
    """A constraint cell can't be understood; the message is a sentence for the submitter."""


@dataclass(frozen=True, slots=True)
class Constraints:
    """What every suggested name must satisfy.

    `tlds`: public suffixes with a leading dot, empty for any. `max_length`: letters of the label, without
    the suffix. `avoid`: lower-case words that no label may contain. `style`: one of `STYLES`.
    """

    count: int = DEFAULT_COUNT
    tlds: tuple[str, ...] = ()
    max_length: int | None = None
    style: str | None = None
    avoid: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Brief:
    """One row: `row` counts from 1 in the input file, `id` is the submitter's own or the row's number."""

    row: int
    id: str
    description: str
    constraints: Constraints = field(default_factory=Constraints)
    industry: str | None = None
    audience: str | None = None


def _whole_number(text: str, column: str, low: int, high: int) -> int:
    # isdecimal() would take other scripts' digits too, which int() reads well; spreadsheets write 5.0.
    match = re.fullmatch(r"(\d{1,9})(?:\.0+)?", text)
    if not match or not low <= int(match[1]) <= high:
        raise ConstraintError(f"Column {column} must be a whole number from {low} to {high}; it is «{text[:40]}».")
    return int(match[1])


def parse_constraints(cells: Mapping[str, str], *, default_count: int = DEFAULT_COUNT) -> Constraints:
    """Read the optional columns of one row. Blank cells mean no constraint.

    Raises:
        ConstraintError: A cell can't be understood; says which column and what it should hold.
    """
    cell = {name: (cells.get(name) or "").strip() for name in OPTION_COLUMNS}
    values: dict[str, Any] = {"count": default_count}
    if cell["count"]:
        values["count"] = _whole_number(cell["count"], "count", 1, MAX_COUNT)
    if cell["max_length"]:
        values["max_length"] = _whole_number(cell["max_length"], "max_length", 3, MAX_LABEL_LENGTH)
    if cell["tlds"]:
        suffixes = [part for part in _SEPARATORS.split(cell["tlds"].lower()) if part]
        for suffix in suffixes:
            if not _TLD.fullmatch(suffix):
                raise ConstraintError(f"Column tlds must look like «.com .io»; it holds «{suffix[:40]}».")
        values["tlds"] = tuple(dict.fromkeys("." + suffix.lstrip(".") for suffix in suffixes))
    if cell["style"]:
        style = cell["style"].lower()
        if style not in STYLES:
            raise ConstraintError(f"Column style must be one of {', '.join(STYLES)}; it is «{style[:40]}».")
        values["style"] = style
    if cell["avoid"]:
        values["avoid"] = tuple(
            dict.fromkeys(part for part in _SEPARATORS.split(cell["avoid"].casefold()) if part)
        )
    return Constraints(**values)


def brief_from_cells(
    row: int, external_id: str, description: str, cells: Mapping[str, str], default_count: int = DEFAULT_COUNT
) -> Brief:
    """Turn a stored input row into a brief. Column names match in any case.

    Cells beyond the header (under the key of an empty string) make a row malformed; whether it is worked on
    is for the pipeline to say, not for this function.

    Raises:
        ConstraintError: A constraint column can't be understood; says which and what it should hold.
    """
    options = {name: cell for column, cell in cells.items() if (name := column.casefold()) in OPTION_COLUMNS}
    return Brief(
        row=row,
        id=external_id,
        description=description,
        constraints=parse_constraints(options, default_count=default_count),
        industry=options.get("industry", "").strip() or None,
        audience=options.get("audience", "").strip() or None,
    )
