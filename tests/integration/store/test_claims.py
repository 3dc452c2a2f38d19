"""Claiming and recording, on SQLite and on Postgres."""

import multiprocessing
import random
import time
from collections.abc import Callable

import pytest
from sqlalchemy import insert, select, update
from sqlalchemy.exc import IntegrityError

from domaingen.outcomes import FailureType, Judge, Status
from domaingen.store.batches import get_batch, progress
from domaingen.store.claims import (
    Claim,
    LeaseKeeper,
    claim_and_commit,
    record_and_commit,
    release_claim,
)
from domaingen.store.database import Database
from domaingen.store.schema import Item, OutcomeRow, SuggestionRow
from domaingen.suggestion import Outcome, Suggestion, without_names
from tests.support.rows import assert_all_ended_once, store_batch

MakeBatch = Callable[..., tuple[str, list[int]]]


def outcome(domain: str = "downtownbrew.com") -> Outcome:
    return Outcome(Status.SUGGESTED, (Suggestion(domain, 0.8, 0.75, Judge.LOCAL, 0.85, 8, 9, 8),), model="instant")


def claim(
    database: Database, batch_id: str, ids: list[int], *, lease_s: float = 30, max_attempts: int = 5
) -> Claim | None:
    return claim_and_commit(database, batch_id, ids, lease_s=lease_s, max_attempts=max_attempts)


def test_a_claimed_row_is_not_claimed_again_while_its_lease_holds(
    database: Database, make_batch: MakeBatch
) -> None:
    batch_id, ids = make_batch(4)
    first = claim(database, batch_id, ids)
    assert first is not None
    assert [item.row for item in first.items] == [1, 2, 3, 4]
    assert claim(database, batch_id, ids) is None


def test_a_lease_that_ran_out_is_claimed_by_the_next_and_the_first_holder_writes_nothing(
    database: Database, make_batch: MakeBatch
) -> None:
    batch_id, ids = make_batch(2)
    slow = claim(database, batch_id, ids, lease_s=0.05)
    assert slow is not None
    time.sleep(0.1)
    second = claim(database, batch_id, ids)
    assert second is not None
    assert second.items[0].attempts == 2
    assert not record_and_commit(database, slow, [(item, outcome()) for item in slow.items])
    assert record_and_commit(database, second, [(item, outcome()) for item in second.items]) == set(ids)
    assert not record_and_commit(database, second, [(item, outcome()) for item in second.items])
    assert_all_ended_once(database, batch_id, 2)


def test_a_lease_keeper_keeps_the_lease_from_running_out(database: Database, make_batch: MakeBatch) -> None:
    batch_id, ids = make_batch(1)
    held = claim(database, batch_id, ids, lease_s=0.6)
    assert held is not None
    with LeaseKeeper(database, held, lease_s=0.6):
        time.sleep(1.2)
        assert claim(database, batch_id, ids) is None


def test_a_row_that_was_claimed_too_often_ends_as_poison(database: Database, make_batch: MakeBatch) -> None:
    batch_id, ids = make_batch(2)
    for _ in range(3):
        assert claim(database, batch_id, ids[:1], lease_s=-1, max_attempts=3)
    assert claim(database, batch_id, ids[:1], max_attempts=3) is None
    again = claim(database, batch_id, ids, max_attempts=3)
    assert again is not None
    assert [item.id for item in again.items] == ids[1:]
    with database.read() as connection:
        row = connection.execute(select(OutcomeRow.__table__).where(OutcomeRow.item_id == ids[0])).mappings().one()
    assert (row["status"], row["failure_type"], row["attempts"]) == ("failed", "poison", 3)


def test_a_released_claim_counts_no_attempt(database: Database, make_batch: MakeBatch) -> None:
    batch_id, ids = make_batch(1)
    held = claim(database, batch_id, ids)
    assert held is not None
    with database.begin() as connection:
        assert release_claim(connection, held) == 1
    again = claim(database, batch_id, ids)
    assert again is not None
    assert again.items[0].attempts == 1


