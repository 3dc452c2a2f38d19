"""Money as a user meets it: budgets given with a command, and cost and opinions wherever a batch is shown."""

import csv
import json
import os
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path

import pytest
from click.testing import CliRunner
from sqlalchemy import select

from domaingen import metrics
from domaingen.judging.replies import Cause
from domaingen.reports.export import export_batch
from domaingen.scoring.progress import observe_scoring
from domaingen.scoring.scorer import Scorer
from domaingen.store.batches import get_batch
from domaingen.store.database import Database
from domaingen.store.feedback import Opinion, store_opinions
from domaingen.store.schema import Item, SuggestionRow
from producer.cli import status_command, submit_command
from tests.support.fake_openai import FakeOpenAI
from tests.support.unjudged import causes_of, judge_settings, judges_of, store_unjudged, usage_of
from training.judge_cli import judge


def command(*arguments: str, environment: Mapping[str, str]) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "domaingen", *arguments],
        env=os.environ | dict(environment),
        capture_output=True,
        text=True,
        timeout=110,
        check=False,
    )


@pytest.fixture
def businesses(tmp_path: Path) -> Path:
    path = tmp_path / "businesses.csv"
    trades = ("bakery", "yoga studio", "tax adviser", "bicycle repair", "flower shop", "dog groomer")
    with path.open("w", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(["description"])
        writer.writerows([f"{trade} in the old town of {town}"] for trade in trades for town in ("Ulm", "Bern"))
    return path


def test_a_run_with_a_budget_names_every_row_and_stops_judging(businesses: Path, tmp_path: Path) -> None:
    with FakeOpenAI() as server:
        environment = {"OPENAI_API_KEY": "sk-fake", "OPENAI_BASE_URL": server.url}
        done = command(
            "run",
            str(businesses),
            "--out",
            str(tmp_path / "out"),
            "--judge",
            "openai",
            "--budget",
            "0.004",
            environment=environment,
        )
    assert done.returncode == 0, done.stderr
    assert "judging stops at $0.004" in done.stderr
    summary = json.loads((tmp_path / "out" / "summary.json").read_text())
    assert summary["counts"]["suggested"] == 12
    judging = summary["judging"]
    assert judging["budget_usd"] == 0.004
    assert 0.001 < judging["cost_usd"] <= 0.004
    assert judging["causes"] == {"budget_batch": judging["rows_parked"]}
    assert summary["suggestions"]["by_judge"].keys() == {"openai", "pending"}
    page = (tmp_path / "out" / "report.html").read_text()
    assert "of a budget of $0.0040" in page
    assert f"budget batch {judging['rows_parked']}" in page


def test_submit_keeps_the_budget_with_the_batch_and_a_dry_run_tells_of_it(
    businesses: Path, sqlite_url: str, redis_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name, value in {
        "OPENAI_API_KEY": "sk-fake",
        "OPENAI_BASE_URL": "http://127.0.0.1:9/v1",
        "DOMAINGEN_DATABASE_URL": sqlite_url,
    }.items():
        monkeypatch.setenv(name, value)
    arguments = [str(businesses), "--judge", "openai", "--budget", "1.5", "--json"]
    told = json.loads(CliRunner().invoke(submit_command, [*arguments, "--dry-run"]).stdout)
    assert told["cost"].endswith("judging stops at $1.50, naming does not")
    # No worker reads this queue; the batch is stored all the same.
    monkeypatch.setenv("DOMAINGEN_BROKER_URL", "redis://127.0.0.1:9/0")
    batch_id = json.loads(CliRunner().invoke(submit_command, arguments).stdout)["batch"]
    database = Database(sqlite_url)
    assert get_batch(database, batch_id)["settings"]["budget_usd_micro"] == 1_500_000
    told = json.loads(CliRunner().invoke(status_command, [batch_id, "--json"]).stdout)
    assert told["judging"]["budget_usd"] == 1.5
    database.close()


def test_a_budget_that_can_not_be_counted_is_refused_before_anything_is_stored(
    businesses: Path, sqlite_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("OPENAI_BASE_URL", "http://127.0.0.1:9/v1")
    monkeypatch.setenv("DOMAINGEN_DATABASE_URL", sqlite_url)
    monkeypatch.setenv("DOMAINGEN_JUDGE_MODEL", "our-own-model")
    result = CliRunner().invoke(submit_command, [str(businesses), "--judge", "openai", "--budget", "1"])
    assert "no price for our-own-model" in str(result.exception)


def test_retry_with_a_larger_budget_judges_the_rest(sqlite_url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DOMAINGEN_DATABASE_URL", sqlite_url)
    database = Database(sqlite_url)
    batch_id = store_unjudged(database, 8, settings={"budget_usd_micro": 0})
    with FakeOpenAI() as server:
        scorer = Scorer(database, judge_settings(server))
        scorer.score()
        assert causes_of(database, batch_id) == {Cause.BUDGET_BATCH: 8}
        told = CliRunner().invoke(judge, ["retry", batch_id, "--budget", "2"])
        assert json.loads(told.stdout) == {"batch": batch_id, "rows": 8}
        scorer.score()
    assert judges_of(database, batch_id) == {"openai": 24}
    assert get_batch(database, batch_id)["settings"]["judge"] == "openai"
    database.close()


def test_cost_and_opinions_are_in_status_summary_page_and_metrics(
    sqlite_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("DOMAINGEN_DATABASE_URL", sqlite_url)
    database = Database(sqlite_url)
    batch_id = store_unjudged(database, 4)
    with FakeOpenAI() as server:
        Scorer(database, judge_settings(server)).score()
    with database.begin() as connection:
        names = connection.execute(
            select(SuggestionRow.item_id, SuggestionRow.domain).join(Item, Item.id == SuggestionRow.item_id)
        ).all()
        votes = ["up", "up", "down", None]
        store_opinions(
            connection,
            [
                Opinion(row.item_id, batch_id, row.domain, "ann", vote, None if vote else "better.com")
                for row, vote in zip(names, votes, strict=False)
            ],
        )
    cost = usage_of(database, batch_id)["cost_usd_micro"] / 1e6
    feedback = {"up": 2, "down": 1, "edits": 1}

    told = json.loads(CliRunner().invoke(status_command, [batch_id, "--json"]).stdout)
    assert (told["judging"]["cost_usd"], told["judging"]["requests"], told["feedback"]) == (cost, 4, feedback)
    text = CliRunner().invoke(status_command, [batch_id]).stdout
    assert f"4 requests to the judge, ${cost:,.4f}" in text
    assert "feedback  up 2  down 1  edits 1" in text

    summary = export_batch(database, batch_id, tmp_path / "out").summary
    assert (summary["judging"]["cost_usd"], summary["feedback"]) == (cost, feedback)
    page = (tmp_path / "out" / "report.html").read_text()
    assert f"Judging took 4 requests and cost ${cost:.4f}" in page
    assert "People liked 2 of these names, disliked 1 and rewrote 1." in page

    observe_scoring(database)
    assert metrics.FEEDBACK.labels("up")._value.get() == 2
    assert metrics.JUDGE_SPENT_TODAY._value.get() == pytest.approx(cost)
    assert metrics.JUDGE_ROWS.labels("waiting")._value.get() == 0
    database.close()


def test_a_batch_that_cost_nothing_says_nothing_of_money(sqlite_url: str, tmp_path: Path) -> None:
    database = Database(sqlite_url)
    batch_id = store_unjudged(database, 1, judge="none")
    with database.begin() as connection:
        connection.exec_driver_sql("DELETE FROM pending_scores")
    export_batch(database, batch_id, tmp_path / "out")
    page = (tmp_path / "out" / "report.html").read_text()
    assert 'id="judging"' not in page
    assert 'id="feedback"' not in page
    database.close()
