"""Judging through the Batch API: sent, collected, expired parts sent again, crashes in between."""

from typing import Any

import pytest
from sqlalchemy import select, update

from domaingen.judging.replies import Usage
from domaingen.scoring.batch_api import judge_batches, make_sync_client
from domaingen.scoring.calling import has_batch_work
from domaingen.scoring.prices import find_price
from domaingen.scoring.scorer import Scorer
from domaingen.store.database import Database
from domaingen.store.scoring_schema import PendingScore, ProviderBatch
from tests.support.fake_openai import FakeOpenAI
from tests.support.unjudged import causes_of, judge_settings, judges_of, store_unjudged, usage_of


def test_a_batch_is_sent_once_collected_once_and_costs_half(database: Database) -> None:
    batch_id = store_unjudged(database, 20, judge="openai-batch")
    with FakeOpenAI() as server:
        settings = judge_settings(server)
        # The live scorer leaves these rows alone.
        Scorer(database, settings).score()
        assert not server.journal.entries
        first = judge_batches(database, settings)
        assert first is not None
        assert (first.sent, first.collected) == (20, 0)
        second = judge_batches(database, settings)
        assert second is not None
        assert (second.sent, second.collected, second.names) == (0, 1, 60)
        assert not has_batch_work(database)
        told = server.journal.statistics()
    assert judges_of(database, batch_id) == {"openai": 60}
    price = find_price(settings)
    assert price is not None
    billed = Usage(20, told["input_tokens"], told["cached_tokens"], 0, told["output_tokens"])
    assert usage_of(database, batch_id)["cost_usd_micro"] == price.cost(billed, batch=True)
    assert abs(2 * price.cost(billed, batch=True) - price.cost(billed)) <= 1


def test_expired_and_failed_parts_are_sent_again_and_counted_once(database: Database) -> None:
    batch_id = store_unjudged(database, 10, judge="openai-batch")
    with FakeOpenAI() as server:
        settings = judge_settings(server)
        server.batches.expire_next, server.batches.fail_next = 3, 2
        judge_batches(database, settings)
        second = judge_batches(database, settings)
        assert second is not None
        assert (second.sent, second.collected, second.names) == (5, 1, 15)
        judge_batches(database, settings)
        assert len(server.batches.batches) == 2
        assert server.journal.statistics()["answered_more_than_once"] == 0
    assert judges_of(database, batch_id) == {"openai": 30}
    assert usage_of(database, batch_id)["requests"] == 10
    assert causes_of(database, batch_id) == {}


class _Crash(Exception):
    pass


def _crashing(client: Any, *, after_arrival: bool) -> Any:
    create = client.batches.create

    def crash(**arguments: Any) -> None:
        if after_arrival:
            create(**arguments)
        raise _Crash

    client.batches.create = crash
    return client


@pytest.mark.parametrize("arrived", [True, False])
def test_a_crash_while_sending_neither_loses_rows_nor_pays_twice(database: Database, arrived: bool) -> None:
    batch_id = store_unjudged(database, 6, judge="openai-batch")
    with FakeOpenAI() as server:
        settings = judge_settings(server)
        with pytest.raises(_Crash):
            judge_batches(database, settings, _crashing(make_sync_client(settings), after_arrival=arrived))
        for _ in range(3):
            judge_batches(database, settings)
        assert len(server.batches.batches) == 1
        assert server.journal.statistics()["answered_more_than_once"] == 0
    assert judges_of(database, batch_id) == {"openai": 18}
    with database.read() as connection:
        states = list(connection.scalars(select(ProviderBatch.state).order_by(ProviderBatch.created_at)))
    assert states == (["done"] if arrived else ["lost", "done"])


def test_collecting_again_after_a_crash_counts_nothing_twice(database: Database) -> None:
    batch_id = store_unjudged(database, 4, judge="openai-batch")
    with FakeOpenAI() as server:
        settings = judge_settings(server)
        judge_batches(database, settings)
        judge_batches(database, settings)
        before = usage_of(database, batch_id)
        with database.begin() as connection:
            connection.execute(update(ProviderBatch).values(state="submitted", finished_at=None))
        judge_batches(database, settings)
    assert usage_of(database, batch_id) == before


def test_a_server_without_batches_leaves_the_rows_waiting_with_a_cause(sqlite_database: Database) -> None:
    batch_id = store_unjudged(sqlite_database, 2, judge="openai-batch")
    with FakeOpenAI(key="sk-other") as server:
        client = make_sync_client(judge_settings(server))
        client.base_url = f"http://127.0.0.1:{server.port}/nothing/"
        judge_batches(sqlite_database, judge_settings(server), client)
    assert causes_of(sqlite_database, batch_id) == {"model_missing": 2}
    with sqlite_database.read() as connection:
        assert list(connection.scalars(select(PendingScore.token))) == [None, None]


def test_a_budget_counts_the_files_that_are_away(database: Database) -> None:
    """A row is estimated at half of 1,700 micro-dollars: 5,000 cover five rows, however many files carry them."""
    batch_id = store_unjudged(database, 20, judge="openai-batch", settings={"budget_usd_micro": 5_000})
    with FakeOpenAI(batch_delay_s=60) as server:
        settings = judge_settings(server, judge_batch_requests=3)
        sent = []
        for _ in range(8):
            round_ = judge_batches(database, settings)
            assert round_ is not None
            sent.append(round_.sent)
        assert sent == [3, 2, 0, 0, 0, 0, 0, 0]
        # What is short of money waits for the files; nothing is parked before it is known what they cost.
        assert causes_of(database, batch_id).keys() == {None}
        for _ in range(14):
            for batch in server.batches.batches.values():
                batch.ready_at = 0.0
            with database.begin() as connection:
                put_off = PendingScore.due_at.is_not(None) & PendingScore.token.is_(None)
                connection.execute(update(PendingScore).where(put_off).values(due_at=0.0))
            judge_batches(database, settings)
    spent = usage_of(database, batch_id)["cost_usd_micro"]
    assert 5_000 - 900 < spent <= 5_000
    assert causes_of(database, batch_id).keys() == {"budget_batch"}
