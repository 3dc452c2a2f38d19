"""Failures in the database: filing them once, and the reviewed ones for training."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import groupby
from operator import attrgetter
from typing import Any

from sqlalchemy import ColumnElement, Connection, Insert, case, func, or_, select, tuple_, update
from sqlalchemy.dialects import postgresql, sqlite

from domaingen.failures.filing import IRRELEVANT, POOR_SCORE, ScoredName, quality_failures
from domaingen.failures.record import FailureRecord
from domaingen.outcomes import Severity
from domaingen.store.database import Database, now_s
from domaingen.store.schema import FailureRow, Item, OutcomeRow, SuggestionRow

_GROUP = 500
"""Records looked up or written in one statement; SQLite allows 32,766 bound values."""
_FILING_LOCK = 0x646F6D61
"""Key of the advisory lock under which records without an item are filed on Postgres. Their key holds a text of any
length, which no index there takes, so a lock keeps two finders from filing one failure twice."""
TRAINABLE = ("corrected", "accepted")
"""Reviews that let a failure become a training row."""


@dataclass(frozen=True, slots=True)
class ReviewedFailure:
    """A failure that a person has looked at. `review` is corrected or accepted. `correction` is what should have come
    out: `{"expect": "suggest"|"refuse"|"reject_input", "domains": [...]}`, `domains` only where the person gave some. `reviewed_at` is in Unix seconds."""

    id: int
    input: str
    failure_type: str
    source: str
    review: str
    correction: Mapping[str, Any] | None
    reviewed_by: str | None
    reviewed_at: float | None
    model: str | None


def file_failures(connection: Connection, records: Sequence[FailureRecord]) -> int:
    """File failures, each once: by item and type, or where there is no item by source, input, type and model. Returns
    how many were new. One that is filed already stays as it is, with its review."""
    if not records:
        return 0
    loose = [record for record in records if record.item_id is None]
    known = _known(connection, loose) if loose else set()
    fresh = []
    for record in records:
        if record.item_id is None:
            if _key(record) in known:
                continue
            known.add(_key(record))
        fresh.append(record)
    now = connection.scalar(select(now_s()))
    rows = [_values(record, now) for record in fresh]
    statement = _insert(connection).returning(FailureRow.id)
    return sum(
        len(connection.execute(statement, rows[start : start + _GROUP]).all())
        for start in range(0, len(rows), _GROUP)
    )


def _storable(text: str) -> str:
    """The text as both databases can keep it: without NUL, and lone surrogates (half a UTF-16 character, which UTF-8
    can't write) replaced. Discovery files such texts on purpose."""
    return text.replace("\0", "\ufffd").encode("utf-8", "replace").decode("utf-8")


def _insert(connection: Connection) -> Insert:
    unique = [FailureRow.item_id, FailureRow.failure_type]
    if connection.dialect.name == "sqlite":
        return sqlite.insert(FailureRow).on_conflict_do_nothing(index_elements=unique)
    return postgresql.insert(FailureRow).on_conflict_do_nothing(index_elements=unique)


def _key(record: FailureRecord) -> tuple[str, str, str, str | None]:
    return record.source, _storable(record.input), record.failure_type, record.model


def _known(connection: Connection, loose: Sequence[FailureRecord]) -> set[tuple[str, str, str, str | None]]:
    if connection.dialect.name == "postgresql":
        connection.execute(select(func.pg_advisory_xact_lock(_FILING_LOCK)))
    columns = (FailureRow.source, FailureRow.input, FailureRow.failure_type, FailureRow.model)
    found: set[tuple[str, str, str, str | None]] = set()
    types = sorted({record.failure_type for record in loose})
    inputs = sorted({_storable(record.input) for record in loose})
    for start in range(0, len(inputs), _GROUP):
        query = select(*columns).where(
            FailureRow.item_id.is_(None),
            FailureRow.failure_type.in_(types),
            FailureRow.input.in_(inputs[start : start + _GROUP]),
        )
        found.update((row.source, row.input, row.failure_type, row.model) for row in connection.execute(query))
    return found


def _values(record: FailureRecord, now: float | None) -> dict[str, Any]:
    return {
        "item_id": record.item_id,
        "batch_id": record.batch_id,
        "source": record.source,
        "input": _storable(record.input),
        "failure_type": record.failure_type,
        "severity": record.severity.value,
        "category": record.category,
        "root_cause": record.cause,
        "improvement_strategy": record.improvement_strategy,
        "original_output": dict(record.original_output),
        "model": record.model,
        "oracle": record.oracle,
        "review": "open",
        "recorded_at": now,
    }


def reviewed_failures(database: Database, *, since: float | None = None) -> list[ReviewedFailure]:
    """Corrected and accepted failures in the order of their ids, all or those reviewed after `since` (Unix seconds)."""
    query = (
        select(
            FailureRow.id,
            FailureRow.input,
            FailureRow.failure_type,
            FailureRow.source,
            FailureRow.review,
            FailureRow.correction,
            FailureRow.reviewed_by,
            FailureRow.reviewed_at,
            FailureRow.model,
        )
        .where(FailureRow.review.in_(TRAINABLE))
        .order_by(FailureRow.id)
    )
    if since is not None:
        query = query.where(FailureRow.reviewed_at > since)
    with database.read() as connection:
        return [ReviewedFailure(*row) for row in connection.execute(query)]


@dataclass(frozen=True, slots=True)
class FailureFilter:
    """Which failures; None and empty do not filter. `since` is in Unix seconds, `review` one of open, corrected,
    accepted, discarded."""

    types: Sequence[str] = ()
    severities: Sequence[str] = ()
    batch_id: str | None = None
    model: str | None = None
    review: str | None = None
    since: float | None = None
    limit: int | None = None

    def conditions(self) -> list[ColumnElement[bool]]:
        """The filter for a query on failures."""
        wanted: list[ColumnElement[bool]] = []
        if self.types:
            wanted.append(FailureRow.failure_type.in_(self.types))
        if self.severities:
            wanted.append(FailureRow.severity.in_(self.severities))
        if self.since is not None:
            wanted.append(FailureRow.recorded_at >= self.since)
        equal = (
            (FailureRow.batch_id, self.batch_id),
            (FailureRow.model, self.model),
            (FailureRow.review, self.review),
        )
        return wanted + [column == value for column, value in equal if value is not None]


def list_failures(database: Database, wanted: FailureFilter) -> Iterator[dict[str, Any]]:
    """Failures as rows of the table, gravest first, then in the order of filing; read in pages, so that any number of
    them takes little memory."""
    gravity = case({severity.value: number for number, severity in enumerate(Severity)}, value=FailureRow.severity)
    query = select(FailureRow.__table__, gravity.label("gravity")).where(*wanted.conditions())
    left, last = wanted.limit, (-1, 0)
    while left is None or left > 0:
        page = query.where(tuple_(gravity, FailureRow.id) > last).order_by(gravity, FailureRow.id)
        with database.read() as connection:
            rows = connection.execute(page.limit(min(_GROUP, left or _GROUP))).mappings().all()
        yield from ({str(name): value for name, value in row.items()} for row in rows)
        if len(rows) < _GROUP:
            return
        last = (rows[-1]["gravity"], rows[-1]["id"])
        left = None if left is None else left - len(rows)


def failures_by_id(connection: Connection, ids: Sequence[int]) -> dict[int, dict[str, Any]]:
    """The failures with these ids, as far as there are any; `cells` are those of their items, None without one."""
    found: dict[int, dict[str, Any]] = {}
    for start in range(0, len(ids), _GROUP):
        query = (
            select(FailureRow.__table__, Item.cells)
            .outerjoin(Item, Item.id == FailureRow.item_id)
            .where(FailureRow.id.in_(ids[start : start + _GROUP]))
        )
        found.update(
            (row["id"], {str(name): value for name, value in row.items()})
            for row in connection.execute(query).mappings()
        )
    return found


@dataclass(frozen=True, slots=True)
class Review:
    """What a person says about a failure: `review` is corrected, accepted or discarded, `correction` as in
    `ReviewedFailure`, None for discarded ones."""

    id: int
    review: str
    correction: Mapping[str, Any] | None
    reviewer: str


def store_reviews(connection: Connection, reviews: Sequence[Review]) -> None:
    """Write reviews with the database's time; a newer one replaces the older."""
    now = connection.scalar(select(now_s()))
    for review in reviews:
        connection.execute(
            update(FailureRow)
            .where(FailureRow.id == review.id)
            .values(
                review=review.review,
                correction=dict(review.correction) if review.correction is not None else None,
                reviewed_by=review.reviewer,
                reviewed_at=now,
            )
        )


def file_judged(connection: Connection, item_ids: Sequence[int]) -> int:
    """File what the judge's marks say about rows whose names were judged after their outcome was recorded; rows with a
    name that is still unjudged wait. Returns how many failures were new."""
    bad = (
        select(SuggestionRow.item_id)
        .where(SuggestionRow.item_id.in_(item_ids))
        .group_by(SuggestionRow.item_id)
        .having(
            or_(
                func.max(SuggestionRow.judge_score) < POOR_SCORE,
                func.max(SuggestionRow.relevance) <= IRRELEVANT,
            )
        )
    )
    names = (
        select(
            SuggestionRow.item_id,
            SuggestionRow.domain,
            SuggestionRow.rule_score,
            SuggestionRow.judge_score,
            SuggestionRow.relevance,
            Item.description,
            Item.batch_id,
            OutcomeRow.model,
        )
        .join(Item, Item.id == SuggestionRow.item_id)
        .join(OutcomeRow, OutcomeRow.item_id == SuggestionRow.item_id)
        .where(SuggestionRow.item_id.in_(bad))
        .order_by(SuggestionRow.item_id, SuggestionRow.rank)
    )
    records: list[FailureRecord] = []
    for item_id, group in groupby(connection.execute(names).all(), key=attrgetter("item_id")):
        rows = list(group)
        scored = [ScoredName(row.domain, row.rule_score, row.judge_score, row.relevance) for row in rows]
        first = rows[0]
        records += quality_failures(
            first.description, scored, model=first.model, item_id=item_id, batch_id=first.batch_id
        )
    return file_failures(connection, records)
