"""The registry of model versions, on SQLite and on Postgres."""

import signal
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from threading import Barrier

import pytest
from sqlalchemy import select, update
from sqlalchemy.exc import IntegrityError

from domaingen.errors import StoreError
from domaingen.generation.model_files import BUNDLED_MODEL
from domaingen.store.canary import start_canary
from domaingen.store.database import Database
from domaingen.store.model_changes import current_canary, past_versions
from domaingen.store.model_schema import ModelChange
from domaingen.store.models import (
    active_version,
    list_versions,
    promote,
    read_version,
    register_version,
    reject,
    rollback,
)
from domaingen.store.named_locks import acquire
from domaingen.store.schema import ModelVersion
from tests.support.model_folders import make_model, register, states


def promoted(database: Database, name: str, **options: object) -> str | None:
    with database.begin() as connection:
        return promote(connection, name, **options)  # type: ignore[arg-type]


def rolled_back(database: Database) -> str:
    with database.begin() as connection:
        return rollback(connection)


def active(database: Database) -> str | None:
    with database.read() as connection:
        return active_version(connection)


def test_the_bundled_model_is_the_first_version_and_active(database: Database) -> None:
    with database.read() as connection:
        assert active_version(connection) is None
        (only,) = list_versions(connection)
        assert read_version(connection, BUNDLED_MODEL) == only
    assert (only.name, only.state, only.bundled) == (BUNDLED_MODEL, "active", True)


def test_a_registered_version_is_a_candidate_with_card_and_lineage(database: Database, tmp_path: Path) -> None:
    register(database, tmp_path, "first")
    second = make_model(tmp_path, "second", parent="first")
    with database.begin() as connection:
        register_version(connection, second, card={"gate": {"passed": True}})
    with database.read() as connection:
        version = read_version(connection, "second")
        names = [each.name for each in list_versions(connection)]
    assert names == [BUNDLED_MODEL, "first", "second"]
    assert (version.state, version.parent, version.digest) == ("candidate", "first", second.digest)
    assert version.card["metrics"] == {"loss": 2.5}
    assert version.card["gate"] == {"passed": True}
    assert version.promoted_at is None


def test_a_parent_that_is_not_registered_is_still_named(database: Database, tmp_path: Path) -> None:
    with database.begin() as connection:
        register_version(connection, make_model(tmp_path, "child"), parent=BUNDLED_MODEL)
    with database.read() as connection:
        assert read_version(connection, "child").parent == BUNDLED_MODEL


def test_the_same_version_again_changes_nothing_and_another_under_its_name_is_refused(
    database: Database, tmp_path: Path
) -> None:
    (first,) = register(database, tmp_path, "first")
    promoted(database, "first")
    with database.begin() as connection:
        register_version(connection, first)
    assert states(database) == {"first": "active"}
    other = make_model(tmp_path / "elsewhere", "first", content="other")
    with pytest.raises(StoreError, match="another model named first"), database.begin() as connection:
        register_version(connection, other)


@pytest.mark.parametrize("name", ["active", BUNDLED_MODEL, "../up", "-x", "", "a/b", "ä", "x" * 121])
def test_a_name_that_means_something_else_or_is_no_folder_name_is_refused(
    sqlite_url: str, tmp_path: Path, name: str
) -> None:
    database = Database(sqlite_url)
    files = make_model(tmp_path, "plain")
    object.__setattr__(files, "name", name)
    with pytest.raises(StoreError, match="can't be named"), database.begin() as connection:
        register_version(connection, files)


def test_promotion_retires_the_earlier_version_and_returns_its_name(database: Database, tmp_path: Path) -> None:
    register(database, tmp_path, "first", "second")
    assert promoted(database, "first") is None
    assert promoted(database, "second") == "first"
    assert states(database) == {"first": "retired", "second": "active"}
    assert promoted(database, "second") == "second", "again is no change"
    assert promoted(database, BUNDLED_MODEL) == "second"
    assert states(database) == {"first": "retired", "second": "retired"}
    assert promoted(database, BUNDLED_MODEL) is None


def test_the_database_itself_refuses_a_second_active_version(database: Database, tmp_path: Path) -> None:
    register(database, tmp_path, "first", "second")
    with pytest.raises(IntegrityError), database.begin() as connection:
        connection.execute(update(ModelVersion).values(state="active"))


def test_rollback_goes_back_step_by_step_as_far_as_the_bundled_model(database: Database, tmp_path: Path) -> None:
    register(database, tmp_path, "first", "second")
    for name in ("first", "second", BUNDLED_MODEL, "first"):
        promoted(database, name)
    assert [rolled_back(database) for _ in range(4)] == [BUNDLED_MODEL, "second", "first", BUNDLED_MODEL]
    assert active(database) is None
    with pytest.raises(StoreError, match="nothing to go back to"):
        rolled_back(database)


def test_after_a_step_back_the_next_promotion_starts_a_new_history(database: Database, tmp_path: Path) -> None:
    register(database, tmp_path, "first", "second", "third")
    for name in ("first", "second"):
        promoted(database, name)
    rolled_back(database)
    promoted(database, "third")
    with database.read() as connection:
        assert past_versions(connection) == [BUNDLED_MODEL, "first", "third"]
    assert rolled_back(database) == "first"


