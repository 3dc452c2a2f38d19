"""A canary gets its share of new batches and is compared with the active version."""

import random
from collections.abc import Sequence
from pathlib import Path

import pytest

from domaingen.errors import StoreError
from domaingen.generation.model_files import BUNDLED_MODEL
from domaingen.outcomes import FailureType, Judge, Status
from domaingen.settings import load_settings
from domaingen.store.canary import BatchTally, canary_and_rival, canary_for, start_canary, tally_batches
from domaingen.store.claims import claim_and_commit, record_and_commit
from domaingen.store.database import Database
from domaingen.store.model_changes import current_canary, end_canary
from domaingen.store.models import promote, reject
from domaingen.suggestion import Outcome, Suggestion, without_names
from producer.submission import BatchOptions, plan_submission
from tests.support.model_folders import register
from tests.support.rows import store_batch
from training.canary import LEAST_BATCHES, compare_canary


def begin(database: Database, folder: Path, share: float = 0.1) -> None:
    """A candidate `new` that gets a share of the batches."""
    register(database, folder, "new")
    with database.begin() as connection:
        start_canary(connection, "new", share)


def digests(count: int) -> list[str]:
    return [f"{number:064x}" for number in range(count)]


def test_a_canary_gets_about_its_share_of_files_and_each_file_always_the_same_model(
    database: Database, tmp_path: Path
) -> None:
    begin(database, tmp_path, share=0.1)
    with database.read() as connection:
        first = [canary_for(connection, digest) for digest in digests(2000)]
        again = [canary_for(connection, digest) for digest in digests(2000)]
    assert first == again
    assert set(first) == {"new", None}
    assert 150 <= first.count("new") <= 250


def test_two_candidates_get_different_files(sqlite_url: str, tmp_path: Path) -> None:
    database = Database(sqlite_url)
    register(database, tmp_path, "one", "two")
    chosen = []
    for name in ("one", "two"):
        with database.begin() as connection:
            start_canary(connection, name, 0.5)
            chosen.append([canary_for(connection, digest) is not None for digest in digests(200)])
    assert 60 <= sum(a != b for a, b in zip(*chosen, strict=True)) <= 140


def test_a_canary_ends_by_hand_by_a_promotion_and_by_a_rejection(database: Database, tmp_path: Path) -> None:
    begin(database, tmp_path, share=0.5)
    register(database, tmp_path, "other")
    with database.begin() as connection:
        assert end_canary(connection) == "new"
        assert end_canary(connection) is None
        assert canary_for(connection, digests(1)[0]) is None
        with pytest.raises(StoreError, match="there is no canary"):
            canary_and_rival(connection)
        start_canary(connection, "new", 0.5)
        promote(connection, "other")
        assert current_canary(connection) is None
        start_canary(connection, "new", 0.5)
        assert canary_and_rival(connection)[3] == "other"
        reject(connection, "new", {})
        assert current_canary(connection) is None


@pytest.mark.parametrize("share", [0.0, 1.0, -0.1, 2.0, float("nan")])
def test_a_share_that_is_none_is_refused(sqlite_url: str, tmp_path: Path, share: float) -> None:
    with pytest.raises(StoreError, match="share"):
        begin(Database(sqlite_url), tmp_path, share=share)


def test_no_canary_is_an_active_a_rejected_or_a_damaged_version(database: Database, tmp_path: Path) -> None:
    files = register(database, tmp_path, "active1", "rejected1", "damaged1")
    with database.begin() as connection:
        promote(connection, "active1")
        reject(connection, "rejected1", {})
    (files[2].path / "tokenizer.json").unlink()
    for name in ("active1", "rejected1", "damaged1", "unknown1", BUNDLED_MODEL):
        with pytest.raises(StoreError), database.begin() as connection:
            start_canary(connection, name, 0.5)


