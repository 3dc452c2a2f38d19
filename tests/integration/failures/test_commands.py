"""`domaingen failures summary | export | import` as a user calls them, on SQLite and on Postgres."""

import csv
import json
import sqlite3
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result
from sqlalchemy import update

from domaingen.failures.record import FailureRecord
from domaingen.outcomes import FailureType, Judge, Status
from domaingen.store.claims import claim_and_commit, record_and_commit
from domaingen.store.database import Database
from domaingen.store.failures import FailureFilter, file_failures, list_failures, reviewed_failures
from domaingen.store.schema import FailureRow, OutcomeRow
from domaingen.suggestion import Outcome, Suggestion, without_names
from training.failure_summary import DAY_S, difference_interval
from training.failures_cli import failures
from training.statistics import share_interval

MakeBatch = Callable[..., tuple[str, list[int]]]
NAME = Suggestion("downtownbrew.com", 0.8, 0.75, Judge.LOCAL, 0.85, 8, 9, 8)


@pytest.fixture
def call(database_url: str, monkeypatch: pytest.MonkeyPatch) -> Callable[..., Result]:
    monkeypatch.setenv("DOMAINGEN_DATABASE_URL", database_url)

    def run(*arguments: str, status: int = 0) -> Result:
        result = CliRunner().invoke(failures, list(arguments))
        assert result.exit_code == status, result.output + repr(result.exception)
        return result

    return run


def work(database: Database, make_batch: MakeBatch, rows: int, refused: int, model: str) -> str:
    """A finished batch, the first `refused` rows of which were refused."""
    batch_id, ids = make_batch(rows)
    claim = claim_and_commit(database, batch_id, ids, lease_s=30, max_attempts=5)
    assert claim is not None
    outcomes = [
        without_names(FailureType.SAFETY_ISSUE, category="fraud", model=model)
        if number < refused
        else Outcome(Status.SUGGESTED, (NAME,), model=model)
        for number in range(rows)
    ]
    record_and_commit(database, claim, list(zip(claim.items, outcomes, strict=True)))
    return batch_id


def report_of(result: Result) -> dict[str, Any]:
    report: dict[str, Any] = json.loads(result.stdout)
    return report


def test_the_report_counts_and_gives_shares_of_the_processed_rows(
    database: Database, make_batch: MakeBatch, call: Callable[..., Result]
) -> None:
    batch_id = work(database, make_batch, 40, 4, "m1")
    with database.begin() as connection:
        file_failures(connection, [FailureRecord("shop", "discovery", "over_refusal", "direction", "m1")])
    report = report_of(call("summary", "--json"))
    assert report["total_cases"] == 5
    assert report["by_failure_type"] == {"safety_issue": 4, "over_refusal": 1}
    assert report["by_severity"] == {"critical": 4, "high": 1}
    assert report["by_category"] == {"fraud": 4, "none": 1}
    assert report["improvement_strategies"] == {"keep_refusing": 4, "add_benign_rows": 1}
    assert report["root_causes"] == {"unsafe_request": 4, "moderation_excess": 1}
    assert report["by_blame"] == {"input": 4, "model": 1}
    assert report["rows_processed"] == 40
    # What was not found in rows has no share of them.
    low, high = share_interval(4, 40)
    assert report["shares"] == {
        "safety_issue": {"count": 4, "share": 0.1, "interval": [round(low, 5), round(high, 5)]}
    }
    assert report["since_last_model"] is None
    assert report_of(call("summary", "--json", "--batch", batch_id))["total_cases"] == 4
    assert report_of(call("summary", "--json", "--model", "other"))["total_cases"] == 0
    assert report_of(call("summary", "--json", "--since", "2999-01-01"))["rows_processed"] is None


def test_the_report_says_what_the_last_model_changed_and_shows_each_period(
    database: Database, make_batch: MakeBatch, call: Callable[..., Result]
) -> None:
    work(database, make_batch, 60, 30, "older")
    with database.begin() as connection:
        for table in (FailureRow, OutcomeRow):
            connection.execute(update(table).values(recorded_at=table.recorded_at - 3 * DAY_S))
    work(database, make_batch, 60, 3, "newer")
    report = report_of(call("summary", "--json"))
    turn = report["since_last_model"]
    assert (turn["previous"], turn["latest"]) == ("older", "newer")
    [change] = turn["changes"]
    assert (change["before"]["share"], change["after"]["share"], change["changed"]) == (0.5, 0.05, True)
    assert change["interval"][0] < change["difference"] == -0.45 < change["interval"][1] < 0
    assert [(part["model"], part["rows_processed"], part["total_cases"]) for part in report["by_model"]] == [
        ("older", 60, 30),
        ("newer", 60, 3),
    ]
    assert [part["total_cases"] for part in report["by_period"]] == [30, 3]
    assert "newer against older: safety issue -45.0 points" in call("summary").stdout


def test_the_interval_of_a_difference_is_newcombes() -> None:
    # The worked example of Newcombe (1998), table II (a), method 10: 56/70 against 48/80.
    low, high = difference_interval(56, 70, 48, 80)
    assert (round(low, 4), round(high, 4)) == (0.0524, 0.3339)


