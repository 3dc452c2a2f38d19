"""Workers change over between two chunks: what a batch is named by, with the real parts and two real models."""

import json
from pathlib import Path

import pytest

from domaingen.assembly import Assembly, find_model, model_for
from domaingen.chunks import generate_chunk
from domaingen.errors import ModelError, SettingsError
from domaingen.generation.model_files import BUNDLED_MODEL, bundled_model_path, read_model
from domaingen.reports.export import export_batch
from domaingen.settings import load_settings
from domaingen.store.batches import NewBatch, NewItem, add_items, close_reception, create_batch
from domaingen.store.database import Database
from domaingen.store.models import promote, register_version, rollback
from producer.submission import BatchOptions, plan_submission
from tests.support.rows import SETTINGS, assert_all_ended_once
from training.model_store import copy_model


def store(database: Database, model: str, *, follow: bool) -> tuple[str, list[int]]:
    """Six rows that begin with `model`."""
    fixed = SETTINGS | {"follow_active": follow}
    new = NewBatch("t.csv", "d" * 64, "f" * 64, ["description"], fixed, model, 6)
    rows = [NewItem(row, str(row), f"organic bakery {row} in the old town", {}) for row in range(1, 7)]
    with database.begin() as connection:
        batch_id = create_batch(connection, new)
        ids = add_items(connection, batch_id, rows)
        close_reception(connection, batch_id)
    return batch_id, ids


@pytest.mark.parametrize(
    ("follow", "expected"),
    [
        (False, [BUNDLED_MODEL] * 6),
        (True, [BUNDLED_MODEL, BUNDLED_MODEL, "second", "second", BUNDLED_MODEL, BUNDLED_MODEL]),
    ],
    ids=["keeps its model", "follows"],
)
def test_chunks_after_a_promotion_and_a_step_back(
    sqlite_url: str, tmp_path: Path, follow: bool, expected: list[str]
) -> None:
    database, settings = Database(sqlite_url), load_settings(database_url=sqlite_url, judge="local", threads=1)
    second = copy_model(read_model(bundled_model_path()), tmp_path / "store", name="second")
    with database.begin() as connection:
        register_version(connection, second)
    source = Assembly(settings, database)
    batch_id, ids = store(database, BUNDLED_MODEL, follow=follow)
    generate_chunk(database, settings, source, batch_id, ids[:2])
    with database.begin() as connection:
        promote(connection, "second")
    generate_chunk(database, settings, source, batch_id, ids[2:4])
    with database.begin() as connection:
        rollback(connection)
    generate_chunk(database, settings, source, batch_id, ids[4:])
    assert_all_ended_once(database, batch_id, 6)
    export_batch(database, batch_id, tmp_path / "out")
    lines = (tmp_path / "out" / "results.jsonl").read_text().splitlines()
    assert [json.loads(line)["model"] for line in lines] == expected


def test_a_version_whose_folder_changed_after_its_promotion_stops_work_and_loses_no_row(
    sqlite_url: str, tmp_path: Path
) -> None:
    database, settings = Database(sqlite_url), load_settings(database_url=sqlite_url, threads=1)
    second = copy_model(read_model(bundled_model_path()), tmp_path / "store", name="second")
    with database.begin() as connection:
        register_version(connection, second)
        promote(connection, "second")
    (second.path / "tokenizer.json").write_text("{}")
    source = Assembly(settings, database)
    batch_id, ids = store(database, BUNDLED_MODEL, follow=True)
    with pytest.raises(ModelError, match="does not match its digest"):
        generate_chunk(database, settings, source, batch_id, ids)
    with pytest.raises(ModelError):
        find_model("second", settings, database)
    with database.begin() as connection:
        rollback(connection)
    generate_chunk(database, settings, source, batch_id, ids)
    assert_all_ended_once(database, batch_id, 6)


def test_a_new_batch_begins_with_the_active_version(sqlite_url: str, tmp_path: Path) -> None:
    database, settings = Database(sqlite_url), load_settings(database_url=sqlite_url)
    assert model_for(settings, database, "a" * 64) == BUNDLED_MODEL
    second = copy_model(read_model(bundled_model_path()), tmp_path / "store", name="second")
    with database.begin() as connection:
        register_version(connection, second)
        promote(connection, "second")
    assert model_for(settings, database, "a" * 64) == "second"


def test_an_interrupted_submission_that_follows_is_continued_after_a_promotion(
    sqlite_url: str, tmp_path: Path
) -> None:
    database, settings = Database(sqlite_url), load_settings(database_url=sqlite_url)
    path = tmp_path / "rows.csv"
    path.write_text("description\nbakery\n")
    options = {follow: BatchOptions(follow_active=follow) for follow in (True, False)}
    before = {follow: plan_submission(path, options[follow], settings, database) for follow in options}
    second = copy_model(read_model(bundled_model_path()), tmp_path / "store", name="second")
    with database.begin() as connection:
        register_version(connection, second)
        promote(connection, "second")
    after = {follow: plan_submission(path, options[follow], settings, database) for follow in options}
    assert before[True].fingerprint == after[True].fingerprint
    assert before[False].fingerprint != after[False].fingerprint


def test_a_batch_that_follows_can_not_be_given_a_model(sqlite_url: str, tmp_path: Path) -> None:
    path = tmp_path / "rows.csv"
    path.write_text("description\nbakery\n")
    settings = load_settings(database_url=sqlite_url, model=BUNDLED_MODEL)
    with pytest.raises(SettingsError, match="--follow-active"):
        plan_submission(path, BatchOptions(follow_active=True), settings, Database(sqlite_url))
