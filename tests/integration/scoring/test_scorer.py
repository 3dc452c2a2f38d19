"""Scoring rows against the fake server, on SQLite and on Postgres."""

import threading
import time
from itertools import pairwise
from pathlib import Path

import pytest
import structlog
from sqlalchemy import select, update

from domaingen.judging.replies import Cause, Usage
from domaingen.outcomes import Judge
from domaingen.scoring.prices import find_price
from domaingen.scoring.progress import scoring_state
from domaingen.scoring.scorer import Scorer
from domaingen.store.batches import get_batch
from domaingen.store.database import Database
from domaingen.store.schema import Item, SuggestionRow
from domaingen.store.scores import claim_scores, unpark
from domaingen.store.scoring_schema import PendingScore
from domaingen.store.verdicts import Verdicts, record_scores
from domaingen.suggestion import Judgement, combine_scores
from tests.support.fake_openai import FakeOpenAI, Fault, FaultPlan, Limits
from tests.support.fake_openai.answers import score as fake_score
from tests.support.servers import wait_until
from tests.support.unjudged import causes_of, judge_settings, judges_of, store_unjudged, usage_of


def drain_until_judged(database: Database, scorer: Scorer, batch_id: str, *, timeout_s: float = 30) -> None:
    def done() -> bool:
        scorer.score()
        return not causes_of(database, batch_id)

    wait_until(done, timeout_s=timeout_s, what="the last score")


def test_every_name_gets_the_judges_scores_and_rows_are_ranked_by_them(database: Database) -> None:
    batch_id = store_unjudged(database, 12, names=4)
    with FakeOpenAI() as server:
        report = Scorer(database, judge_settings(server)).score()
    assert report is not None
    assert (report.rows, report.names, report.handed_back, report.requests) == (12, 48, 0, 12)
    assert judges_of(database, batch_id) == {"openai": 48}
    with database.read() as connection:
        rows = (
            connection.execute(
                select(SuggestionRow.__table__, Item.description)
                .join(Item, Item.id == SuggestionRow.item_id)
                .order_by(SuggestionRow.item_id, SuggestionRow.rank)
            )
            .mappings()
            .all()
        )
    for row in rows:
        wanted = fake_score(row["description"], row["domain"])
        assert [row[mark] for mark in ("relevance", "memorability", "brandability")] == [
            wanted[mark] for mark in ("relevance", "memorability", "brandability")
        ]
        assert row["score"] == combine_scores(row["rule_score"], row["judge_score"])
        assert row["reason"] == wanted["reason"]
    for first, second in pairwise(rows):
        if first["item_id"] == second["item_id"]:
            assert (second["rank"], first["score"] >= second["score"]) == (first["rank"] + 1, True)


def test_a_batch_is_finished_while_its_names_still_wait_for_the_judge(database: Database) -> None:
    batch_id = store_unjudged(database, 3)
    assert get_batch(database, batch_id)["state"] == "finished"
    state = scoring_state(database, batch_id)
    assert (state.waiting, state.parked, state.unjudged) == (3, 0, 3)


@pytest.mark.parametrize(
    "fault",
    [
        Fault.RATE_LIMIT,
        Fault.RATE_LIMIT_AFTER,
        Fault.SERVER_ERROR,
        Fault.UNAVAILABLE,
        Fault.DISCONNECT,
        Fault.MALFORMED,
        Fault.PROSE,
        Fault.TRUNCATED,
        Fault.REFUSAL,
        Fault.OUT_OF_RANGE,
        Fault.MISSING_NAME,
        Fault.TIMEOUT,
    ],
)
def test_a_passing_fault_costs_another_request_and_no_name(sqlite_database: Database, fault: Fault) -> None:
    batch_id = store_unjudged(sqlite_database, 2)
    with FakeOpenAI() as server:
        server.faults.extend([fault])
        scorer = Scorer(sqlite_database, judge_settings(server, judge_timeout_s=1.0))
        drain_until_judged(sqlite_database, scorer, batch_id)
        assert judges_of(sqlite_database, batch_id) == {"openai": 6}
        assert len(server.journal.of("ok")) == 2


