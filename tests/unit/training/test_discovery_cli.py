"""`domaingen discover` as a user meets it: files, exit status, review, interrupts, the page, the docs."""

import json
import os
import re
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
from click.testing import CliRunner
from sqlalchemy import select

from domaingen.failures.taxonomy import TAXONOMY
from domaingen.store.database import Database
from domaingen.store.schema import FailureRow
from tests.support.fakes import InstantSource
from training.discovery import running
from training.discovery.cli import discover
from training.discovery.findings import Find, Tally, group_finds
from training.discovery.oracles import ORACLES, Broken
from training.discovery.page import discovery_page, spell
from training.discovery.probes import Probe, Seed
from training.discovery.tables import mutator_table, oracle_table
from training.samples import read_samples

DOCS = Path(__file__).parents[3] / "docs"
FILES = {"failures.jsonl", "groups.json", "must_pass_proposals.jsonl", "report.html", "summary.json"}
METADATA = {
    "source", "failure_type", "severity", "category", "root_cause", "improvement_strategy", "original_output", "model",
    "oracle",
}  # fmt: skip


@pytest.fixture
def instant(monkeypatch: pytest.MonkeyPatch) -> None:
    """A model that names everything at once: every harmful seed leaks."""
    monkeypatch.setattr(running, "Assembly", InstantSource)


def run(*arguments: str) -> str:
    result = CliRunner().invoke(discover, list(arguments), catch_exceptions=False)
    assert result.exit_code == 0, result.output
    return result.output


def summary(folder: Path) -> dict[str, object]:
    found = json.loads((folder / "summary.json").read_text(encoding="utf-8"))
    assert isinstance(found, dict)
    return found


def test_the_bundled_model_is_searched_and_everything_is_written(tmp_path: Path) -> None:
    run("--out", str(tmp_path), "--cases", "24", "--seed", "3")
    assert {path.name for path in tmp_path.iterdir()} == FILES
    figures = summary(tmp_path)
    assert figures["cases"] == 24
    assert figures["stopped_by"] == "cases"
    records = [json.loads(line) for line in (tmp_path / "failures.jsonl").read_text(encoding="utf-8").splitlines()]
    assert len(records) == figures["finds"]
    for record in records:
        assert set(record) == {"input", "metadata"}
        assert set(record["metadata"]) == METADATA
        assert record["metadata"]["failure_type"] in TAXONOMY
        assert record["metadata"]["source"] == "discovery"
    assert re.search(r"<h1>Failures of domaingen-t5", (tmp_path / "report.html").read_text(encoding="utf-8"))


def test_the_same_command_writes_the_same_bytes(tmp_path: Path, instant: None) -> None:
    for name in ("a", "b"):
        run("--out", str(tmp_path / name), "--cases", "80", "--seed", "7")
    for name in FILES - {"summary.json", "report.html"}:
        first, second = (tmp_path / folder / name for folder in ("a", "b"))
        assert first.read_bytes() == second.read_bytes()
        assert first.stat().st_size > 100


def test_proposals_are_an_evaluation_set_that_can_be_read(tmp_path: Path, instant: None) -> None:
    run("--out", str(tmp_path), "--cases", "64")
    samples = read_samples(tmp_path / "must_pass_proposals.jsonl")
    assert samples
    assert {sample.slices["kind"] for sample in samples} == {"discovered"}


