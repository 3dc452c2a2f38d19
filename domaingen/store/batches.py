"""Receiving batches and looking at them."""

import secrets
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import Connection, RowMapping, func, insert, select, update

from domaingen.errors import BatchNotFoundError
from domaingen.outcomes import BatchState, ItemState, Status
from domaingen.store.database import Database, now_s
from domaingen.store.schema import Batch, Item, OutcomeRow, SuggestionRow
from domaingen.store.scoring_schema import PendingScore


@dataclass(frozen=True, slots=True)
class NewBatch:
    """What is known of a batch before its first row is stored."""

    source_name: str
    source_digest: str
    fingerprint: str
    columns: Sequence[str]
    settings: Mapping[str, Any]
    model: str
    expected_rows: int


@dataclass(frozen=True, slots=True)
class NewItem:
    """One input row on its way into the store."""

    row: int
    external_id: str
    description: str
    cells: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Progress:
    """How far a batch is. `outcomes` counts rows by status, `waiting` and `claimed` those without one, `unjudged`
    the rows whose names still wait for a judge or are parked."""

    batch_id: str
    state: str
    expected_rows: int
    received_rows: int
    waiting: int
    claimed: int
    outcomes: Mapping[str, int] = field(default_factory=dict)
    unjudged: int = 0

    @property
    def done(self) -> int:
        """Rows that have their outcome."""
        return sum(self.outcomes.values())

    @property
    def complete(self) -> bool:
        """Whether every row of the file has its outcome."""
        return self.done >= self.expected_rows and self.waiting == 0 and self.claimed == 0


def create_batch(connection: Connection, new: NewBatch) -> str:
    """Store an empty batch in state `receiving` and return its id."""
    batch_id = secrets.token_hex(6)
    connection.execute(
        insert(Batch).values(
            id=batch_id,
            state=BatchState.RECEIVING,
            source_name=new.source_name,
            source_digest=new.source_digest,
            fingerprint=new.fingerprint,
            columns=list(new.columns),
            settings=dict(new.settings),
            model=new.model,
            expected_rows=new.expected_rows,
            received_rows=0,
            created_at=now_s(),
        )
    )
    return batch_id


def add_items(connection: Connection, batch_id: str, items: Sequence[NewItem]) -> list[int]:
    """Store rows as queued and return their ids in row order; publish them once this has been committed."""
    published_at = connection.scalar(select(now_s()))
    connection.execute(
        insert(Item),
        [
            {
                "batch_id": batch_id,
                "row": item.row,
                "external_id": item.external_id,
                "description": item.description,
                "cells": dict(item.cells),
                "state": ItemState.QUEUED.value,
                "attempts": 0,
                "published_at": published_at,
            }
            for item in items
        ],
    )
    connection.execute(
        update(Batch).where(Batch.id == batch_id).values(received_rows=Batch.received_rows + len(items))
    )
    rows = [item.row for item in items]
    return list(
        connection.scalars(
            select(Item.id)
            .where(Item.batch_id == batch_id, Item.row.between(rows[0], rows[-1]))
            .order_by(Item.row)
        )
    )


def close_reception(connection: Connection, batch_id: str) -> None:
    """All rows of the file are stored."""
    connection.execute(
        update(Batch)
        .where(Batch.id == batch_id, Batch.state == BatchState.RECEIVING)
        .values(state=BatchState.OPEN)
    )


def finish_if_done(connection: Connection, batch_id: str) -> bool:
    """Mark an open batch finished once none of its rows is unfinished. Call it after the commit that recorded
    the rows: two workers that record the last two chunks at once do not see each other's rows before."""
    unfinished = select(Item.id).where(Item.batch_id == batch_id, Item.state != ItemState.DONE).exists()
    finished = connection.execute(
        update(Batch)
        .where(Batch.id == batch_id, Batch.state == BatchState.OPEN, ~unfinished)
        .values(state=BatchState.FINISHED, finished_at=now_s())
    )
    return finished.rowcount == 1


