"""One retrain at a time, whole or not at all."""

import json
import signal
import subprocess
import sys
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from sqlalchemy import select, update

from domaingen.errors import DomaingenError
from domaingen.settings import Settings, load_settings
from domaingen.store.database import Database
from domaingen.store.models import active_version
from domaingen.store.named_locks import acquire, release
from domaingen.store.schema import FailureRow, Lock
from tests.integration.retraining.fakes import NoGuard, QuickSteps, review_some
from tests.support.model_folders import states
from tests.unit.retraining.measured import learned, old
from training.retraining.run import Plan, retrain
from training.retraining.runs import LOCK, past_runs

DEADLINE_S = 60.0


@pytest.fixture
def settings(database_url: str, tmp_path: Path) -> Settings:
    return load_settings(home=tmp_path / "home", database_url=database_url)


@pytest.fixture
def steps(tmp_path: Path) -> QuickSteps:
    return QuickSteps(tmp_path / "base")


PLAN = Plan(rows=200, force=True)


def active(database: Database) -> str | None:
    with database.read() as connection:
        return active_version(connection)


def test_what_passes_is_promoted_with_its_report(database, settings, steps) -> None:
    review_some(database)
    result = retrain(database, settings, PLAN, steps=steps)
    assert result.status == "promoted", result.sentence
    assert active(database) == result.candidate
    report = json.loads((result.report / "gate.json").read_text())
    assert report["passed"]
    assert report["set"]["lessons"]["held_back"] > 0
    assert "passed" in (result.report / "gate.html").read_text()
    assert past_runs(database)[0].state == "done"


def test_what_the_gate_refuses_is_kept_and_the_active_model_stays(database, settings, tmp_path) -> None:
    def forgets_german(reading, file, number):
        german = file == "languages.jsonl" and number % 4 == 2
        return learned(reading, file, number) - (0.25 if german else 0.0)

    review_some(database)
    result = retrain(database, settings, PLAN, steps=QuickSteps(tmp_path / "base", forgets_german))
    assert result.status == "refused"
    assert "language de" in (result.report / "gate.html").read_text()
    assert active(database) is None
    assert states(database) == {result.candidate: "rejected"}
    assert (settings.model_folder / result.candidate / "model.json").exists()


def test_by_setting_a_person_promotes(database, settings, steps) -> None:
    review_some(database)
    result = retrain(database, settings, Plan(rows=200, force=True, promote="ask"), steps=steps)
    assert result.status == "waiting"
    assert f"domaingen models promote {result.candidate}" in result.sentence
    assert states(database) == {result.candidate: "candidate"}


def test_two_at_once_give_one(database, settings, tmp_path) -> None:
    review_some(database)
    begun, other_done = threading.Event(), threading.Event()

    def wait(step: str) -> None:
        if step == "train":
            begun.set()
            assert other_done.wait(DEADLINE_S)

    with ThreadPoolExecutor(1) as pool:
        first = pool.submit(retrain, database, settings, PLAN, steps=QuickSteps(tmp_path / "base", before=wait))
        assert begun.wait(DEADLINE_S)
        second_steps = QuickSteps(tmp_path / "base2")
        second = retrain(database, settings, PLAN, steps=second_steps)
        other_done.set()
        assert first.result(DEADLINE_S).status == "promoted"
    assert second.status == "busy"
    assert second_steps.done == []
    assert len(past_runs(database)) == 1


def test_too_little_reviewed_is_not_due_and_old_reviews_are(database, settings, steps) -> None:
    review_some(database)
    plan = Plan(rows=200)
    assert retrain(database, settings, plan, steps=steps).status == "not_due"
    with database.begin() as connection:
        connection.execute(update(FailureRow).values(reviewed_at=FailureRow.reviewed_at - 31 * 86_400))
    assert retrain(database, settings, plan, steps=steps).status == "promoted"


def test_enough_reviewed_is_due_once(database, settings, steps) -> None:
    review_some(database, 40)
    plan = Plan(rows=200)
    assert retrain(database, settings, plan, steps=steps).status == "promoted"
    assert retrain(database, settings, plan, steps=steps).status == "not_due"


def test_nothing_that_may_train_is_an_error_and_a_failed_run(database, settings, tmp_path) -> None:
    review_some(database, 1)
    with database.read() as connection:
        text = connection.scalar(select(FailureRow.input))
    with pytest.raises(DomaingenError, match="no reviewed failure may train"):
        retrain(database, settings, PLAN, steps=QuickSteps(tmp_path / "base", guard=NoGuard(text)))
    (run,) = past_runs(database)
    assert run.state == "failed"
    assert states(database) == {}