def test_the_database_refuses_a_second_outcome_for_a_row(database: Database, make_batch: MakeBatch) -> None:
    batch_id, ids = make_batch(1)
    held = claim(database, batch_id, ids)
    assert held is not None
    record_and_commit(database, held, [(held.items[0], outcome())])
    with pytest.raises(IntegrityError), database.begin() as connection:
        connection.execute(
            insert(OutcomeRow).values(
                item_id=ids[0],
                batch_id=batch_id,
                status="failed",
                failure_type="poison",
                attempts=1,
                recorded_at=0.0,
            )
        )


@pytest.mark.parametrize("changes", [{"failure_type": "poison"}, {"status": "failed"}, {"status": "perhaps"}])
def test_the_database_refuses_an_outcome_that_is_both_or_neither(
    database: Database, make_batch: MakeBatch, changes: dict[str, str]
) -> None:
    batch_id, ids = make_batch(1)
    values = {"item_id": ids[0], "batch_id": batch_id, "status": "suggested", "attempts": 1, "recorded_at": 0.0}
    with pytest.raises(IntegrityError), database.begin() as connection:
        connection.execute(insert(OutcomeRow).values(values | changes))


def test_a_claimed_row_without_a_token_can_not_be_stored(database: Database, make_batch: MakeBatch) -> None:
    _, ids = make_batch(1)
    with pytest.raises(IntegrityError), database.begin() as connection:
        connection.execute(update(Item).where(Item.id == ids[0]).values(state="claimed"))


def test_names_and_their_row_are_written_together_or_not_at_all(database: Database, make_batch: MakeBatch) -> None:
    batch_id, ids = make_batch(1)
    held = claim(database, batch_id, ids)
    assert held is not None
    same = outcome().suggestions * 2
    with pytest.raises(IntegrityError):
        record_and_commit(database, held, [(held.items[0], Outcome(Status.SUGGESTED, same, model="instant"))])
    with database.read() as connection:
        assert connection.scalar(select(Item.state).where(Item.id == ids[0])) == "claimed"
        assert connection.scalar(select(SuggestionRow.domain)) is None


def test_progress_counts_rows_by_status(database: Database, make_batch: MakeBatch) -> None:
    batch_id, ids = make_batch(5)
    held = claim(database, batch_id, ids[:3])
    assert held is not None
    refused = without_names(FailureType.SAFETY_ISSUE, "No.", category="drugs", model="instant")
    record_and_commit(database, held, [(held.items[0], outcome()), (held.items[1], refused)])
    state = progress(database, batch_id)
    assert (state.waiting, state.claimed, state.done, state.complete) == (2, 1, 2, False)
    assert state.outcomes == {"suggested": 1, "refused": 1, "rejected": 0, "failed": 0}
    assert get_batch(database, batch_id)["state"] == "open"


def _claim_at_random(
    url: str, batch_id: str, ids: list[int], seed: int, counts: "multiprocessing.Queue[list[int]]"
) -> None:
    """One of several processes that fight for the same rows."""
    database = Database(url)
    choice = random.Random(seed)
    written: list[int] = []
    for _ in range(400):
        held = claim_and_commit(database, batch_id, choice.sample(ids, 7), lease_s=30, max_attempts=5)
        if held is None:
            continue
        results = [(item, outcome(f"name{item.id}.com")) for item in held.items]
        assert len(record_and_commit(database, held, results)) == len(results)
        written += [item.id for item in held.items]
        if len(written) > len(ids):
            break
    counts.put(written)


def test_four_processes_that_fight_for_rows_write_each_once(database_url: str) -> None:
    database = Database(database_url)
    batch_id, ids = store_batch(database, 300)
    context = multiprocessing.get_context("spawn")
    counts: multiprocessing.Queue[list[int]] = context.Queue()
    processes = [
        context.Process(target=_claim_at_random, args=(database_url, batch_id, ids, seed, counts))
        for seed in range(4)
    ]
    for process in processes:
        process.start()
    written = [counts.get(timeout=90) for _ in processes]
    for process in processes:
        process.join(timeout=10)
    together = [item_id for part in written for item_id in part]
    assert sorted(together) == sorted(set(together))
    assert sum(1 for part in written if part) >= 2, "the processes did not overlap"
    held = claim_and_commit(database, batch_id, ids, lease_s=30, max_attempts=5)
    if held:
        record_and_commit(database, held, [(item, outcome(f"name{item.id}.com")) for item in held.items])
    assert_all_ended_once(database, batch_id, 300)
    database.close()
