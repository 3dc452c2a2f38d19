"""Batches in a real store, with rows that ended as the test wants."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import insert

from domaingen.store.batches import NewBatch, NewItem, add_items, close_reception, create_batch, finish_if_done
from domaingen.store.claims import claim_items, record_outcomes
from domaingen.store.database import Database
from domaingen.store.schema import ModelVersion, Table
from domaingen.suggestion import Outcome


@dataclass(frozen=True)
class Case:
    """An input row and how it ends; None leaves it without an outcome."""

    description: str
    outcome: Outcome | None
    id: str | None = None
    cells: Mapping[str, str] = field(default_factory=dict)


@pytest.fixture
def database(tmp_path: Path):
    database = Database(f"sqlite:///{tmp_path / 'store.sqlite3'}")
    Table.metadata.create_all(database.engine)
    with database.begin() as connection:
        connection.execute(
            insert(ModelVersion).values(
                name="names-1", digest="d" * 64, path="/nowhere", state="active", card={}, created_at=0.0
            )
        )
    yield database
    database.close()


def store_batch(
    database: Database,
    cases: Sequence[Case],
    *,
    columns: Sequence[str] = ("id", "description"),
    source_name: str = "spring_launch.csv",
    settings: Mapping[str, Any] | None = None,
    backwards: bool = False,
) -> str:
    """Store and finish a batch; `backwards` records the last rows first, as another set of workers might."""
    new = NewBatch(
        source_name, "a" * 64, "f" * 64, columns, settings or {"count": 2, "seed": 7, "judge": "local"}, "names-1",
        len(cases),
    )  # fmt: skip
    with database.begin() as connection:
        batch_id = create_batch(connection, new)
        items = [
            NewItem(
                row, case.id or str(row), case.description,
                {"id": case.id or "", "description": case.description, **case.cells},
            )
            for row, case in enumerate(cases, start=1)
        ]  # fmt: skip
        ids = []
        for start in range(0, len(items), 1000):
            ids += add_items(connection, batch_id, items[start : start + 1000])
        close_reception(connection, batch_id)
        order = range(0, len(cases), 250)
        for start in reversed(order) if backwards else order:
            done = [n for n in range(start, min(start + 250, len(cases))) if cases[n].outcome is not None]
            if not done:
                continue
            claim = claim_items(connection, batch_id, [ids[n] for n in done], lease_s=60, max_attempts=5)
            assert claim is not None
            outcomes = [(item, cases[item.row - 1].outcome) for item in claim.items]
            record_outcomes(connection, claim, outcomes[::-1] if backwards else outcomes)
    with database.begin() as connection:
        finish_if_done(connection, batch_id)
    return batch_id


@pytest.fixture
def stored(database: Database) -> Callable[..., str]:
    return lambda cases, **kwargs: store_batch(database, cases, **kwargs)