@pytest.mark.parametrize(
    ("fault", "cause"),
    [
        (Fault.REFUSAL, Cause.REFUSED),
        (Fault.PROSE, Cause.MALFORMED),
        (Fault.OUT_OF_RANGE, Cause.OUT_OF_RANGE),
        (Fault.TRUNCATED, Cause.TRUNCATED),
        (Fault.MISSING_NAME, Cause.MALFORMED),
    ],
)
def test_a_row_that_is_answered_badly_every_time_is_parked_with_its_cause(
    sqlite_database: Database, fault: Fault, cause: Cause
) -> None:
    batch_id = store_unjudged(sqlite_database, 1)
    with FakeOpenAI(faults=FaultPlan(rates={fault: 1.0})) as server:
        scorer = Scorer(sqlite_database, judge_settings(server, judge_max_attempts=3))
        scorer.score()
        scorer.score()
        assert len(server.journal.entries) == 3
    assert causes_of(sqlite_database, batch_id) == {cause: 1}
    assert judges_of(sqlite_database, batch_id) == {"pending": 3}
    state = scoring_state(sqlite_database, batch_id)
    assert (state.waiting, state.parked) == (0, 1)
    with FakeOpenAI() as server, sqlite_database.begin() as connection:
        assert unpark(connection, batch_id) == 1
    with FakeOpenAI() as server:
        Scorer(sqlite_database, judge_settings(server)).score()
    assert judges_of(sqlite_database, batch_id) == {"openai": 3}


@pytest.mark.parametrize(
    ("fault", "cause"),
    [
        (Fault.QUOTA, Cause.QUOTA),
        (Fault.AUTH, Cause.KEY_REFUSED),
        (Fault.FORBIDDEN, Cause.KEY_REFUSED),
        (Fault.NO_MODEL, Cause.MODEL_MISSING),
    ],
)
def test_what_nobody_can_help_opens_the_breaker_at_once(
    sqlite_database: Database, fault: Fault, cause: Cause
) -> None:
    batch_id = store_unjudged(sqlite_database, 40)
    with FakeOpenAI(faults=FaultPlan(rates={fault: 1.0})) as server:
        settings = judge_settings(server, judge_in_flight=4)
        Scorer(sqlite_database, settings).score()
        asked = len(server.journal.entries)
        assert asked <= 4
        # Another process knows of it too.
        Scorer(sqlite_database, settings).score()
        assert len(server.journal.entries) == asked
    assert judges_of(sqlite_database, batch_id) == {"pending": 120}
    assert cause in causes_of(sqlite_database, batch_id)
    assert scoring_state(sqlite_database, batch_id).waiting == 40


def test_an_outage_leaves_rows_pending_with_a_cause_and_they_are_judged_when_it_is_over(
    database: Database,
) -> None:
    batch_id = store_unjudged(database, 30)
    with FakeOpenAI(faults=FaultPlan(outage=(0.0, 2.5))) as server:
        scorer = Scorer(database, judge_settings(server))
        scorer.score()
        assert judges_of(database, batch_id) == {"pending": 90}
        assert set(causes_of(database, batch_id)) <= {Cause.UNAVAILABLE, None}
        drain_until_judged(database, scorer, batch_id)
        assert judges_of(database, batch_id) == {"openai": 90}
        # While the breaker is open one probe at a time is sent, no more.
        assert len(server.journal.of("unavailable")) < 45
        assert server.journal.statistics()["answered_more_than_once"] == 0


def test_a_resubmitted_file_costs_nothing(database: Database) -> None:
    with FakeOpenAI() as server:
        scorer = Scorer(database, judge_settings(server))
        store_unjudged(database, 1)
        with database.begin() as connection:
            # The same names for the same descriptions again.
            connection.execute(update(SuggestionRow).values(domain="same" + "-" + SuggestionRow.domain))
        scorer.score()
        first = [(row.domain, row.score) for row in _names(database)]
        asked = len(server.journal.entries)
        with database.begin() as connection:
            connection.execute(update(SuggestionRow).values(judge=Judge.PENDING, judge_score=None, score=0.0))
            item_id = connection.scalar(select(Item.id))
            batch_id = connection.scalar(select(Item.batch_id))
            connection.execute(
                PendingScore.__table__.insert().values(
                    item_id=item_id, batch_id=batch_id, mode="live", due_at=0.0, attempts=0
                )  # type: ignore[attr-defined]
            )
        report = scorer.score()
        assert report is not None
        assert (report.names, report.requests, report.cost_usd_micro) == (3, 0, 0)
        assert len(server.journal.entries) == asked
    assert [(row.domain, row.score) for row in _names(database)] == first


def _names(database: Database) -> list[SuggestionRow]:
    with database.read() as connection:
        return list(connection.execute(select(SuggestionRow.__table__).order_by(SuggestionRow.rank)))  # type: ignore[arg-type]


@pytest.mark.parametrize("names_per_call", [1, 20])
def test_a_batch_budget_stops_its_scoring_and_nothing_else(sqlite_database: Database, names_per_call: int) -> None:
    poor = store_unjudged(sqlite_database, 40, settings={"budget_usd_micro": 12_000})
    rich = store_unjudged(sqlite_database, 5, start=1000)
    with FakeOpenAI() as server:
        settings = judge_settings(server, judge_in_flight=4, judge_names_per_call=names_per_call)
        Scorer(sqlite_database, settings).score()
    spent = usage_of(sqlite_database, poor)["cost_usd_micro"]
    # A row is estimated at 1,700 (5,000 with a request a name) and costs a third of it: what is under way at that
    # estimate must not stop what the money is there for.
    assert 12_000 - 5_000 < spent <= 12_000
    assert causes_of(sqlite_database, poor).keys() == {Cause.BUDGET_BATCH}
    assert judges_of(sqlite_database, rich) == {"openai": 15}
    assert scoring_state(sqlite_database, poor).waiting == 0


