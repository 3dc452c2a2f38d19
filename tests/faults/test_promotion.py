"""A promotion while a batch is being worked on: nothing is lost, and each row names the model that named it."""

from collections.abc import Callable

import pytest
from sqlalchemy import Connection, func, select, update

from domaingen.store.database import Database
from domaingen.store.models import promote, rollback
from domaingen.store.schema import Batch, Item, OutcomeRow
from tests.faults.arena import Arena
from tests.support.model_folders import register
from tests.support.rows import SETTINGS
from tests.support.servers import wait_until

MakeArena = Callable[..., Arena]


def submit(arena: Arena, rows: int, model: str, *, follow: bool) -> str:
    """A batch that begins with `model`, its messages sent."""
    batch_id, ids = arena.submit(rows, publish=False)
    with arena.database.begin() as connection:
        connection.execute(
            update(Batch)
            .where(Batch.id == batch_id)
            .values(model=model, settings=SETTINGS | {"follow_active": follow})
        )
    size = arena.settings.chunk_size
    arena.publisher.publish(batch_id, [ids[start : start + size] for start in range(0, rows, size)])
    return batch_id


def change(arena: Arena, work: Callable[[Connection], object]) -> None:
    """Promote or go back from another process than the workers', while they work."""
    with arena.database.begin() as connection:
        work(connection)


def models_by_row(database: Database, batch_id: str) -> list[str | None]:
    """The model that each row names, in the order of recording."""
    with database.read() as connection:
        return list(
            connection.scalars(
                select(OutcomeRow.model)
                .where(OutcomeRow.batch_id == batch_id)
                .order_by(OutcomeRow.recorded_at, OutcomeRow.item_id)
            )
        )


def begin(arena: Arena, rows: int, *, follow: bool, workers: int = 2) -> str:
    """Two registered models, the first one active, and a batch on its way."""
    register(arena.database, arena.folder / "models", "first", "second")
    change(arena, lambda connection: promote(connection, "first"))
    batch_id = submit(arena, rows, "first", follow=follow)
    for _ in range(workers):
        arena.start_worker()
    arena.wait_until_some(batch_id, 16)
    return batch_id


@pytest.fixture(params=[False, True], ids=["keeps its model", "follows"])
def follow(request: pytest.FixtureRequest) -> bool:
    return bool(request.param)


def promote_in_the_middle(arena: Arena, rows: int, *, follow: bool) -> None:
    batch_id = begin(arena, rows, follow=follow)
    change(arena, lambda connection: promote(connection, "second"))
    with arena.database.read() as connection:
        queued = select(func.count()).where(Item.batch_id == batch_id, Item.state == "queued")
        left = connection.scalar(queued) or 0
    assert left > 0, "the promotion came too late to be in the middle"
    later = submit(arena, 64, "second", follow=False)
    arena.wait_for(batch_id, rows, timeout_s=240)
    arena.wait_for(later, 64)
    models = models_by_row(arena.database, batch_id)
    assert len(models) == rows
    if follow:
        assert set(models) == {"first", "second"}
        # A claim may have been under way while the rows were counted: at most one chunk for each thread.
        assert models.count("second") >= left - 8 * arena.settings.chunk_size
    else:
        assert set(models) == {"first"}
    assert set(models_by_row(arena.database, later)) == {"second"}, "the same workers, without a restart"


def test_a_promotion_in_the_middle_of_a_batch_loses_nothing(
    make_arena: MakeArena, database_url: str, follow: bool
) -> None:
    promote_in_the_middle(make_arena(database_url, delay_s=0.2), 400, follow=follow)


@pytest.mark.soak
@pytest.mark.timeout(600)
def test_a_promotion_in_the_middle_of_2000_rows_loses_nothing(
    make_arena: MakeArena, database_url: str, follow: bool
) -> None:
    promote_in_the_middle(make_arena(database_url, delay_s=0.2), 2000, follow=follow)


@pytest.mark.soak
@pytest.mark.timeout(900)
def test_promotions_steps_back_and_killed_workers_in_2000_rows_lose_nothing(
    make_arena: MakeArena, database_url: str
) -> None:
    arena = make_arena(database_url, delay_s=0.2)
    batch_id = begin(arena, 2000, follow=True)
    for worker, to in enumerate(["second", "first"] * 3):
        before = arena.done(batch_id)
        wait_until(lambda before=before: arena.done(batch_id) > before, timeout_s=60, what="work")
        change(
            arena, lambda connection, to=to: promote(connection, to) if to == "second" else rollback(connection)
        )
        if worker < 3:
            arena.workers[worker].kill()
            arena.start_worker()
    assert arena.done(batch_id) < 2000, "the changes came too late to be in the middle"
    arena.wait_for(batch_id, 2000, timeout_s=300)
    assert set(models_by_row(arena.database, batch_id)) == {"first", "second"}
