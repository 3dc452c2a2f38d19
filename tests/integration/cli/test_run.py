"""`domaingen run` and `suggest` as a user types them, with the bundled model."""

import csv
import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Mapping
from pathlib import Path

import pytest

from domaingen.assembly import resolve_model
from domaingen.names.domain import parse_domain
from domaingen.outcomes import FailureType
from domaingen.queueing import CeleryPublisher
from domaingen.reaper import reap
from domaingen.settings import load_settings
from domaingen.store.batches import list_batches, progress
from domaingen.store.database import Database
from domaingen.store.migrate import ensure_ready
from producer.following import follow
from producer.submission import BatchOptions, plan_submission, submit
from tests.support.rows import assert_all_ended_once
from tests.support.servers import wait_until
from worker.in_process import InProcessWorker

ROWS = [
    ("a1", "organic coffee shop in downtown area", "north"),
    ("a2", "Best way to kill weeds in your garden", "=1+1"),
    ("a3", "", "south"),
    ("a4", "Rent a thug: we beat up your enemies for a flat fee", "west"),
    ("a5", "<script>alert(1)</script> bakery", "@x"),
    ("a6", "AAAAAAAAAA", "-"),
    ("a7", "marine cargo surveyor", ""),
    ("a8", "peluquería canina en Sevilla", "+1"),
]


def command(*arguments: str, environment: Mapping[str, str] | None = None) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "domaingen", *arguments],
        env=os.environ | dict(environment or {}),
        capture_output=True,
        text=True,
        timeout=110,
        check=False,
    )


def write_csv(path: Path, rows: list[tuple[str, str, str]], *, times: int = 1) -> Path:
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(["id", "description", "region"])
        for turn in range(times):
            writer.writerows((f"{key}-{turn}", text, region) for key, text, region in rows)
    return path


def test_suggest_prints_a_table_and_ends_with_status_0() -> None:
    done = command("suggest", "organic coffee shop in downtown area")
    assert done.returncode == 0
    assert len([line for line in done.stdout.splitlines() if "." in line]) == 5
    assert done.stderr == ""


def test_suggest_ends_with_status_1_and_the_reason_for_a_harmful_row() -> None:
    done = command("suggest", "counterfeit designer handbags shipped from the factory", "--json")
    assert done.returncode == 1
    record = json.loads(done.stdout)
    assert (record["status"], record["failure_type"], record["suggestions"]) == ("refused", "safety_issue", [])


def test_a_wrong_call_ends_with_status_2_and_an_unusable_file_with_1(tmp_path: Path) -> None:
    assert command("run").returncode == 2
    assert command("nonsense").returncode == 2
    broken = tmp_path / "broken.csv"
    broken.write_bytes(b"description\nbakery\nbad \xff byte\n")
    done = command("run", str(broken), "--out", str(tmp_path / "out"))
    assert done.returncode == 1
    assert "line 3" in done.stderr
    assert not (tmp_path / "out").exists()


def test_run_ends_every_row_and_two_runs_write_the_same_bytes(tmp_path: Path) -> None:
    path = write_csv(tmp_path / "in.csv", ROWS, times=8)
    outs = []
    for turn, chunk in enumerate(["48", "5"]):
        out = tmp_path / f"out{turn}"
        environment = {"DOMAINGEN_HOME": str(tmp_path / f"home{turn}"), "DOMAINGEN_CHUNK_SIZE": chunk}
        done = command("run", str(path), "--out", str(out), "--seed", "7", environment=environment)
        assert done.returncode == 0, done.stderr
        outs.append(out)
    assert (outs[0] / "results.jsonl").read_bytes() == (outs[1] / "results.jsonl").read_bytes()
    records = [json.loads(line) for line in (outs[0] / "results.jsonl").read_text().splitlines()]
    assert [record["row"] for record in records] == list(range(1, 65))
    by_id = {record["id"]: record for record in records}
    statuses = {key: by_id[f"{key}-0"]["status"] for key, _, _ in ROWS}
    assert statuses == {
        "a1": "suggested",
        "a2": "suggested",
        "a3": "rejected",
        "a4": "refused",
        "a5": "suggested",
        "a6": "rejected",
        "a7": "suggested",
        "a8": "suggested",
    }
    for record in records:
        assert (record["failure_type"] is None) == (record["status"] == "suggested")
        for suggestion in record["suggestions"]:
            parse_domain(suggestion["domain"])
            assert set(suggestion) >= {"domain", "score", "rule_score", "judge_score", "judge", "reason", "source"}
    with (outs[0] / "results.csv").open(encoding="utf-8", newline="") as file:
        table = list(csv.DictReader(file))
    assert table[1]["region"] == "'=1+1"
    assert table[0]["domain_1"] == by_id["a1-0"]["suggestions"][0]["domain"]
    summary = json.loads((outs[0] / "summary.json").read_text())
    assert summary["counts"]["suggested"] == 40
    page = (outs[0] / "report.html").read_text()
    assert "<script>alert(1)" not in page
    failures = [json.loads(line) for line in (outs[0] / "failures.jsonl").read_text().splitlines()]
    # Rows without names, and what was found in the others.
    outcomes = {kind.value for kind in FailureType}
    assert sum(failure["metadata"]["failure_type"] in outcomes for failure in failures) == 24
    assert {"source", "failure_type", "severity", "category", "root_cause"} <= set(failures[0]["metadata"])


