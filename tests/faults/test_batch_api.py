"""The Batch API in real processes: a worker that is killed at each step, parts that expire, a beat that polls."""

import os
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from sqlalchemy import select

from domaingen.store.scoring_schema import ProviderBatch
from tests.faults.arena import Arena
from tests.faults.test_scoring import is_judged, submit
from tests.support.fake_openai import FakeOpenAI
from tests.support.rows import assert_all_ended_once
from tests.support.servers import wait_until
from tests.support.unjudged import judges_of, usage_of

MakeArena = Callable[..., Arena]
ROWS = 40


@contextmanager
def beating(arena: Arena) -> Iterator[None]:
    """A real beat process: nothing else calls the Batch API."""
    with (arena.folder / "beat.log").open("ab") as log:
        process = subprocess.Popen(
            [sys.executable, "-m", "domaingen", "beat"],
            env=os.environ | arena.environment,
            stdout=log,
            stderr=log,
            start_new_session=True,
        )
        try:
            yield
        finally:
            os.killpg(process.pid, signal.SIGKILL)
            process.wait()


def make(make_arena: MakeArena, database_url: str, server: FakeOpenAI) -> Arena:
    return make_arena(
        database_url,
        OPENAI_API_KEY="sk-fake",
        OPENAI_BASE_URL=server.url,
        DOMAINGEN_JUDGE_BATCH_POLL_S="0.5",
        DOMAINGEN_JUDGE_BATCH_REQUESTS="500",
    )


def states(arena: Arena) -> list[str]:
    with arena.database.read() as connection:
        return list(connection.scalars(select(ProviderBatch.state).order_by(ProviderBatch.created_at)))


def assert_judged_once(arena: Arena, server: FakeOpenAI, batch_id: str) -> None:
    assert judges_of(arena.database, batch_id) == {"openai": 5 * ROWS}
    assert_all_ended_once(arena.database, batch_id, ROWS)
    told = server.journal.statistics()
    assert told["answered_more_than_once"] == 0
    usage = usage_of(arena.database, batch_id)
    assert (usage["requests"], usage["input_tokens"]) == (ROWS, told["input_tokens"])


def test_a_worker_killed_between_upload_and_poll_loses_and_doubles_nothing(
    make_arena: MakeArena, database_url: str
) -> None:
    with FakeOpenAI(batch_delay_s=3.0) as server:
        arena = make(make_arena, database_url, server)
        worker = arena.start_worker()
        with beating(arena):
            batch_id = submit(arena, ROWS, judge="openai-batch")
            wait_until(lambda: "submitted" in states(arena), timeout_s=60, what="the first file")
            worker.kill()
            assert judges_of(arena.database, batch_id).keys() == {"pending"}
            arena.start_worker()
            wait_until(lambda: is_judged(arena.database, batch_id, ROWS), timeout_s=90, what="all scores")
        assert_judged_once(arena, server, batch_id)


def test_a_worker_killed_before_it_hears_that_its_batch_was_made_adopts_it(
    make_arena: MakeArena, database_url: str
) -> None:
    with FakeOpenAI() as server:
        server.batches.create_pause_s = 30.0
        arena = make(make_arena, database_url, server)
        worker = arena.start_worker()
        with beating(arena):
            batch_id = submit(arena, ROWS, judge="openai-batch")
            wait_until(lambda: server.batches.batches, timeout_s=60, what="a batch at the provider")
            worker.kill()
            assert states(arena) == ["preparing"]
            server.batches.create_pause_s = 0.0
            arena.start_worker()
            wait_until(lambda: is_judged(arena.database, batch_id, ROWS), timeout_s=90, what="all scores")
        assert set(states(arena)) == {"done"}
        assert_judged_once(arena, server, batch_id)


def test_beat_collects_what_is_ready_and_sends_expired_parts_again(make_arena: MakeArena, sqlite_url: str) -> None:
    with FakeOpenAI(batch_delay_s=0.5) as server:
        server.batches.expire_next, server.batches.fail_next = 7, 3
        arena = make(make_arena, sqlite_url, server)
        arena.start_worker()
        with beating(arena):
            batch_id = submit(arena, ROWS, judge="openai-batch")
            wait_until(lambda: is_judged(arena.database, batch_id, ROWS), timeout_s=90, what="all scores")
        assert len(states(arena)) >= 2
        assert_judged_once(arena, server, batch_id)