def test_a_submission_goes_to_the_canary_by_its_file_and_finds_its_batch_again(
    sqlite_url: str, tmp_path: Path
) -> None:
    database = Database(sqlite_url)
    begin(database, tmp_path, share=0.5)
    settings, models = load_settings(database_url=sqlite_url), []
    for number in range(40):
        path = tmp_path / f"{number}.csv"
        path.write_text(f"description\nbakery number {number}\n")
        plan = plan_submission(path, BatchOptions(), settings, database)
        assert plan_submission(path, BatchOptions(), settings, database).fingerprint == plan.fingerprint
        models.append(plan.model)
        follower = plan_submission(path, BatchOptions(follow_active=True), settings, database)
        named = plan_submission(path, BatchOptions(), load_settings(model=BUNDLED_MODEL), database)
        assert (follower.model, named.model) == (BUNDLED_MODEL, BUNDLED_MODEL)
    assert set(models) == {"new", BUNDLED_MODEL}


def finish(database: Database, model: str, outcomes: Sequence[Outcome]) -> None:
    """A batch whose rows ended so under this model."""
    batch_id, ids = store_batch(database, len(outcomes))
    claim = claim_and_commit(database, batch_id, ids, lease_s=30, max_attempts=5)
    assert claim
    record_and_commit(database, claim, list(zip(claim.items, outcomes, strict=True)))


def suggested(model: str, score: float, judge: Judge = Judge.LOCAL) -> Outcome:
    judged = None if judge is Judge.PENDING else score
    names = tuple(
        Suggestion(f"name{rank}.com", score - rank / 10, score, judge, judged, 8, 8, 8) for rank in range(2)
    )
    return Outcome(Status.SUGGESTED, names, model=model)


def refused(model: str) -> Outcome:
    outcome = without_names(FailureType.SAFETY_ISSUE, category="violence")
    return Outcome(outcome.status, (), outcome.failure_type, outcome.category, outcome.reason, model=model)


def test_outcomes_are_tallied_by_model_and_batch_with_the_best_score_of_judged_rows(database: Database) -> None:
    finish(database, "new", [suggested("new", 0.9), suggested("new", 0.5), refused("new")])
    finish(database, "old", [suggested("old", 0.7), suggested("old", 0.2, Judge.PENDING)])
    finish(database, "third", [suggested("third", 0.7)])
    with database.read() as connection:
        new, old = tally_batches(connection, ["new", "old"], since=0)
        assert tally_batches(connection, ["new", "old"], since=4e9) == []
    assert (new.model, new.rows, new.suggested, new.refused, new.scored) == ("new", 3, 2, 1, 2)
    assert new.score_sum == pytest.approx(1.4)
    assert (old.rows, old.suggested, old.scored) == (2, 2, 1), "a row that waits for the judge has no score"


def tallies(model: str, batches: int, *, share: float, score: float, seed: int) -> list[BatchTally]:
    """Batches of 100 rows, each of its own difficulty."""
    moments, made = random.Random(seed), []
    for number in range(batches):
        good = round(100 * min(1.0, max(0.0, share + moments.uniform(-0.1, 0.1))))
        mean = score + moments.uniform(-0.05, 0.05)
        made.append(BatchTally(model, f"{model}{number}", 100, good, 100 - good, 0, 0, good, good * mean))
    return made


def test_a_worse_canary_shows_and_an_equal_one_does_not() -> None:
    active = tallies("old", 40, share=0.8, score=0.7, seed=1)
    worse = compare_canary([*active, *tallies("new", 20, share=0.6, score=0.6, seed=2)], "new", "old")
    for measure in ("suggested", "score"):
        assert worse["difference"][measure]["interval"][1] < 0, measure
    assert worse["difference"]["refused"]["interval"][0] > 0
    assert worse["canary"]["rows"] == 2000
    assert worse["canary"]["suggested"]["interval"][0] < worse["canary"]["suggested"]["share"]
    equal = compare_canary([*active, *tallies("new", 20, share=0.8, score=0.7, seed=3)], "new", "old")
    for measure in ("suggested", "score", "refused"):
        low, high = equal["difference"][measure]["interval"]
        assert low < 0 < high, measure


def test_few_batches_get_a_difference_without_an_interval_and_none_get_none() -> None:
    few = [
        *tallies("old", 40, share=0.8, score=0.7, seed=1),
        *tallies("new", LEAST_BATCHES - 1, share=0.8, score=0.7, seed=2),
    ]
    found = compare_canary(few, "new", "old")["difference"]["suggested"]
    assert found["value"] is not None
    assert found["interval"] is None
    empty = compare_canary([], "new", "old")
    assert empty["difference"]["score"] == {"value": None, "interval": None}
    assert empty["canary"]["suggested"]["share"] is None
