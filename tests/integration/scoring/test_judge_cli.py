"""domaingen judge ... against the fake server, which judges by the text alone."""

import csv
import json
from collections import Counter
from pathlib import Path

import pytest
from click.testing import CliRunner

from domaingen.errors import BatchNotFoundError, InputFileError
from domaingen.scoring.scorer import Scorer
from domaingen.store.database import Database
from tests.support.fake_openai import FakeOpenAI, Fault, FaultPlan
from tests.support.fake_openai.answers import score
from tests.support.unjudged import causes_of, judge_settings, judges_of, store_unjudged
from training.judge_canary import read_items
from training.judge_cli import judge


@pytest.fixture
def ratings(tmp_path: Path) -> Path:
    path = tmp_path / "ratings.csv"
    trades = ("coffee roaster", "tax adviser", "yoga studio", "bicycle repair")
    with path.open("w", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(["description", "domain", "relevance", "memorability", "brandability"])
        for number in range(40):
            text = f"{trades[number % 4]} number {number}"
            domain = f"{'best-' * (number % 3)}{text[: 3 + number % 9].replace(' ', '')}{'x' * (number % 11)}.com"
            marks = score(text, domain)
            shift = 1 if marks["relevance"] < 10 and number % 5 == 0 else 0
            writer.writerow(
                [text, domain, marks["relevance"] + shift, marks["memorability"], marks["brandability"]]
            )
        writer.writerow(["not rated", "blank.com", "", "", ""])
    return path


def use(server: FakeOpenAI, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OPENAI_BASE_URL", server.url)
    monkeypatch.setenv("OPENAI_API_KEY", "sk-fake")


def test_a_judge_that_agrees_with_people_may_gate(
    ratings: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    out = tmp_path / "validation.json"
    with FakeOpenAI(faults=FaultPlan(rates={Fault.SERVER_ERROR: 0.05, Fault.PROSE: 0.05})) as server:
        use(server, monkeypatch)
        result = CliRunner().invoke(judge, ["validate", str(ratings), "--judge", "openai", "--out", str(out)])
    assert result.exit_code == 0, result.output
    figures = json.loads(out.read_text())
    assert (figures["items"], figures["may_gate"]) == (40, True)
    assert figures["dimensions"]["memorability"]["kappa"]["value"] == 1.0
    assert 0 < figures["dimensions"]["relevance"]["mean_error"]["value"] < 0.3


def test_a_judge_that_disagrees_is_refused_as_a_gate_with_status_1(
    ratings: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    text = ratings.read_text().splitlines()
    ratings.write_text(
        "\n".join(
            [
                text[0],
                *(
                    f"{line.rsplit(',', 3)[0]},{1 + n % 10},{10 - n % 10},{1 + n * 3 % 10}"
                    for n, line in enumerate(text[1:41])
                ),
            ]
        )
    )
    with FakeOpenAI() as server:
        use(server, monkeypatch)
        result = CliRunner().invoke(judge, ["validate", str(ratings), "--judge", "openai"])
    assert result.exit_code == 1
    assert "may not gate" in result.stderr


def test_the_canary_keeps_its_answers_and_tells_of_a_judge_that_moved(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = tmp_path / "canary.json"
    arguments = ["canary", "--judge", "openai", "--file", str(file)]
    # A server of one's own, which makes the client warn: not among the figures.
    with FakeOpenAI(supports={"chat", "json"}) as server:
        use(server, monkeypatch)
        assert CliRunner().invoke(judge, arguments).exit_code == 0
        assert len(json.loads(file.read_text())["items"]) == 50
        still = CliRunner().invoke(judge, arguments)
        kept = json.loads(file.read_text())
        for item in kept["items"]:
            item["relevance"] = max(1, item["relevance"] - 2)
        file.write_text(json.dumps(kept))
        moved = CliRunner().invoke(judge, arguments)
    assert still.exit_code == 0
    assert json.loads(still.stdout)["drift"]["relevance"] == {"shift": 0.0, "mean_error": 0.0}
    assert moved.exit_code == 1
    told = json.loads(moved.stdout)
    assert told["alarming"] is True
    assert told["drift"]["relevance"]["shift"] > 0.5
    assert told["drift"]["brandability"] == {"shift": 0.0, "mean_error": 0.0}
    assert "does not judge as" in moved.stderr


def test_a_canary_that_can_not_be_read_is_refused_by_name(tmp_path: Path) -> None:
    file = tmp_path / "canary.json"
    file.write_text('{"judge": "local"}')
    result = CliRunner().invoke(judge, ["canary", "--judge", "local", "--file", str(file)])
    assert isinstance(result.exception, InputFileError)
    assert str(file) in str(result.exception)


def test_the_bundled_canary_has_fifty_names_good_and_bad_and_the_local_judge_has_not_moved() -> None:
    items = read_items()
    assert len({(item.description, item.domain) for item in items}) == 50
    strata = Counter(item.stratum for item in items)
    assert strata["good"] == 20
    assert len(strata) == 6
    assert min(strata.values()) >= 6
    result = CliRunner().invoke(judge, ["canary", "--judge", "local"])
    assert result.exit_code == 0, result.output
    told = json.loads(result.stdout)
    assert all(
        told["mean_by_stratum"]["good"] > mean for key, mean in told["mean_by_stratum"].items() if key != "good"
    )


def test_retry_has_parked_and_postponed_rows_judged_again(
    sqlite_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("DOMAINGEN_DATABASE_URL", sqlite_url)
    database = Database(sqlite_url)
    parked = store_unjudged(database, 3)
    other = store_unjudged(database, 1, start=100, settings={"budget_usd_micro": 0})
    with FakeOpenAI(faults=FaultPlan(rates={Fault.REFUSAL: 1.0})) as server:
        Scorer(database, judge_settings(server, judge_max_attempts=1)).score()
    assert causes_of(database, parked) == {"refused": 3}
    result = CliRunner().invoke(judge, ["retry", parked])
    assert json.loads(result.stdout) == {"batch": parked, "rows": 3}
    with FakeOpenAI() as server:
        Scorer(database, judge_settings(server)).score()
    assert judges_of(database, parked) == {"openai": 9}
    assert causes_of(database, other) == {"budget_batch": 1}
    missing = CliRunner().invoke(judge, ["retry", "nothing"])
    assert isinstance(missing.exception, BatchNotFoundError)
    database.close()


def test_retry_tries_a_provider_at_once_whose_breaker_is_open(
    sqlite_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    database = Database(sqlite_url)
    batch_id = store_unjudged(database, 2)
    with FakeOpenAI() as server:
        monkeypatch.setenv("DOMAINGEN_DATABASE_URL", sqlite_url)
        use(server, monkeypatch)
        scorer = Scorer(database, judge_settings(server))
        server.faults.extend([Fault.AUTH])
        scorer.score()
        scorer.score()
        assert judges_of(database, batch_id) == {"pending": 6}
        # Without it the breaker stays open for 15 seconds.
        assert CliRunner().invoke(judge, ["retry", batch_id]).exit_code == 0
        scorer.score()
        assert judges_of(database, batch_id) == {"openai": 6}
    database.close()


def test_a_sheet_made_from_results_hides_where_its_names_come_from(tmp_path: Path) -> None:
    results = tmp_path / "results.jsonl"
    results.write_text(
        "".join(
            json.dumps(
                {
                    "description": f"=shop {number}",
                    "suggestions": [{"domain": f"shop{number}.com", "score": number / 40}],
                }
            )
            + "\n"
            for number in range(40)
        )
    )
    sheet = tmp_path / "sheet.csv"
    assert CliRunner().invoke(judge, ["sample", str(results), "--out", str(sheet), "--rows", "20"]).exit_code == 0
    rows = list(csv.DictReader(sheet.open()))
    assert 15 <= len(rows) <= 20
    assert "stratum" not in rows[0]
    assert all(row["description"].startswith("'=") for row in rows)
    assert {row["stratum"] for row in csv.DictReader((tmp_path / "sheet.key.csv").open())} >= {
        "stuffed",
        "hyphenated",
    }
