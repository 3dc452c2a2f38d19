"""Generating and scoring in real worker processes, with the fake server on the other side."""

import random
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from sqlalchemy import select, update
from sqlalchemy.exc import SQLAlchemyError

from domaingen.errors import BrokerError
from domaingen.scoring.calling import call_if_due
from domaingen.store.database import Database
from domaingen.store.schema import Batch, ProviderUsage
from tests.faults.arena import Arena
from tests.support.fake_openai import FakeOpenAI, Limits
from tests.support.rows import SETTINGS, assert_all_ended_once, store_batch
from tests.support.servers import wait_until
from tests.support.unjudged import causes_of, judges_of

MakeArena = Callable[..., Arena]


@contextmanager
def calling(arena: Arena) -> Iterator[None]:
    """Calls the scorer twice a second, as beat does."""
    stop = threading.Event()

    def call() -> None:
        while not stop.wait(0.5):
            try:
                call_if_due(arena.database, arena.publisher)
            except (BrokerError, SQLAlchemyError):
                continue

    thread = threading.Thread(target=call, daemon=True)
    thread.start()
    yield
    stop.set()
    thread.join(timeout=20)


def submit(arena: Arena, rows: int, *, judge: str = "openai", first: int = 0) -> str:
    descriptions = [f"bakery number {number} in the old town" for number in range(first, first + rows)]
    batch_id, ids = store_batch(arena.database, rows, descriptions=descriptions)
    with arena.database.begin() as connection:
        connection.execute(update(Batch).where(Batch.id == batch_id).values(settings=SETTINGS | {"judge": judge}))
    size = arena.settings.chunk_size
    arena.publisher.publish(batch_id, [ids[start : start + size] for start in range(0, len(ids), size)])
    return batch_id


def is_judged(database: Database, batch_id: str, rows: int) -> bool:
    judges = judges_of(database, batch_id)
    return sum(judges.values()) >= rows and not judges.get("pending") and not causes_of(database, batch_id)


def test_a_killed_process_loses_and_doubles_no_score(make_arena: MakeArena, database_url: str) -> None:
    moments = random.Random(5)
    with FakeOpenAI(latency_s=0.1, limits=Limits(requests_per_minute=3000)) as server:
        arena = make_arena(
            database_url, OPENAI_API_KEY="sk-fake", OPENAI_BASE_URL=server.url, DOMAINGEN_JUDGE_IN_FLIGHT="16"
        )
        with calling(arena):
            worker = arena.start_worker()
            batch_id = submit(arena, 200)
            kills = 3
            for round_ in range(1, kills + 1):
                wait_until(
                    lambda round_=round_: len(server.journal.of("ok")) >= 35 * round_,
                    timeout_s=60,
                    what="some answers",
                )
                time.sleep(moments.uniform(0.0, 0.3))
                worker.kill()
                worker = arena.start_worker()
            wait_until(lambda: is_judged(arena.database, batch_id, 200), timeout_s=90, what="all scores")
        assert judges_of(arena.database, batch_id).keys() == {"openai"}
        assert_all_ended_once(arena.database, batch_id, 200)
        # An answer that was on its way to the database when the process died is asked for again, no other one.
        assert server.journal.statistics()["answered_more_than_once"] <= kills * 2 * 16


def test_a_batch_takes_as_long_as_generating_or_scoring_and_not_as_both(
    make_arena: MakeArena, postgres_url: str
) -> None:
    with FakeOpenAI(latency_s=0.5, limits=Limits(requests_per_minute=3600)) as server:
        arena = make_arena(
            postgres_url,
            delay_s=0.6,
            OPENAI_API_KEY="sk-fake",
            OPENAI_BASE_URL=server.url,
            DOMAINGEN_LEASE_S="20",
        )
        arena.start_worker("--queues", "generate", "--pool", "threads", "--concurrency", "2")
        arena.start_worker("--queues", "score", "--pool", "threads", "--concurrency", "1")
        with calling(arena):
            warm = submit(arena, 16)
            wait_until(lambda: is_judged(arena.database, warm, 16), timeout_s=60, what="the first scores")
            started = time.monotonic()
            alone = submit(arena, 320, judge="local", first=1_000)
            arena.wait_for(alone, 320)
            generating_s = time.monotonic() - started
            started = time.monotonic()
            both = submit(arena, 320, first=2_000)
            arena.wait_for(both, 320)
            named_s = time.monotonic() - started
            wait_until(lambda: is_judged(arena.database, both, 320), timeout_s=60, what="all scores")
            both_s = time.monotonic() - started
        with arena.database.read() as connection:
            times = list(connection.scalars(select(ProviderUsage.at).where(ProviderUsage.batch_id == both)))
        scoring_s = 320 / 60
    print(
        f"generating alone {generating_s:.1f} s, scoring alone {scoring_s:.1f} s, both {both_s:.1f} s (named after {named_s:.1f} s)"
    )
    assert max(times) - min(times) > scoring_s / 2, "scoring went on while names were generated"
    # Against the naming of the same run, since another process may slow the machine down between two runs.
    assert both_s < max(named_s, scoring_s) + 0.5 * min(named_s, scoring_s)
