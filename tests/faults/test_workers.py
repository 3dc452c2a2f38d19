"""Workers are killed, stopped and overtaken; every row still ends in exactly one outcome."""

import os
import random
import signal
import sqlite3
import time
from collections.abc import Callable

import psutil
import pytest
from sqlalchemy import func, select

from domaingen.store.schema import Item, OutcomeRow
from tests.faults.arena import Arena
from tests.support.servers import wait_until

MakeArena = Callable[..., Arena]
PREFORK = ("--pool", "prefork", "--concurrency", "2")


def kill_at_random(arena: Arena, *, rows: int, kills: int, seed: int) -> None:
    moments = random.Random(seed)
    batch_id, _ = arena.submit(rows)
    worker = arena.start_worker()
    arena.wait_until_some(batch_id, 1)
    for _ in range(kills):
        time.sleep(moments.uniform(0.0, 0.6))
        worker.kill()
        worker = arena.start_worker()
        before = arena.done(batch_id)
        if before == rows:
            break
        wait_until(lambda before=before: arena.done(batch_id) > before, timeout_s=40, what="work after a kill")
    arena.wait_for(batch_id, rows, timeout_s=120)


def test_a_worker_that_is_killed_again_and_again_loses_and_doubles_nothing(
    make_arena: MakeArena, database_url: str
) -> None:
    kill_at_random(make_arena(database_url), rows=400, kills=3, seed=1)


@pytest.mark.soak
@pytest.mark.timeout(1200)
def test_25_kills_in_a_batch_of_2000_rows(make_arena: MakeArena, database_url: str) -> None:
    kill_at_random(make_arena(database_url), rows=2000, kills=25, seed=2)


def test_a_killed_pool_child_costs_time_and_nothing_else(make_arena: MakeArena, postgres_url: str) -> None:
    arena = make_arena(postgres_url)
    batch_id, _ = arena.submit(400)
    worker = arena.start_worker(*PREFORK)
    arena.wait_until_some(batch_id, 1)
    assert worker.process
    for _ in range(2):
        children = psutil.Process(worker.process.pid).children(recursive=True)
        os.kill(children[0].pid, signal.SIGKILL)
        time.sleep(0.3)
    arena.wait_for(batch_id, 400)
    assert worker.process.poll() is None, "the worker itself survives"


def test_a_row_that_kills_its_worker_ends_as_poison_and_its_neighbours_get_names(
    make_arena: MakeArena, sqlite_url: str
) -> None:
    arena = make_arena(sqlite_url, DOMAINGEN_MAX_ATTEMPTS="3")
    texts = [f"bakery number {number}" for number in range(15)] + ["killworker bakery"]
    batch_id, ids = arena.submit(16, descriptions=texts)
    arena.start_worker("--pool", "prefork", "--concurrency", "1")
    arena.wait_for(batch_id, 16, timeout_s=90)
    with arena.database.read() as connection:
        failures = connection.execute(
            select(OutcomeRow.item_id, OutcomeRow.failure_type, OutcomeRow.attempts).where(
                OutcomeRow.status == "failed"
            )
        ).all()
    assert [tuple(row) for row in failures] == [(ids[-1], "poison", 3)]


def test_a_message_that_comes_twice_does_its_work_once(make_arena: MakeArena, database_url: str) -> None:
    arena = make_arena(database_url)
    batch_id, ids = arena.submit(64, publish=False)
    chunks = [ids[start : start + 16] for start in range(0, 64, 16)] * 3
    random.Random(0).shuffle(chunks)
    arena.publisher.publish(batch_id, chunks)
    arena.start_worker()
    arena.start_worker()
    arena.wait_for(batch_id, 64)
    with arena.database.read() as connection:
        assert connection.scalar(select(func.max(Item.attempts))) == 1


def test_a_task_that_outlives_the_visibility_timeout_and_its_lease_is_not_done_twice(
    make_arena: MakeArena, database_url: str
) -> None:
    # The generator takes 4 s, the broker hands messages out again after 2 s, a lease holds 1 s unless renewed.
    arena = make_arena(database_url, delay_s=4.0)
    batch_id, _ = arena.submit(32)
    arena.start_worker()
    arena.start_worker()
    arena.wait_for(batch_id, 32)
    with arena.database.read() as connection:
        assert connection.scalar(select(func.max(Item.attempts))) == 1


@pytest.mark.parametrize(
    "pool", [("--pool", "threads", "--concurrency", "2"), PREFORK], ids=["threads", "prefork"]
)
def test_sigterm_in_the_middle_finishes_or_hands_back_and_leaves_nothing_half_written(
    make_arena: MakeArena, postgres_url: str, pool: tuple[str, ...]
) -> None:
    arena = make_arena(postgres_url)
    batch_id, _ = arena.submit(300)
    worker = arena.start_worker(*pool)
    arena.wait_until_some(batch_id, 16)
    assert worker.terminate() == 0
    with arena.database.read() as connection:
        unfinished = connection.scalar(select(func.count()).where(Item.batch_id == batch_id, Item.state != "done"))
        outcomes = connection.scalar(select(func.count()).where(OutcomeRow.batch_id == batch_id))
    assert unfinished + outcomes == 300
    arena.start_worker(*pool)
    arena.wait_for(batch_id, 300)


def test_a_frozen_worker_that_wakes_up_late_writes_nothing_over_its_successor(
    make_arena: MakeArena, database_url: str
) -> None:
    arena = make_arena(database_url, delay_s=0.5)
    batch_id, _ = arena.submit(64)
    frozen = arena.start_worker()
    wait_until(lambda: _claimed(arena) > 0, what="a claim")
    assert frozen.process
    _freeze_outside_transactions(frozen.process.pid, arena)
    arena.start_worker()
    arena.wait_for(batch_id, 64)
    os.kill(frozen.process.pid, signal.SIGCONT)
    time.sleep(1.5)
    arena.wait_for(batch_id, 64)


def _freeze_outside_transactions(pid: int, arena: Arena) -> None:
    """Stop a process at a moment when it holds no write lock. One that is stopped within a transaction holds SQLite's
    only lock, and no other process can work until it wakes up or dies (docs/operations.md)."""
    for _ in range(50):
        os.kill(pid, signal.SIGSTOP)
        if not arena.database.is_sqlite:
            return
        probe = sqlite3.connect(str(arena.database.url.database), timeout=2.0, isolation_level=None)
        try:
            probe.execute("BEGIN IMMEDIATE")
            probe.execute("ROLLBACK")
        except sqlite3.OperationalError:
            os.kill(pid, signal.SIGCONT)
            time.sleep(0.05)
        else:
            return
        finally:
            probe.close()
    raise AssertionError("the worker held the write lock every time it was stopped")


def _claimed(arena: Arena) -> int:
    with arena.database.read() as connection:
        return connection.scalar(select(func.count()).where(Item.state == "claimed")) or 0
