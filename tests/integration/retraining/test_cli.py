"""`domaingen retrain` as a user gives it."""

import json
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from domaingen.settings import load_settings
from domaingen.store.database import Database
from domaingen.store.migrate import ensure_ready
from tests.integration.retraining.fakes import QuickSteps, review_some, write_base
from tests.unit.retraining.measured import old
from training.retrain_cli import retrain


@pytest.fixture
def database(tmp_path: Path) -> Database:
    database = Database(load_settings().database)
    ensure_ready(database)
    return database


def call(*arguments: str) -> Result:
    return CliRunner().invoke(retrain, arguments)


def test_a_dry_run_says_what_it_would_train_on_and_changes_nothing(database, tmp_path) -> None:
    review_some(database, 24)
    result = call("--dry-run", "--data", str(write_base(tmp_path / "base")))
    assert result.exit_code == 0, result.output
    told = json.loads(result.stdout)
    assert told["reason"] == "24 of 40 failures are reviewed since the last time"
    assert sum(told["uses"].values()) == 24
    assert told["set"]["by_source"]["lessons_new"] > 0
    assert "running: none" in call("--status").stderr


def test_too_few_reviews_are_no_error(database) -> None:
    result = call()
    assert result.exit_code == 0, result.output
    assert json.loads(result.stdout)["status"] == "not_due"


def test_a_refusal_exits_with_1_and_shows_in_the_status(database, tmp_path, monkeypatch) -> None:
    from training.retraining import run

    monkeypatch.setattr(run, "Steps", lambda settings: QuickSteps(tmp_path / "base", old))
    review_some(database, 24)
    result = call("--force", "--minutes", "0.1", "--out", str(tmp_path / "out"))
    assert result.exit_code == 1
    told = json.loads(result.stdout)
    assert told["status"] == "refused"
    assert (tmp_path / "out" / "gate.html").exists()
    assert "is refused" in call("--status").stderr