def test_two_processes_exceed_a_budget_by_no_more_than_the_other_has_in_flight(database: Database) -> None:
    poor = store_unjudged(database, 60, settings={"budget_usd_micro": 15_000})
    with FakeOpenAI(latency_s=0.05) as server:
        scorers = [Scorer(database, judge_settings(server, judge_in_flight=4)) for _ in range(2)]
        threads = [threading.Thread(target=scorer.score) for scorer in scorers]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join(timeout=60)
    assert causes_of(database, poor).keys() == {Cause.BUDGET_BATCH}
    assert 15_000 - 1_900 < usage_of(database, poor)["cost_usd_micro"] <= 15_000 + 4 * 1_900


def test_a_batch_with_a_budget_and_a_model_without_a_price_spends_nothing(
    sqlite_database: Database,
) -> None:
    batch_id = store_unjudged(sqlite_database, 3, settings={"budget_usd_micro": 1_000_000})
    with FakeOpenAI() as server:
        Scorer(sqlite_database, judge_settings(server, judge_model="our-own-model")).score()
        assert server.journal.entries == []
    assert causes_of(sqlite_database, batch_id) == {Cause.BUDGET_BATCH: 3}


def test_a_days_budget_puts_the_rest_off_to_the_next_day(sqlite_database: Database) -> None:
    batch_id = store_unjudged(sqlite_database, 40)
    with FakeOpenAI() as server:
        Scorer(sqlite_database, judge_settings(server, judge_in_flight=4, judge_budget_usd_per_day=0.006)).score()
    assert 4_000 < usage_of(sqlite_database, batch_id)["cost_usd_micro"] <= 6_000
    assert causes_of(sqlite_database, batch_id).keys() == {Cause.BUDGET_DAY}
    assert (
        scoring_state(sqlite_database, batch_id).waiting == causes_of(sqlite_database, batch_id)[Cause.BUDGET_DAY]
    )


def test_the_cost_of_a_batch_is_what_the_journal_says_bad_answers_included(database: Database) -> None:
    rates = {Fault.REFUSAL: 0.1, Fault.OUT_OF_RANGE: 0.1, Fault.SERVER_ERROR: 0.1, Fault.MISSING_NAME: 0.1}
    batch_id = store_unjudged(database, 60)
    with FakeOpenAI(faults=FaultPlan(rates=rates, seed=3)) as server:
        settings = judge_settings(server, judge_max_attempts=12)
        drain_until_judged(database, Scorer(database, settings), batch_id)
        told = server.journal.statistics()
    price = find_price(settings)
    assert price is not None
    billed = Usage(told["requests"], told["input_tokens"], told["cached_tokens"], 0, told["output_tokens"])
    usage = usage_of(database, batch_id)
    assert usage["input_tokens"] == told["input_tokens"]
    assert usage["output_tokens"] == told["output_tokens"]
    assert usage["requests"] == told["requests"]
    assert abs(usage["cost_usd_micro"] - price.cost(billed)) < 100


def test_a_process_that_lost_its_lease_writes_nothing(database: Database) -> None:
    batch_id = store_unjudged(database, 2)
    with database.begin() as connection:
        slow = claim_scores(connection, "slow", limit=5, lease_s=0.05)
    time.sleep(0.1)
    with FakeOpenAI() as server:
        Scorer(database, judge_settings(server)).score()
    ones = [Verdicts(row, dict.fromkeys(row.pending, Judgement(1, 1, 1))) for row in slow]
    with database.begin() as connection:
        assert record_scores(connection, "slow", ones) == 0
    assert judges_of(database, batch_id) == {"openai": 6}
    assert all(row.relevance != 1 or row.memorability != 1 for row in _names(database))


def test_two_processes_together_keep_the_providers_limit(database: Database) -> None:
    batch_id = store_unjudged(database, 150)
    with FakeOpenAI(limits=Limits(requests_per_minute=1800), latency_s=0.05) as server:
        scorers = [Scorer(database, judge_settings(server)) for _ in range(2)]
        threads = [threading.Thread(target=scorer.score) for scorer in scorers]
        started = time.monotonic()
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join(timeout=60)
        drain_until_judged(database, scorers[0], batch_id)
        took_s = time.monotonic() - started
        statistics = server.journal.statistics()
    assert judges_of(database, batch_id) == {"openai": 450}
    assert statistics["by_outcome"].get("limited", 0) <= 3
    assert statistics["answered_more_than_once"] == 0
    # 150 requests at 30 a second take 5 s; far more would mean that the allowance was not used.
    assert took_s < 12


