"""The frequency report: how often what goes wrong, in whole, by model and by period, and what the last model changed.

Counts are of all failures that the filter lets through. Shares are of the rows that were processed, so only what
workers filed for rows (source `batch`) has one; each with its 95 % Wilson interval. Two models are compared by the
difference of their shares with Newcombe's hybrid score interval (Newcombe, «Interval estimation for the difference
between independent proportions», 1998, method 10); a type has changed where that interval leaves out 0.
"""

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from math import sqrt
from typing import Any

from sqlalchemy import BigInteger, ColumnElement, cast, func, select
from sqlalchemy.orm import InstrumentedAttribute

from domaingen.failures.taxonomy import TAXONOMY
from domaingen.outcomes import Severity
from domaingen.store.database import Database
from domaingen.store.failures import FailureFilter
from domaingen.store.schema import FailureRow, OutcomeRow
from training.statistics import share_interval

UNNAMED = "none"
"""The word for failures without a category and rows without a model."""
DAY_S = 86_400
MOST_DAYS = 31
"""Days that are shown one by one; a longer time is shown by months."""


@dataclass(frozen=True, slots=True)
class _Cell:
    """Failures that share all of this, and how many there are."""

    failure_type: str
    severity: str
    category: str | None
    strategy: str
    cause: str
    source: str
    review: str
    model: str | None
    day: int
    count: int


def summarise(database: Database, wanted: FailureFilter) -> dict[str, Any]:
    """The report as plain values, ready for JSON. `wanted.types`, `severities`, `review` narrow the failures, `batch_id`,
    `model` and `since` the rows as well."""
    cells, rows, models = _read(database, wanted)
    processed = sum(rows.values())
    report: dict[str, Any] = {
        "total_cases": sum(cell.count for cell in cells),
        "by_failure_type": _count(cells, "failure_type"),
        "by_severity": _count(cells, "severity"),
        "by_category": _count(cells, "category"),
        "improvement_strategies": _count(cells, "strategy"),
        "root_causes": _count(cells, "cause"),
        "by_source": _count(cells, "source"),
        "by_review": _count(cells, "review"),
        "gravest_by_type": _gravest(cells),
        "by_blame": dict(_blames(cells).most_common()),
        "rows_processed": processed or None,
        "shares": _shares(cells, processed),
        "by_model": [],
        "by_period": [],
        "since_last_model": None,
    }
    for model in dict.fromkeys([*models, *sorted({cell.model for cell in cells} - set(models), key=str)]):
        own = [cell for cell in cells if cell.model == model]
        count = sum(number for (name, _), number in rows.items() if name == model)
        report["by_model"].append({"model": model or UNNAMED, **_part(own, count)})
    for period, days in _periods([cell.day for cell in cells] + [day for _, day in rows]):
        own = [cell for cell in cells if cell.day in days]
        count = sum(number for (_, day), number in rows.items() if day in days)
        report["by_period"].append({"period": period, **_part(own, count)})
    named = [model for model in models if model]
    if len(named) > 1:
        report["since_last_model"] = _changes(cells, rows, named[-2], named[-1])
    return report


def _read(
    database: Database, wanted: FailureFilter
) -> tuple[list[_Cell], dict[tuple[str | None, int], int], list[str | None]]:
    """Failures counted by all that the report tells apart, and processed rows by model and day (since 1970, UTC),
    and the models in the order of their first rows."""
    keys = (
        FailureRow.failure_type, FailureRow.severity, FailureRow.category, FailureRow.improvement_strategy,
        FailureRow.root_cause, FailureRow.source, FailureRow.review, FailureRow.model,
    )  # fmt: skip
    day = _day(database, FailureRow.recorded_at)
    failures = select(*keys, day, func.count()).where(*wanted.conditions()).group_by(*keys, day)
    row_day = _day(database, OutcomeRow.recorded_at)
    outcomes = select(OutcomeRow.model, row_day, func.count(), func.min(OutcomeRow.recorded_at)).group_by(
        OutcomeRow.model, row_day
    )
    if wanted.batch_id is not None:
        outcomes = outcomes.where(OutcomeRow.batch_id == wanted.batch_id)
    if wanted.model is not None:
        outcomes = outcomes.where(OutcomeRow.model == wanted.model)
    if wanted.since is not None:
        outcomes = outcomes.where(OutcomeRow.recorded_at >= wanted.since)
    with database.read() as connection:
        cells = [_Cell(*tuple(row)) for row in connection.execute(failures)]
        found = connection.execute(outcomes).all()
    rows = {(model, number): count for model, number, count, _ in found}
    models = list(dict.fromkeys(row[0] for row in sorted(found, key=lambda row: (row[3], row[0] or ""))))
    cells.sort(key=lambda cell: (cell.day, cell.failure_type, str(cell.model)))
    return cells, rows, models


