"""Batches of simple rows, stored without a CSV."""

import uuid
from collections.abc import Sequence

from sqlalchemy import func, select

from domaingen.store.batches import NewBatch, NewItem, add_items, close_reception, create_batch
from domaingen.store.database import Database
from domaingen.store.schema import Item, OutcomeRow

SETTINGS = {"count": 5, "judge": "local", "seed": 0, "max_description_length": 2000, "refuse_uncertain": True}


def store_batch(
    database: Database, rows: int, *, descriptions: Sequence[str] | None = None, close: bool = True
) -> tuple[str, list[int]]:
    """Store `rows` rows in one transaction."""
    texts = descriptions or [f"bakery number {number} in the old town" for number in range(rows)]
    new = NewBatch("test.csv", "d" * 64, uuid.uuid4().hex * 2, ["description"], SETTINGS, "instant", len(texts))
    items = [NewItem(row, str(row), text, {"description": text}) for row, text in enumerate(texts, start=1)]
    with database.begin() as connection:
        batch_id = create_batch(connection, new)
        ids = add_items(connection, batch_id, items)
        if close:
            close_reception(connection, batch_id)
    return batch_id, ids


def assert_all_ended_once(database: Database, batch_id: str, rows: int) -> None:
    """The promise of the store: every row terminal, exactly one outcome each, nothing half written."""
    with database.read() as connection:
        states = dict(
            connection.execute(
                select(Item.state, func.count()).where(Item.batch_id == batch_id).group_by(Item.state)
            ).all()
        )
        outcomes = connection.scalar(
            select(func.count()).select_from(OutcomeRow).where(OutcomeRow.batch_id == batch_id)
        )
    assert states == {"done": rows}
    assert outcomes == rows
