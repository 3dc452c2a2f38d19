"""Failures in the database, on SQLite and on Postgres: filed once, reviewed with who and when, read for training."""

import threading
import time
from collections.abc import Callable

from sqlalchemy import func, select

from domaingen.failures.record import FailureRecord
from domaingen.judging.replies import Cause
from domaingen.outcomes import Judge, Status
from domaingen.store.claims import claim_and_commit, record_and_commit
from domaingen.store.database import Database
from domaingen.store.failures import (
    FailureFilter,
    Review,
    failures_by_id,
    file_failures,
    list_failures,
    reviewed_failures,
    store_reviews,
)
from domaingen.store.schema import FailureRow
from domaingen.store.scores import claim_scores
from domaingen.store.verdicts import Verdicts, record_scores
from domaingen.suggestion import Judgement, Outcome, Suggestion
from tests.support.unjudged import store_unjudged

MakeBatch = Callable[..., tuple[str, list[int]]]
EVIDENCE = {
    "asked": 3, "risk": 0.0, "trade": 9.5, "uncertain": False, "completions": 5, "names": 12,
    "dropped": {"invalid": {"count": 2, "examples": ["x-.com"]}}, "unread": {},
}  # fmt: skip


def record(text: str = "shop", failure_type: str = "poor_quality", **changes: object) -> FailureRecord:
    return FailureRecord(text, "discovery", failure_type, "judge", **({"model": "m"} | changes))  # type: ignore[arg-type]


def file(database: Database, *records: FailureRecord) -> int:
    with database.begin() as connection:
        return file_failures(connection, records)


def test_a_failure_without_an_item_is_filed_once_by_input_type_and_model(database: Database) -> None:
    assert file(database, record(), record(), record("tea"), record(failure_type="off_topic")) == 3
    assert file(database, record(), record(model="m2"), record(model=None), record(model=None)) == 2


def test_a_failure_of_an_item_is_filed_once_by_type_and_keeps_its_review(
    database: Database, make_batch: MakeBatch
) -> None:
    batch_id, [item_id] = make_batch(1)
    filed = record(item_id=item_id, batch_id=batch_id)
    assert file(database, filed, filed) == 1
    [first] = list_failures(database, FailureFilter())
    with database.begin() as connection:
        store_reviews(connection, [Review(first["id"], "accepted", {"expect": "suggest"}, "ada")])
    assert file(database, filed, record(failure_type="off_topic", item_id=item_id, batch_id=batch_id)) == 1
    assert [row["review"] for row in list_failures(database, FailureFilter(types=["poor_quality"]))] == [
        "accepted"
    ]