def _day(database: Database, at: InstrumentedAttribute[float]) -> ColumnElement[int]:
    # A cast cuts off on SQLite, which may lack floor(), and rounds on Postgres.
    days = at / float(DAY_S)
    return cast(days if database.is_sqlite else func.floor(days), BigInteger)


def _count(cells: Iterable[_Cell], name: str) -> dict[str, int]:
    counts: Counter[str] = Counter()
    for cell in cells:
        counts[getattr(cell, name) or UNNAMED] += cell.count
    return _ordered(counts)


def _ordered(counts: Mapping[str, int]) -> dict[str, int]:
    return dict(sorted(counts.items(), key=lambda pair: (-pair[1], pair[0])))


def _blames(cells: Iterable[_Cell]) -> Counter[str]:
    blames: Counter[str] = Counter()
    for cell in cells:
        known = TAXONOMY.get(cell.failure_type)
        blames[known.blame.value if known else UNNAMED] += cell.count
    return blames


def _gravest(cells: Iterable[_Cell]) -> dict[str, str]:
    """The gravest severity that each type was filed with; a check that caught it makes it low."""
    order = [severity.value for severity in Severity]
    found: dict[str, str] = {}
    for cell in cells:
        known = found.get(cell.failure_type, order[-1])
        found[cell.failure_type] = min(known, cell.severity, key=order.index)
    return dict(sorted(found.items()))


def _share(hits: int, count: int) -> dict[str, Any]:
    # A row files a type once, but rows that a filter by time cuts off may leave more failures than rows.
    low, high = share_interval(min(hits, count), count)
    return {"count": hits, "share": round(min(1.0, hits / count), 5), "interval": [round(low, 5), round(high, 5)]}


def _shares(cells: Iterable[_Cell], processed: int) -> dict[str, Any]:
    if not processed:
        return {}
    own = _count([cell for cell in cells if cell.source == "batch"], "failure_type")
    return {failure_type: _share(count, processed) for failure_type, count in own.items()}


def _part(cells: list[_Cell], processed: int) -> dict[str, Any]:
    return {
        "rows_processed": processed or None,
        "total_cases": sum(cell.count for cell in cells),
        "by_failure_type": _count(cells, "failure_type"),
        "shares": _shares(cells, processed),
    }


def _periods(days: list[int]) -> list[tuple[str, frozenset[int]]]:
    """Days, or months where there are too many, each with the days that belong to it."""
    if not days:
        return []
    pattern = "%Y-%m-%d" if max(days) - min(days) < MOST_DAYS else "%Y-%m"
    periods: dict[str, set[int]] = {}
    for day in sorted(set(days)):
        name = datetime.fromtimestamp(day * DAY_S, UTC).strftime(pattern)
        periods.setdefault(name, set()).add(day)
    return [(name, frozenset(own)) for name, own in periods.items()]


def difference_interval(hits: int, count: int, hits_before: int, count_before: int) -> tuple[float, float]:
    """95 % interval of the difference of two independent shares, now minus before (Newcombe, 1998, method 10)."""
    share, before = hits / count, hits_before / count_before
    low, high = share_interval(hits, count)
    low_before, high_before = share_interval(hits_before, count_before)
    difference = share - before
    return (
        difference - sqrt((share - low) ** 2 + (high_before - before) ** 2),
        difference + sqrt((high - share) ** 2 + (before - low_before) ** 2),
    )


def _changes(
    cells: list[_Cell], rows: Mapping[tuple[str | None, int], int], previous: str, latest: str
) -> dict[str, Any]:
    counts = {
        model: _count([cell for cell in cells if cell.model == model and cell.source == "batch"], "failure_type")
        for model in (previous, latest)
    }
    processed = {
        model: sum(number for (name, _), number in rows.items() if name == model) for model in (previous, latest)
    }
    changes = []
    for failure_type in sorted({*counts[previous], *counts[latest]}):
        before, after = (
            _share(counts[model].get(failure_type, 0), processed[model]) for model in (previous, latest)
        )
        low, high = difference_interval(
            min(after["count"], processed[latest]), processed[latest],
            min(before["count"], processed[previous]), processed[previous],
        )  # fmt: skip
        changes.append(
            {
                "failure_type": failure_type,
                "before": before,
                "after": after,
                "difference": round(after["share"] - before["share"], 5),
                "interval": [round(low, 5), round(high, 5)],
                "changed": low > 0 or high < 0,
            }
        )
    changes.sort(key=lambda change: (not change["changed"], -abs(change["difference"]), change["failure_type"]))
    return {
        "previous": previous,
        "latest": latest,
        "rows_before": processed[previous],
        "rows_after": processed[latest],
        "changes": changes,
    }