def test_the_page_escapes_everything_and_loads_nothing(
    database: Database, make_batch: MakeBatch, call: Callable[..., Result], tmp_path: Path
) -> None:
    work(database, make_batch, 5, 1, "<script>alert(1)</script>")
    work(database, make_batch, 5, 1, "m2")
    page = tmp_path / "out" / "failures.html"
    call("summary", "--html", str(page))
    html = page.read_text(encoding="utf-8")
    assert "<script" not in html
    assert "&lt;script&gt;alert(1)" in html
    assert "http://" not in html.replace("http-equiv", "")
    assert "https://" not in html
    assert "default-src 'none'" in html
    assert "safety issue" in html


def test_an_empty_database_has_an_empty_report(call: Callable[..., Result], tmp_path: Path) -> None:
    assert "0 failures" in call("summary").stdout
    call("summary", "--html", str(tmp_path / "page.html"))
    assert "Nothing is filed here" in (tmp_path / "page.html").read_text(encoding="utf-8")


@pytest.fixture
def filed(database: Database) -> list[dict[str, Any]]:
    """One of each kind that the review knows, and their rows in the order of the sheet."""
    cases = {
        "a tea house in the park with forty kinds of cake": "poor_quality",
        "organic coffee shop in downtown area": "off_topic",
        "we sell stolen credit cards and hacked accounts": "over_refusal",
        "=1+1 bakery, sourdough": "invalid_domain",
    }
    with database.begin() as connection:
        file_failures(
            connection, [FailureRecord(text, "discovery", kind, "judge", "m") for text, kind in cases.items()]
        )
    return list(list_failures(database, FailureFilter()))


def test_a_sheet_goes_out_is_filled_in_and_comes_back(
    database: Database, filed: list[dict[str, Any]], call: Callable[..., Result], tmp_path: Path
) -> None:
    sheet = tmp_path / "sheet.csv"
    call("export", "--out", str(sheet))
    with sheet.open(encoding="utf-8-sig", newline="") as file:
        rows = list(csv.DictReader(file))
    assert [int(row["id"]) for row in rows] == [each["id"] for each in filed]
    filled = {
        "poor_quality": {"review": "corrected", "expect": "suggest", "domains": "teapark.com leafandlawn.com"},
        "off_topic": {"review": "accepted"},
        "over_refusal": {"review": "accepted", "note": "trust me, it is fine"},
        "invalid_domain": {"review": "accepted", "reviewer": "bob"},
    }
    with sheet.open("w", encoding="utf-8", newline="") as file:
        writer = csv.DictWriter(file, list(rows[0]))
        writer.writeheader()
        writer.writerows(row | filled[row["failure_type"]] for row in rows)
    result = call("import", str(sheet), "--reviewer", "ada", status=1)
    assert json.loads(result.stdout) == {
        "corrected": 1, "accepted": 1, "discarded": 0, "unchanged": 0, "unreviewed": 0, "refused": 2,
    }  # fmt: skip
    assert result.stderr.count("refused:") == 2
    assert "evaluation row (must_pass: downtown_coffee)" in result.stderr
    assert "moderation is sure that the input does harm" in result.stderr
    kept = {each.failure_type: each for each in reviewed_failures(database)}
    assert {kind: (each.review, each.reviewed_by) for kind, each in kept.items()} == {
        "poor_quality": ("corrected", "ada"),
        "invalid_domain": ("accepted", "bob"),
    }
    again = call("import", str(sheet), "--reviewer", "ada", status=1)
    assert json.loads(again.stdout)["unchanged"] == 2
    assert [each.reviewed_at for each in reviewed_failures(database)] == [kept[name].reviewed_at for name in kept]


def test_reviews_are_written_all_or_none(
    database: Database,
    filed: list[dict[str, Any]],
    call: Callable[..., Result],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    sheet = tmp_path / "sheet.jsonl"
    sheet.write_text(
        "".join(json.dumps({"id": each["id"], "review": "discarded"}) + "\n" for each in filed), encoding="utf-8"
    )
    from domaingen.store import failures as store

    def breaks(connection: Any, reviews: Any) -> None:
        store.store_reviews(connection, reviews[:2])
        raise sqlite3.OperationalError("the disk is full")

    monkeypatch.setattr("training.failures_cli.store_reviews", breaks)
    call("import", str(sheet), status=1)
    assert {row["review"] for row in list_failures(database, FailureFilter())} == {"open"}


def test_export_filters_and_refuses_calls_that_are_wrong(
    filed: list[dict[str, Any]], call: Callable[..., Result], tmp_path: Path
) -> None:
    sheet = tmp_path / "sheet.jsonl"
    call("export", "--out", str(sheet), "--severity", "high", "--type", "off_topic", "--limit", "1")
    [row] = [json.loads(line) for line in sheet.read_text(encoding="utf-8").splitlines()]
    assert row["metadata"]["failure_type"] == "off_topic"
    call("export", "--out", str(sheet), "--review", "accepted")
    assert sheet.read_text(encoding="utf-8") == ""
    call("export", "--out", str(tmp_path / "sheet.txt"), status=2)
    call("export", "--out", str(sheet), "--type", "nonsense", status=2)
    call("export", "--out", str(sheet), "--batch", "nonsense", status=1)