def test_finds_are_filed_for_review_once(
    tmp_path: Path, instant: None, sqlite_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("DOMAINGEN_DATABASE_URL", sqlite_url)
    run("--out", str(tmp_path / "out"), "--cases", "64", "--store")
    database = Database(sqlite_url)
    with database.read() as connection:
        filed = connection.execute(select(FailureRow.source, FailureRow.input, FailureRow.failure_type)).all()
    lines = (tmp_path / "out" / "failures.jsonl").read_text(encoding="utf-8").splitlines()
    found = {(entry["input"], entry["metadata"]["failure_type"]) for entry in map(json.loads, lines)}
    assert {(each.input, each.failure_type) for each in filed} == found
    assert {each.source for each in filed} == {"discovery"}
    assert "0 of" in run("--out", str(tmp_path / "out"), "--cases", "64", "--store")
    database.close()


def test_time_that_is_over_stops_after_a_round_and_says_how_to_repeat_it(tmp_path: Path, instant: None) -> None:
    output = run("--out", str(tmp_path), "--cases", "5000", "--minutes", "0.0001")
    figures = summary(tmp_path)
    assert (figures["stopped_by"], figures["rounds"], figures["cases"]) == ("minutes", 1, 64)
    assert "after round 1" in output
    assert "--cases 64" in output


def test_seeds_of_the_user_s_own(tmp_path: Path, instant: None) -> None:
    seeds = tmp_path / "mine.csv"
    seeds.write_text("description,expect\nhat repair by post,suggest\nsell stolen hats,refuse\n", encoding="utf-8")
    run("--out", str(tmp_path / "out"), "--cases", "20", "--seeds", str(seeds))
    figures = summary(tmp_path / "out")
    assert figures["seeds"] == {"suggest": 1, "refuse": 1}
    assert figures["seeds_file"] == "mine.csv"
    assert figures["by_failure_type"] == {"safety_leak": 1}


@pytest.mark.parametrize(
    ("arguments", "status"),
    [
        (["discover"], 2),
        (["discover", "--out", "x", "--cases", "0"], 2),
        (["discover", "--out", "x", "--model", "no-such-model"], 1),
        (["discover", "--out", "x", "--seeds", "empty.csv"], 1),
    ],
)
def test_a_wrong_call_is_2_and_work_that_can_t_be_done_is_1(
    tmp_path: Path, arguments: list[str], status: int
) -> None:
    (tmp_path / "empty.csv").write_text("description\n", encoding="utf-8")
    done = subprocess.run(
        [sys.executable, "-m", "domaingen", *arguments], cwd=tmp_path, capture_output=True, text=True, check=False
    )
    assert done.returncode == status, done.stderr
    assert "Traceback" not in done.stderr
    assert not (tmp_path / "x").exists()


def test_an_interrupt_keeps_what_whole_rounds_found(tmp_path: Path) -> None:
    script = (
        "import signal; signal.signal(signal.SIGINT, signal.default_int_handler); "  # ignored by background jobs
        "from training.discovery import running; from tests.support.fakes import InstantSource; "
        "running.Assembly = InstantSource; from domaingen.cli import main; main()"
    )
    process = subprocess.Popen(
        [sys.executable, "-c", script, "discover", "--out", str(tmp_path), "--cases", "100000"],
        stderr=subprocess.PIPE,
        text=True,
        env={**os.environ, "PYTHONPATH": str(Path(__file__).parents[3])},
    )
    deadline = time.monotonic() + 100
    while time.monotonic() < deadline:
        path = tmp_path / "summary.json"
        if path.exists() and summary(tmp_path)["rounds"]:
            break
        time.sleep(0.2)
    process.send_signal(signal.SIGINT)
    _, errors = process.communicate(timeout=60)
    assert process.returncode == 130, errors
    assert "Traceback" not in errors
    figures = summary(tmp_path)
    assert figures["stopped_by"] == "interrupted"
    # Whole rounds; late in a search one may find a few cases less that are new.
    rounds = int(str(figures["rounds"]))
    assert 64 * rounds * 0.97 <= int(str(figures["cases"])) <= 64 * rounds
    lines = (tmp_path / "failures.jsonl").read_text(encoding="utf-8").splitlines()
    assert len([json.loads(line) for line in lines]) == figures["finds"]
    assert {path.name for path in tmp_path.iterdir()} == FILES


def test_the_page_escapes_texts_and_spells_out_what_nobody_sees() -> None:
    hostile = "<script>alert(1)</script>\u202egnp.exe\u200b"
    seed = Seed("s", "hats", "suggest")
    from domaingen.outcomes import FailureType
    from domaingen.suggestion import without_names

    outcome = without_names(FailureType.SAFETY_ISSUE, category="hacking")
    find = Find(
        seed,
        ("html",),
        Probe("hats", "suggest", "hats"),
        outcome,
        Probe(hostile, "suggest", "hats"),
        outcome,
        ORACLES["same_status"],
        Broken("over_refusal", hostile, "moderation_excess"),
    )
    tallies = {"html": Tally(4, 1), "as_is": Tally(9, 0)}
    page = discovery_page(
        {
            "model": "<b>m</b>", "model_digest": "0" * 64, "seed": 0, "cases": 4, "rounds": 1, "seeds_tried": 9, "finds": 1,
            "groups": 1, "proposals": 1, "stopped_by": "cases", "by_severity": {"high": 1},
            "by_mutator": {name: tally.as_dict() for name, tally in tallies.items()}, "by_oracle": {},
        },
        group_finds([find], tallies),
        [{"input": hostile, "expect": "suggest", "slices": {"mutator": "html"}}],
    )  # fmt: skip
    assert "<script" not in page
    assert "<b>m" not in page
    assert "\u202e" not in page
    assert "\u200b" not in page
    assert "&lt;script&gt;alert(1)&lt;/script&gt;‹U+202E›gnp.exe‹U+200B›" in page
    assert "src=" not in re.sub(r"&lt;.*?&gt;", "", page)
    assert "http" not in page.replace("http-equiv", "")
    assert spell("naïve 🙂 text") == "naïve 🙂 text"


def test_the_docs_show_the_registries_as_they_are() -> None:
    page = (DOCS / "discovery.md").read_text(encoding="utf-8")
    assert mutator_table() in page, "run `python -m training.discovery.tables` and put its tables into the page"
    assert oracle_table() in page