@pytest.mark.parametrize("damage", ["gone", "file changed", "another model in its place"])
def test_a_version_whose_files_are_not_what_was_registered_is_not_promoted(
    database: Database, tmp_path: Path, damage: str
) -> None:
    first, second = register(database, tmp_path, "first", "second")
    promoted(database, "first")
    if damage == "gone":
        second.path.rename(tmp_path / "away")
    elif damage == "file changed":
        (second.path / "ct2" / "model.bin").write_text("changed")
    else:
        second.path.rename(tmp_path / "away")
        make_model(tmp_path, "second", content="other")
    with pytest.raises(StoreError, match="second"):
        promoted(database, "second")
    assert states(database) == {"first": "active", "second": "candidate"}
    assert first.path.exists()


def test_a_step_back_to_lost_files_changes_nothing(database: Database, tmp_path: Path) -> None:
    first, _ = register(database, tmp_path, "first", "second")
    promoted(database, "first")
    promoted(database, "second")
    first.path.rename(tmp_path / "away")
    with pytest.raises(StoreError, match="first can't be used"):
        rolled_back(database)
    assert active(database) == "second"


def test_unknown_names_are_refused_with_the_command_that_lists_them(database: Database) -> None:
    for work in (promote, read_version, lambda connection, name: reject(connection, name, {})):
        with pytest.raises(StoreError, match="models list"), database.begin() as connection:
            work(connection, "nobody")


def test_a_rejected_candidate_keeps_its_report_and_is_promoted_by_a_person_alone(
    database: Database, tmp_path: Path
) -> None:
    register(database, tmp_path, "first")
    with database.begin() as connection:
        reject(connection, "first", {"failed": ["must-pass"]})
    with database.read() as connection:
        assert read_version(connection, "first").card["gate"] == {"failed": ["must-pass"]}
    with pytest.raises(StoreError, match="rejected by the gate"):
        promoted(database, "first")
    promoted(database, "first", rejected_too=True)
    with pytest.raises(StoreError, match="rollback"), database.begin() as connection:
        reject(connection, "first", {})


def test_a_fence_that_holds_lets_the_promotion_through(database: Database, tmp_path: Path) -> None:
    register(database, tmp_path, "first")
    held = acquire(database, "retrain", "me", ttl_s=60)
    assert held
    promoted(database, "first", fence=(held.name, held.fence))
    assert active(database) == "first"


def test_a_run_whose_lock_was_taken_over_ran_out_or_never_was_promotes_nothing(
    database: Database, tmp_path: Path
) -> None:
    register(database, tmp_path, "first")
    late = acquire(database, "retrain", "late", ttl_s=-1)
    assert late
    with pytest.raises(StoreError, match="no longer held"):
        promoted(database, "first", fence=(late.name, late.fence))
    successor = acquire(database, "retrain", "successor", ttl_s=60)
    assert successor
    assert successor.fence == late.fence + 1
    for fence in [(late.name, late.fence), ("other", 1)]:
        with pytest.raises(StoreError, match="no longer held"):
            promoted(database, "first", fence=fence)
    assert states(database) == {"first": "candidate"}


def test_promotions_at_the_same_moment_follow_each_other(database: Database, tmp_path: Path) -> None:
    names = [f"version{number}" for number in range(8)]
    register(database, tmp_path, *names)
    barrier = Barrier(len(names))

    def go(name: str) -> str | None:
        barrier.wait()
        return promoted(database, name)

    with ThreadPoolExecutor(len(names)) as threads:
        earlier = list(threads.map(go, names))
    assert sorted(states(database).values()) == ["active", *["retired"] * 7]
    last = active(database)
    # Each took over from another one: a chain from the bundled model to the one that is active now.
    assert {name or BUNDLED_MODEL for name in earlier} == {BUNDLED_MODEL, *names} - {last}
    with database.read() as connection:
        history = past_versions(connection)
    assert history[-1] == last
    assert sorted(history[1:]) == names


@pytest.mark.parametrize("moment", ["retire", "activate", "log", "commit"])
def test_a_promotion_that_is_killed_is_whole_or_not_there(
    database: Database, database_url: str, tmp_path: Path, moment: str
) -> None:
    register(database, tmp_path, "first", "second", "canary")
    promoted(database, "first")
    with database.begin() as connection:
        start_canary(connection, "canary", 0.5)
    dead = subprocess.run(
        [sys.executable, "-m", "tests.support.dying_promoter", database_url, "second", moment],
        check=False,
        timeout=60,
        capture_output=True,
        text=True,
    )
    assert dead.returncode == -signal.SIGKILL, dead.stderr
    with database.read() as connection:
        assert active_version(connection) == "first"
        assert past_versions(connection) == [BUNDLED_MODEL, "first"]
        assert current_canary(connection), "the canary goes on"
    assert states(database)["second"] == "candidate"
    assert promoted(database, "second") == "first", "the next one is not in its way"


def test_what_was_done_is_kept_in_order(database: Database, tmp_path: Path) -> None:
    register(database, tmp_path, "first", "second")
    promoted(database, "first")
    with database.begin() as connection:
        start_canary(connection, "second", 0.25)
    promoted(database, "second")
    rolled_back(database)
    with database.read() as connection:
        rows = connection.execute(
            select(ModelChange.kind, ModelChange.model, ModelChange.share).order_by(ModelChange.id)
        ).all()
    assert [tuple(row) for row in rows] == [
        ("promote", "first", None),
        ("canary", "second", 0.25),
        ("canary", None, 0.0),
        ("promote", "second", None),
        ("rollback", "first", None),
    ]