def test_tokens_are_the_limit_where_they_run_out_first(sqlite_database: Database) -> None:
    batch_id = store_unjudged(sqlite_database, 40)
    with FakeOpenAI(limits=Limits(tokens_per_minute=60 * 20_000)) as server:
        drain_until_judged(sqlite_database, Scorer(sqlite_database, judge_settings(server)), batch_id)
        assert server.journal.statistics()["by_outcome"].get("limited", 0) <= 4
    assert judges_of(sqlite_database, batch_id) == {"openai": 120}


@pytest.mark.parametrize(
    ("supports", "dialect"),
    [({"chat", "schema", "json"}, "chat_schema"), ({"chat", "json"}, "chat_json"), ({"chat"}, "chat_plain")],
)
def test_a_compatible_server_is_asked_in_the_way_that_it_knows_and_that_is_said_once(
    sqlite_database: Database, supports: set[str], dialect: str
) -> None:
    batch_id = store_unjudged(sqlite_database, 10)
    with FakeOpenAI(supports=supports, rate_headers=False) as server, structlog.testing.capture_logs() as logs:
        scorer = Scorer(sqlite_database, judge_settings(server))
        scorer.score()
        store_unjudged(sqlite_database, 3, start=500)
        scorer.score()
    assert judges_of(sqlite_database, batch_id) == {"openai": 30}
    said = [line["to"] for line in logs if "falling back" in line["event"]]
    assert said[-1] == dialect
    assert len(said) == len(set(said))


def test_one_name_a_call_keeps_the_names_that_were_judged_when_another_one_fails(
    sqlite_database: Database,
) -> None:
    batch_id = store_unjudged(sqlite_database, 1, names=3)
    with FakeOpenAI() as server:
        server.faults.extend([Fault.OK, Fault.REFUSAL, Fault.OK])
        Scorer(
            sqlite_database,
            judge_settings(server, judge_names_per_call=1, judge_in_flight=1, judge_max_attempts=1),
        ).score()
        assert len(server.journal.entries) == 3
    assert judges_of(sqlite_database, batch_id) == {"openai": 2, "pending": 1}
    assert causes_of(sqlite_database, batch_id) == {Cause.REFUSED: 1}


def test_a_second_call_in_the_same_process_returns_at_once(sqlite_database: Database) -> None:
    store_unjudged(sqlite_database, 3)
    with FakeOpenAI(latency_s=0.8) as server:
        scorer = Scorer(sqlite_database, judge_settings(server))
        first = threading.Thread(target=scorer.score)
        first.start()
        wait_until(lambda: server.journal.in_flight, what="a request")
        started = time.monotonic()
        assert scorer.score() is None
        assert time.monotonic() - started < 0.3
        # What came with the second call is not forgotten.
        late = store_unjudged(sqlite_database, 2, start=900)
        scorer.score()
        first.join(timeout=20)
    assert judges_of(sqlite_database, late) == {"openai": 6}


def test_a_scorer_that_is_stopped_writes_what_is_open_and_hands_the_rest_back_at_once(
    sqlite_database: Database,
) -> None:
    batch_id = store_unjudged(sqlite_database, 30)
    with FakeOpenAI(latency_s=0.5) as server:
        scorer = Scorer(sqlite_database, judge_settings(server, judge_in_flight=5, lease_s=60))
        thread = threading.Thread(target=scorer.score)
        thread.start()
        wait_until(lambda: server.journal.in_flight, what="a request")
        scorer.stop()
        thread.join(timeout=20)
        assert not thread.is_alive()
        answered = len(server.journal.of("ok"))
        assert answered < 30
        assert judges_of(sqlite_database, batch_id).get("openai", 0) == 3 * answered
        Scorer(sqlite_database, judge_settings(server)).score()
    assert judges_of(sqlite_database, batch_id) == {"openai": 90}


def test_the_key_is_neither_logged_nor_stored(
    tmp_path: Path, capfd: pytest.CaptureFixture[str], sqlite_url: str
) -> None:
    database = Database(sqlite_url)
    store_unjudged(database, 3)
    with FakeOpenAI() as server, structlog.testing.capture_logs() as logs:
        server.faults.extend([Fault.AUTH])
        Scorer(database, judge_settings(server)).score()
        assert server.keys_seen == {"sk-fake-key-for-tests"}
    database.close()
    assert "sk-fake" not in str(logs) + "".join(capfd.readouterr())
    for path in tmp_path.rglob("*"):
        assert not path.is_file() or b"sk-fake" not in path.read_bytes()