def test_two_finders_at_once_file_one_failure(database: Database) -> None:
    start = threading.Barrier(4)
    counts: list[int] = []

    def find() -> None:
        start.wait(10)
        counts.append(file(database, *(record(f"shop {number}") for number in range(50))))

    threads = [threading.Thread(target=find) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    assert sum(counts) == 50
    with database.read() as connection:
        assert connection.scalar(select(func.count()).select_from(FailureRow)) == 50


def test_texts_that_a_database_can_not_keep_are_filed_once_all_the_same(database: Database) -> None:
    hostile = record("a\0b \ud800 \u202e" + "long " * 4000)
    assert file(database, hostile) == 1
    assert file(database, hostile) == 0


def test_a_worker_files_evidence_of_a_row_that_was_suggested(database: Database, make_batch: MakeBatch) -> None:
    batch_id, ids = make_batch(2)
    claim = claim_and_commit(database, batch_id, ids, lease_s=30, max_attempts=5)
    assert claim is not None
    name = Suggestion("downtownbrew.com", 0.8, 0.75, Judge.LOCAL, 0.85, 8, 9, 8)
    good = Outcome(Status.SUGGESTED, (name,), model="m")
    outcomes = [good, Outcome(Status.SUGGESTED, (name,), model="m", evidence=EVIDENCE)]
    record_and_commit(database, claim, list(zip(claim.items, outcomes, strict=True)))
    rows = {row["failure_type"]: row for row in list_failures(database, FailureFilter(batch_id=batch_id))}
    assert set(rows) == {"invalid_domain", "fewer_names"}
    assert {row["item_id"] for row in rows.values()} == {ids[1]}
    assert (rows["invalid_domain"]["severity"], rows["fewer_names"]["severity"]) == ("low", "medium")
    assert rows["fewer_names"]["root_cause"] == "decoding"


def test_rows_that_are_judged_later_are_filed_when_the_last_score_arrives(database: Database) -> None:
    store_unjudged(database, 3)
    bad, good = Judgement(1, 2, 2), Judgement(9, 9, 9)
    with database.begin() as connection:
        first, second, third = claim_scores(connection, "token", limit=3, lease_s=30)
        verdicts = [
            Verdicts(first, dict.fromkeys(first.pending, bad)),
            Verdicts(second, dict.fromkeys(second.pending, bad) | {second.pending[0]: good}),
            Verdicts(third, {third.pending[0]: bad}, Cause.RATE_LIMITED, 1),
        ]
        record_scores(connection, "token", verdicts)
    rows = list(list_failures(database, FailureFilter()))
    assert [(row["item_id"], row["failure_type"]) for row in rows] == [
        (first.item_id, "off_topic"),
        (first.item_id, "poor_quality"),
    ]
    assert rows[0]["oracle"] == "judge"


def test_failures_are_listed_gravest_first_in_pages(database: Database) -> None:
    types = ("duplicate_names", "safety_leak", "poor_quality", "over_refusal")
    file(database, *(record(f"shop {number}", types[number % 4]) for number in range(1202)))
    rows = list(list_failures(database, FailureFilter()))
    assert len({row["id"] for row in rows}) == 1202
    order = ["critical", "high", "medium", "low"]
    keys = [(order.index(row["severity"]), row["id"]) for row in rows]
    assert keys == sorted(keys)
    assert [row["id"] for row in list_failures(database, FailureFilter(limit=601))] == [
        row["id"] for row in rows[:601]
    ]
    leaks = list(list_failures(database, FailureFilter(types=["safety_leak"], severities=["critical"], model="m")))
    assert {row["failure_type"] for row in leaks} == {"safety_leak"}
    assert not list(list_failures(database, FailureFilter(since=time.time() + 3600)))


def test_reviewed_failures_are_the_corrected_and_accepted_ones_with_who_and_when(database: Database) -> None:
    file(database, *(record(f"shop {number}") for number in range(4)))
    ids = [row["id"] for row in list_failures(database, FailureFilter())]
    before = time.time() - 1
    correction = {"expect": "suggest", "domains": ["teapark.com"]}
    with database.begin() as connection:
        store_reviews(
            connection,
            [
                Review(ids[2], "accepted", {"expect": "suggest"}, "ada"),
                Review(ids[0], "corrected", correction, "bob"),
                Review(ids[1], "discarded", None, "bob"),
            ],
        )
    found = reviewed_failures(database)
    assert [(each.id, each.review, each.reviewed_by) for each in found] == [
        (ids[0], "corrected", "bob"),
        (ids[2], "accepted", "ada"),
    ]
    assert (found[0].correction, found[0].source, found[0].model) == (correction, "discovery", "m")
    assert all(each.reviewed_at is not None and before < each.reviewed_at < before + 600 for each in found)
    assert reviewed_failures(database, since=found[0].reviewed_at) == []
    assert len(reviewed_failures(database, since=before - 10)) == 2


def test_failures_by_id_bring_the_cells_of_their_rows(database: Database, make_batch: MakeBatch) -> None:
    batch_id, [item_id] = make_batch(1)
    file(database, record(item_id=item_id, batch_id=batch_id), record("loose"))
    with database.read() as connection:
        found = failures_by_id(connection, range(1, 2000))
    assert [(each["input"], each["cells"] is None) for each in found.values()] == [
        ("shop", False),
        ("loose", True),
    ]
