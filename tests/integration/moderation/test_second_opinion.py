"""OpenAI's moderation in the pipeline, against the fake server: who is asked, what follows, how it is paced."""

import csv
import json
import os
import subprocess
import sys
import threading
import time
from collections.abc import Mapping
from pathlib import Path

import pytest
import structlog

from domaingen.assembly import Assembly, resolve_model
from domaingen.assets import asset
from domaingen.chunks import generate_chunk
from domaingen.errors import SettingsError
from domaingen.moderation.local import LocalModerator
from domaingen.moderation.second_opinion import make_moderator
from domaingen.moderation.verdict import Decision
from domaingen.outcomes import FailureType, Status
from domaingen.pipeline import Options, Row, name_rows
from domaingen.settings import load_settings
from domaingen.store.batches import progress
from domaingen.store.database import Database
from tests.support.fake_openai import FakeOpenAI, Limits
from tests.support.rows import assert_all_ended_once, store_batch

KEY = "sk-fake-key-for-tests"
BATH_BOMBS = "handmade bath bombs and soaps from a small workshop"
"""The local moderator allows it; the fake service flags the word bomb."""
BAKERY = "a small bakery for sourdough bread"


def run(path: Path, out: Path, environment: Mapping[str, str]) -> list[dict[str, object]]:
    done = subprocess.run(
        [sys.executable, "-m", "domaingen", "run", str(path), "--out", str(out), "--judge", "local"],
        env=os.environ | dict(environment),
        capture_output=True,
        text=True,
        timeout=110,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return [json.loads(line) for line in (out / "results.jsonl").read_text().splitlines()]


@pytest.fixture
def businesses(tmp_path: Path) -> Path:
    path = tmp_path / "businesses.csv"
    with path.open("w", newline="") as file:
        csv.writer(file).writerows([["description"], [BAKERY], [BATH_BOMBS]])
    return path


def test_a_run_refuses_what_the_service_flags_and_the_disagreement_is_filed_and_logged(
    businesses: Path, tmp_path: Path
) -> None:
    with FakeOpenAI() as server:
        environment = {
            "OPENAI_API_KEY": KEY,
            "OPENAI_BASE_URL": server.url,
            "DOMAINGEN_MODERATION": "openai",
        }
        bakery, bombs = run(businesses, tmp_path / "out", environment)
        asked = [(entry.endpoint, entry.names) for entry in server.journal.entries]
    assert bakery["status"] == "suggested"
    assert (bombs["status"], bombs["failure_type"], bombs["category"]) == ("refused", "safety_issue", "violence")
    # One list for both rows.
    assert asked == [("moderations", 2)]
    logged = (tmp_path / "home" / "run.log").read_text()
    assert "moderators disagree" in logged
    assert "service flags violence" in logged
    assert "bath" not in logged
    filed = (tmp_path / "out" / "failures.jsonl").read_text().splitlines()
    [opinions] = [json.loads(line)["metadata"]["original_output"]["opinions"] for line in filed]
    assert opinions.startswith("local allow")
    assert "service flags violence" in opinions
    assert KEY not in logged


def test_a_run_without_a_key_contacts_nobody(businesses: Path, tmp_path: Path) -> None:
    with FakeOpenAI() as server:
        rows = run(businesses, tmp_path / "out", {"OPENAI_BASE_URL": server.url})
        assert [row["status"] for row in rows] == ["suggested", "suggested"]
        assert server.keys_seen == set()


@pytest.mark.parametrize(
    ("variables", "asks"),
    [
        ({}, False),
        ({"OPENAI_API_KEY": KEY}, True),
        ({"OPENAI_API_KEY": KEY, "OPENAI_BASE_URL": "http://127.0.0.1:9/v1"}, False),
        ({"OPENAI_API_KEY": KEY, "OPENAI_BASE_URL": "http://127.0.0.1:9/v1", "moderation": "openai"}, True),
        ({"OPENAI_API_KEY": KEY, "moderation": "local"}, False),
    ],
)
def test_the_setting_says_who_is_asked(variables: dict[str, str], asks: bool) -> None:
    assert load_settings(**variables).asks_moderation is asks


def test_openai_moderation_without_a_key_is_refused_with_what_to_do() -> None:
    settings = load_settings(moderation="openai")
    with pytest.raises(SettingsError, match="OPENAI_API_KEY"):
        Assembly(settings).parts(resolve_model(settings, None), "none")


def test_while_the_service_is_down_the_local_verdict_stands_and_unsure_rows_are_refused() -> None:
    settings = load_settings(OPENAI_API_KEY=KEY, OPENAI_BASE_URL="http://127.0.0.1:9/v1", moderation="openai")
    parts = Assembly(settings).parts(resolve_model(settings, None), "none")
    texts = (BAKERY, BATH_BOMBS, unsure())
    with structlog.testing.capture_logs() as logs:
        outcomes = name_rows([Row(at, str(at), text, {}) for at, text in enumerate(texts)], parts, Options())
    assert [outcome.status for outcome in outcomes] == [Status.SUGGESTED, Status.SUGGESTED, Status.REFUSED]
    assert outcomes[2].failure_type is FailureType.SAFETY_ISSUE
    assert any(line["event"] == "moderation service gave no answer" for line in logs)


def unsure() -> str:
    """A description that the local moderator is unsure about."""
    moderator = LocalModerator()
    lines = asset("safety", "fraud.txt").read_text(encoding="utf-8").splitlines()
    texts = [line.partition("|")[2].strip() for line in lines if line.startswith("- en")]
    verdicts = zip(texts, moderator.judge(texts), strict=True)
    return next(text for text, verdict in verdicts if verdict.decision is Decision.UNCERTAIN)


def test_rows_may_wait_for_the_service_and_are_named_when_it_is_back(database: Database) -> None:
    batch_id, ids = store_batch(database, 2, descriptions=[BAKERY, unsure()])
    with FakeOpenAI() as server:
        settings = load_settings(
            OPENAI_API_KEY=KEY,
            OPENAI_BASE_URL="http://127.0.0.1:9/v1",
            moderation="openai",
            moderation_when_down="wait",
        )

        class Source(Assembly):
            def parts(self, model: str, judge: str):  # type: ignore[no-untyped-def]
                return super().parts(resolve_model(settings, None), judge)

        report = generate_chunk(database, settings, Source(settings, database), batch_id, ids)
        assert report.claimed == 0
        assert progress(database, batch_id).waiting == 2
        back = settings.model_copy(update={"openai_base_url": server.url})
        report = generate_chunk(database, back, Source(back, database), batch_id, ids)
        assert report.written == 2
    assert_all_ended_once(database, batch_id, 2)


def test_all_processes_together_keep_the_services_limit(sqlite_url: str) -> None:
    """Two processes' moderators share 60,000 tokens a minute and are never refused."""
    databases = [Database(sqlite_url) for _ in range(2)]
    text = "a bakery for bread and cake in the old town with a garden " * 4
    with FakeOpenAI(limits=Limits(tokens_per_minute=60_000)) as server:
        settings = load_settings(OPENAI_API_KEY=KEY, OPENAI_BASE_URL=server.url, moderation="openai")
        moderators = [make_moderator(settings, each, LocalModerator()) for each in databases]
        # 12 requests of 16 rows of about 58 tokens: 11 seconds at that rate.
        started = time.monotonic()
        threads = [
            threading.Thread(target=lambda each=each: [each.judge([text] * 16) for _ in range(6)])
            for each in moderators
        ]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join(timeout=60)
        took_s = time.monotonic() - started
        statistics = server.journal.statistics()
    assert statistics["by_outcome"].get("limited", 0) == 0
    assert len(server.journal.of("ok")) == 12
    assert 7 < took_s < 30
    for database in databases:
        database.close()