def get_batch(database: Database, batch_id: str) -> RowMapping:
    """The batch's row.

    Raises:
        BatchNotFoundError: There is none with this id.
    """
    with database.read() as connection:
        found = connection.execute(select(Batch.__table__).where(Batch.id == batch_id)).mappings().one_or_none()
    if found is None:
        raise BatchNotFoundError(f"there is no batch {batch_id}; `domaingen status` without an id lists them")
    return found


def list_batches(database: Database, *, limit: int = 20) -> Sequence[RowMapping]:
    """The newest batches."""
    with database.read() as connection:
        return (
            connection.execute(select(Batch.__table__).order_by(Batch.created_at.desc()).limit(limit))
            .mappings()
            .all()
        )


def find_batches(
    database: Database, *, fingerprint: str | None = None, source_digest: str | None = None
) -> Sequence[RowMapping]:
    """Batches made from the same file (`source_digest`) or from the same file and settings (`fingerprint`),
    newest first."""
    query = select(Batch.__table__).order_by(Batch.created_at.desc())
    if fingerprint is not None:
        query = query.where(Batch.fingerprint == fingerprint)
    if source_digest is not None:
        query = query.where(Batch.source_digest == source_digest)
    with database.read() as connection:
        return connection.execute(query).mappings().all()


def progress(database: Database, batch_id: str) -> Progress:
    """Count a batch's rows by state and status, without holding anything up."""
    batch = get_batch(database, batch_id)
    with database.read() as connection:
        outcomes = dict.fromkeys((status.value for status in Status), 0)
        outcomes |= dict(
            connection.execute(
                select(OutcomeRow.status, func.count())
                .where(OutcomeRow.batch_id == batch_id)
                .group_by(OutcomeRow.status)
            ).all()
        )
        states = dict(
            connection.execute(
                select(Item.state, func.count())
                .where(Item.batch_id == batch_id, Item.state != ItemState.DONE)
                .group_by(Item.state)
            ).all()
        )
        unjudged = connection.scalar(
            select(func.count()).select_from(PendingScore).where(PendingScore.batch_id == batch_id)
        )
    return Progress(
        batch_id=batch_id,
        state=batch["state"],
        expected_rows=batch["expected_rows"],
        received_rows=batch["received_rows"],
        waiting=states.get(ItemState.QUEUED, 0),
        claimed=states.get(ItemState.CLAIMED, 0),
        outcomes=outcomes,
        unjudged=unjudged or 0,
    )


@dataclass(frozen=True, slots=True)
class StoredRow:
    """One row of a batch as it stands; `outcome` is None while it has none."""

    item: RowMapping
    outcome: RowMapping | None
    suggestions: Sequence[RowMapping]


def stream_rows(database: Database, batch_id: str, *, page: int = 500) -> Iterator[StoredRow]:
    """All rows of a batch in input order, page by page, in constant memory."""
    last = 0
    while True:
        with database.read() as connection:
            items = (
                connection.execute(
                    select(Item.__table__)
                    .where(Item.batch_id == batch_id, Item.row > last)
                    .order_by(Item.row)
                    .limit(page)
                )
                .mappings()
                .all()
            )
            if not items:
                return
            ids = [item["id"] for item in items]
            outcomes = {
                row["item_id"]: row
                for row in connection.execute(
                    select(OutcomeRow.__table__).where(OutcomeRow.item_id.in_(ids))
                ).mappings()
            }
            suggestions: dict[int, list[RowMapping]] = {}
            for row in connection.execute(
                select(SuggestionRow.__table__)
                .where(SuggestionRow.item_id.in_(ids))
                .order_by(SuggestionRow.item_id, SuggestionRow.rank)
            ).mappings():
                suggestions.setdefault(row["item_id"], []).append(row)
        for item in items:
            yield StoredRow(item, outcomes.get(item["id"]), suggestions.get(item["id"], ()))
        last = items[-1]["row"]