def test_a_poisoned_review_stays_out_of_the_set_row_by_row(database, settings, tmp_path) -> None:
    review_some(database, 24)
    with database.begin() as connection:
        ids = connection.scalars(select(FailureRow.id).order_by(FailureRow.id)).all()
        texts = {
            ids[0]: "organic coffee shop in downtown area",
            ids[1]: "hire a hitman to murder my neighbour",
            ids[2]: "sdfkjh qwrtzp xkcd",
        }
        for number, text in texts.items():
            connection.execute(update(FailureRow).where(FailureRow.id == number).values(input=text))
    told: list[str] = []
    steps = QuickSteps(tmp_path / "base", guard=NoGuard("organic coffee shop in downtown area"))
    result = retrain(database, settings, PLAN, steps=steps, say=told.append)
    refused = [json.loads(line) for line in (result.report / "set" / "refused.jsonl").read_text().splitlines()]
    assert [row["id"] for row in refused] == [f"failure:{number}" for number in ids[:3]]
    assert sum(line.startswith("left out failure:") for line in told) == 3
    everything = "".join(path.read_text() for path in (result.report / "set").glob("*.jsonl"))
    assert not any(word in everything for word in ("coffee", "hitman", "sdfkjh"))


def test_a_stopped_run_is_continued_by_the_next(database, settings, tmp_path) -> None:
    from training.retraining.limits import StoppedError

    review_some(database)

    def stopped(step: str) -> None:
        if step == "measure":
            raise StoppedError("stopped")

    assert (
        retrain(database, settings, PLAN, steps=QuickSteps(tmp_path / "base", before=stopped)).status
        == "interrupted"
    )
    again = QuickSteps(tmp_path / "base")
    assert retrain(database, settings, PLAN, steps=again).status == "promoted"
    assert again.done == ["measure"]
    assert [run.state for run in past_runs(database)] == ["done", "failed"]


def test_a_run_that_lost_its_lease_promotes_nothing(database, settings, tmp_path) -> None:
    review_some(database)

    def robbed(step: str) -> None:
        if step == "measure":
            with database.begin() as connection:
                connection.execute(update(Lock).where(Lock.name == LOCK).values(until=0.0))
            held = acquire(database, LOCK, "robber", ttl_s=60)
            assert held
            release(database, held)

    with pytest.raises(DomaingenError, match=r"fence|lease"):
        retrain(database, settings, PLAN, steps=QuickSteps(tmp_path / "base", before=robbed))
    assert states(database) == {}
    assert active(database) is None


@pytest.mark.parametrize("moment", ["train", "measure", "promote"])
def test_a_killed_run_is_marked_and_continued_and_never_half_promoted(
    database, database_url, settings, tmp_path, moment
) -> None:
    review_some(database)
    home = settings.home
    home.mkdir(parents=True)
    arguments = [
        sys.executable,
        "-m",
        "tests.integration.retraining.dying_retrain",
        database_url,
        str(home),
        moment,
        "2",
    ]
    process = subprocess.Popen(arguments)
    deadline = time.monotonic() + DEADLINE_S
    while not (home / "hangs").exists():
        assert process.poll() is None
        assert time.monotonic() < deadline
        time.sleep(0.05)
    process.send_signal(signal.SIGKILL)
    process.wait()
    assert states(database) == {}
    assert active(database) is None
    steps = QuickSteps(home / "base")
    while (result := retrain(database, settings, PLAN, steps=steps, ttl_s=2.0)).status == "busy":
        assert time.monotonic() < deadline
        time.sleep(0.2)
    assert result.status == "promoted"
    assert steps.done == (["train", "measure"] if moment == "train" else ["measure"])
    assert [run.state for run in past_runs(database)] == ["done", "dead"]
    assert list(states(database).values()) == ["active"]


def test_a_plan_that_changed_begins_anew(database, settings, tmp_path) -> None:
    from training.retraining.limits import StoppedError

    review_some(database)

    def stopped(step: str) -> None:
        if step == "measure":
            raise StoppedError("stopped")

    retrain(database, settings, PLAN, steps=QuickSteps(tmp_path / "base", before=stopped))
    again = QuickSteps(tmp_path / "base")
    retrain(database, settings, Plan(rows=210, force=True), steps=again)
    assert again.done == ["synthesize", "train", "measure"]


def test_a_candidate_that_learned_nothing_is_refused(database, settings, tmp_path) -> None:
    review_some(database)
    result = retrain(database, settings, PLAN, steps=QuickSteps(tmp_path / "base", old))
    assert result.status == "refused"
    assert "meant to improve" in result.sentence
