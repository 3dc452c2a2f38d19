"""The broker and the database go away and come back; a beat is doubled; the producer dies."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest
from sqlalchemy import select

from domaingen.store.database import Database
from domaingen.store.schema import Batch, Lock
from tests.faults.arena import Arena
from tests.support.rows import assert_all_ended_once
from tests.support.servers import PostgresServer, wait_until

MakeArena = Callable[..., Arena]


def flush(arena: Arena) -> None:
    arena.redis.client.flushall()


def kill_and_start(arena: Arena) -> None:
    arena.redis.kill()
    time.sleep(0.5)
    arena.redis.start()


def restart(arena: Arena) -> None:
    arena.redis.stop()
    arena.redis.start()


def pause(arena: Arena) -> None:
    assert arena.redis.process
    arena.redis.process.send_signal(signal.SIGSTOP)
    time.sleep(2.0)
    arena.redis.process.send_signal(signal.SIGCONT)


def cut_broadcasts(arena: Arena) -> None:
    """What a proxy or a very quick restart does to the connection on which a worker hears broadcasts: it breaks and
    a new one is taken at once. A client that mends it by itself has no subscription there and waits for ever."""
    assert arena.redis.client.client_kill_filter(_type="pubsub")


def cut_all_connections(arena: Arena) -> None:
    for kind in ("normal", "pubsub"):
        arena.redis.client.client_kill_filter(_type=kind, skipme=True)


@pytest.mark.parametrize("fault", [flush, kill_and_start, restart, pause, cut_broadcasts, cut_all_connections])
def test_a_broker_that_fails_in_the_middle_costs_time_and_nothing_else(
    make_arena: MakeArena, postgres_url: str, fault: Callable[[Arena], None]
) -> None:
    arena = make_arena(postgres_url)
    batch_id, _ = arena.submit(400)
    arena.start_worker()
    arena.wait_until_some(batch_id, 16)
    fault(arena)
    arena.wait_for(batch_id, 400, timeout_s=90)


@pytest.mark.soak
@pytest.mark.timeout(1200)
def test_all_broker_faults_in_turn_in_one_batch(make_arena: MakeArena, database_url: str) -> None:
    arena = make_arena(database_url)
    batch_id, _ = arena.submit(4000)
    arena.start_worker()
    arena.start_worker()
    for number, fault in enumerate(
        [flush, pause, kill_and_start, restart, cut_broadcasts, cut_all_connections] * 2
    ):
        arena.wait_until_some(batch_id, 16 + 200 * number, timeout_s=120)
        fault(arena)
    arena.wait_for(batch_id, 4000, timeout_s=300)


def test_flushall_with_sqlite(make_arena: MakeArena, sqlite_url: str) -> None:
    arena = make_arena(sqlite_url)
    batch_id, _ = arena.submit(400)
    arena.start_worker()
    arena.wait_until_some(batch_id, 16)
    flush(arena)
    arena.wait_for(batch_id, 400, timeout_s=90)


@pytest.mark.parametrize("mode", ["fast", "immediate"])
def test_a_postgres_that_is_restarted_in_the_middle_costs_time_and_nothing_else(
    make_arena: MakeArena, own_postgres: PostgresServer, mode: str
) -> None:
    arena = make_arena(own_postgres.url)
    batch_id, _ = arena.submit(400)
    arena.start_worker()
    arena.wait_until_some(batch_id, 16)
    own_postgres.stop(mode)
    time.sleep(0.5)
    own_postgres.start()
    arena.wait_for(batch_id, 400, timeout_s=90)


def test_rows_that_were_committed_and_never_published_are_found(make_arena: MakeArena, database_url: str) -> None:
    arena = make_arena(database_url)
    batch_id, _ = arena.submit(100, publish=False)
    arena.start_worker()
    arena.wait_for(batch_id, 100)


def test_a_producer_that_is_killed_between_commit_and_publish_is_continued_by_the_same_command(
    make_arena: MakeArena, database_url: str, tmp_path: Path
) -> None:
    arena = make_arena(database_url, DOMAINGEN_MODEL=str(tmp_path))
    csv = tmp_path / "many.csv"
    csv.write_text("description\n" + "".join(f"bakery number {number}\n" for number in range(6000)))
    command = [sys.executable, "-m", "tests.support.dying_producer", str(csv)]
    died = subprocess.run(command, env=os.environ | arena.environment, timeout=60, check=False)
    assert died.returncode == -signal.SIGKILL
    with arena.database.read() as connection:
        batch = connection.execute(select(Batch.id, Batch.state, Batch.received_rows)).one()
    assert (batch.state, batch.received_rows) == ("receiving", 4800)
    arena.start_worker("--pool", "threads", "--concurrency", "2")
    again = subprocess.run(
        [sys.executable, "-m", "domaingen", "submit", str(csv)],
        env=os.environ | arena.environment,
        timeout=60,
        check=True,
        capture_output=True,
        text=True,
    )
    assert again.stdout.strip() == batch.id
    assert "continuing" in again.stderr
    arena.wait_for(batch.id, 6000, timeout_s=110)


def test_of_two_beats_one_is_active_and_the_other_takes_over(make_arena: MakeArena, database_url: str) -> None:
    arena = make_arena(database_url)
    environment = os.environ | arena.environment
    beats = [
        subprocess.Popen(
            [sys.executable, "-m", "domaingen", "beat"],
            env=environment,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        for _ in range(2)
    ]
    try:
        database = Database(arena.environment["DOMAINGEN_DATABASE_URL"])
        wait_until(lambda: _holder(database) is not None, what="a beat that holds the lock")
        first = str(_holder(database))
        time.sleep(1.0)
        assert _holder(database) == first
        active = next(beat for beat in beats if f":{beat.pid}:" in first)
        active.terminate()
        active.wait(timeout=20)
        wait_until(lambda: _holder(database) not in {None, first}, timeout_s=40, what="the other beat")
        batch_id, _ = arena.submit(40, publish=False)
        arena.start_worker("--pool", "threads", "--concurrency", "1", "--queues", "generate,maintenance")
        arena.wait_for(batch_id, 40)
        assert_all_ended_once(database, batch_id, 40)
        database.close()
    finally:
        for beat in beats:
            beat.kill()
            beat.wait()


def _holder(database: Database) -> str | None:
    with database.read() as connection:
        return connection.scalar(select(Lock.holder).where(Lock.name == "beat"))