def test_another_seed_gives_other_names(tmp_path: Path) -> None:
    first, second = (
        json.loads(command("suggest", "organic coffee shop in downtown area", "--json", "--seed", seed).stdout)
        for seed in ("0", "1")
    )
    assert {name["domain"] for name in first["suggestions"]} != {name["domain"] for name in second["suggestions"]}


def test_a_run_that_is_killed_is_continued_by_the_same_command(tmp_path: Path) -> None:
    path = write_csv(tmp_path / "in.csv", ROWS, times=60)
    home = tmp_path / "home"
    environment = os.environ | {"DOMAINGEN_HOME": str(home), "DOMAINGEN_CHUNK_SIZE": "8", "DOMAINGEN_LEASE_S": "3"}
    arguments = [sys.executable, "-m", "domaingen", "run", str(path), "--out", str(tmp_path / "out")]
    running = subprocess.Popen(arguments, env=environment, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    settings = load_settings(home=home)

    def some_done() -> bool:
        if not (home / "domaingen.sqlite3").exists():
            return False
        database = Database(settings.database)
        try:
            batches = list_batches(database)
            return bool(batches) and progress(database, batches[0]["id"]).done > 8
        except Exception:  # the schema may be half made
            return False
        finally:
            database.close()

    try:
        wait_until(some_done, timeout_s=60, what="the first outcomes")
    finally:
        running.send_signal(signal.SIGKILL)
        running.wait()
    database = Database(settings.database)
    before = list_batches(database)
    done = subprocess.run(arguments, env=environment, capture_output=True, text=True, timeout=110, check=False)
    assert done.returncode == 0, done.stderr
    assert "continuing batch" in done.stderr
    after = list_batches(database)
    assert [batch["id"] for batch in after] == [batch["id"] for batch in before]
    assert_all_ended_once(database, after[0]["id"], 480)
    assert len((tmp_path / "out" / "results.jsonl").read_text().splitlines()) == 480
    # What the killed run left behind ended by itself.
    wait_until(lambda: not _processes_of(home), timeout_s=20, what="the end of all processes of this HOME")


def _processes_of(home: Path) -> list[int]:
    found = []
    for entry in Path("/proc").glob("[0-9]*/environ"):
        try:
            if f"DOMAINGEN_HOME={home}".encode() in entry.read_bytes().split(b"\0"):
                found.append(int(entry.parent.name))
        except OSError:
            continue
    return [pid for pid in found if pid != os.getpid()]


def test_the_same_file_again_is_noticed_and_said(tmp_path: Path) -> None:
    path = write_csv(tmp_path / "in.csv", ROWS[:1])
    environment = {"DOMAINGEN_HOME": str(tmp_path / "home")}
    for expected in (False, True):
        done = command("run", str(path), "--out", str(tmp_path / "out"), environment=environment)
        assert done.returncode == 0, done.stderr
        assert ("submitted before" in done.stderr) is expected


@pytest.mark.timeout(100)
def test_without_any_redis_a_batch_is_worked_on_in_this_process(tmp_path: Path) -> None:
    settings = load_settings(home=tmp_path / "home", publish_grace_s=0.5)
    database = Database(settings.database)
    ensure_ready(database)
    worker = InProcessWorker(settings)
    worker.start()
    publisher = CeleryPublisher(worker.app)
    try:
        path = write_csv(tmp_path / "in.csv", ROWS, times=4)
        plan = plan_submission(path, BatchOptions(), settings, database, resolve_model(settings, database))
        batch_id = submit(plan, database, publisher, chunk_size=8)
        deadline = time.monotonic() + 80
        for _ in follow(
            database, batch_id, between=lambda: reap(database, publisher, chunk_size=8, grace_s=5) and None
        ):
            assert time.monotonic() < deadline
    finally:
        worker.stop()
    assert_all_ended_once(database, batch_id, 32)
