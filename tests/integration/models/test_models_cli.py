"""`domaingen models` as a person types it; push and pull go to a stand-in for the Hugging Face Hub on loopback."""

import json
import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
from click.testing import CliRunner
from huggingface_hub import constants

from domaingen.cli import root
from domaingen.errors import DomaingenError
from domaingen.generation.model_files import BUNDLED_MODEL, digest_of, read_model
from tests.support.fake_hub import FakeHub
from tests.support.model_folders import make_model

SECRET = "hf_secret_of_this_test"


@dataclass
class Done:
    """A command's end."""

    returncode: int
    stdout: str
    stderr: str


Run = Callable[..., Done]


@pytest.fixture
def hub() -> Iterator[FakeHub]:
    with FakeHub(token=SECRET) as hub:
        yield hub


@pytest.fixture
def models(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Run:
    """`domaingen models …` in this process, as from a home of its own; with `check` a command that fails fails the
    test. huggingface_hub reads some variables when it is imported, so they are set where it keeps them."""

    def run(*arguments: str, check: bool = True, **environment: str) -> Done:
        with monkeypatch.context() as patch:
            for name, value in environment.items():
                patch.setenv(name, value)
            endpoint = environment.get("HF_ENDPOINT", "http://127.0.0.1:9")
            patch.setattr(constants, "ENDPOINT", endpoint)
            template = endpoint + "/{repo_id}/resolve/{revision}/{filename}"
            patch.setattr(constants, "HUGGINGFACE_CO_URL_TEMPLATE", template)
            patch.setattr(constants, "HF_HUB_CACHE", environment.get("HF_HOME", str(tmp_path / "hf")))
            patch.setattr(constants, "HF_HUB_DISABLE_XET", True)
            result = CliRunner().invoke(root, ["models", *arguments])
        done = Done(result.exit_code, result.stdout, result.stderr)
        if isinstance(result.exception, DomaingenError):
            done.stderr += str(result.exception)
        elif result.exception and not isinstance(result.exception, SystemExit):
            raise result.exception
        assert not check or done.returncode == 0, done.stderr
        assert SECRET not in done.stdout + done.stderr
        return done

    return run


@pytest.fixture
def share(models: Run, hub: FakeHub) -> Run:
    """The same with the stand-in's address and token."""
    return lambda *arguments, **rest: models(*arguments, **({"HF_ENDPOINT": hub.url, "HF_TOKEN": SECRET} | rest))


def large_model(folder: Path, name: str) -> Path:
    """A model with a file that travels as a large one."""
    return make_model(folder, name, content=f"{name} " * 20_000).path


def listed(models: Run) -> dict[str, str]:
    return {version["name"]: version["state"] for version in json.loads(models("list", "--json").stdout)}


def test_register_promote_show_and_rollback(models: Run, tmp_path: Path) -> None:
    first = make_model(tmp_path, "first").path
    second = make_model(tmp_path, "second", parent="first").path
    assert models("register", str(first)).stdout == "first\n"
    models("register", str(second))
    assert (tmp_path / "home" / "models" / "second" / "model.json").exists()
    models("promote", "first", "--yes")
    models("promote", "second", "--yes")
    assert listed(models) == {BUNDLED_MODEL: "retired", "first": "retired", "second": "active"}
    assert "second < first" in models("show", "second").stdout
    shown = json.loads(models("show", "second", "--json").stdout)
    assert (shown["lineage"], shown["files_sound"]) == (["second", "first"], True)
    models("rollback")
    assert listed(models)["first"] == "active"
    models("promote", BUNDLED_MODEL, "--yes")
    assert listed(models)[BUNDLED_MODEL] == "active"
    assert "second" in models("list").stdout


def test_what_can_not_be_done_is_said_and_changes_nothing(models: Run, tmp_path: Path) -> None:
    models("register", str(make_model(tmp_path, "first").path))
    for arguments, status, message in [
        (("rollback",), 1, "nothing to go back to"),
        (("promote", "first"), 2, "give --yes"),
        (("promote", "nobody", "--yes"), 1, "models list"),
        (("show", "nobody"), 1, "models list"),
        (("register", str(tmp_path)), 1, "holds no model"),
        (("canary", "first"), 2, "--share"),
        (("canary",), 2, "--share"),
        (("compare-canary",), 1, "there is no canary"),
        (("pull", "a/b/c"), 1, "OWNER/NAME"),
        (("pull", str(tmp_path), "--revision", "x"), 2, "no revisions"),
    ]:
        done = models(*arguments, check=False)
        assert (done.returncode, message in done.stderr) == (status, True), (arguments, done.stderr)
    assert listed(models) == {BUNDLED_MODEL: "active", "first": "candidate"}


def test_a_shared_folder_is_a_registry_for_other_hosts(models: Run, tmp_path: Path) -> None:
    shared = str(tmp_path / "shared")
    models("register", str(make_model(tmp_path, "first").path))
    models("push", "first", "--to", shared)
    elsewhere = {"DOMAINGEN_HOME": str(tmp_path / "other"), "DOMAINGEN_MODEL_STORE": str(tmp_path / "store")}
    models("pull", f"{shared}/first", **elsewhere)
    models("pull", f"{shared}/first", "--name", "renamed", **elsewhere)
    assert read_model(tmp_path / "store" / "renamed").name == "renamed"
    models("promote", "renamed", "--yes", **elsewhere)
    (tmp_path / "store" / "first" / "ct2" / "model.bin").write_text("damaged")
    damaged = models("promote", "first", "--yes", check=False, **elsewhere)
    assert damaged.returncode == 1
    assert "digest" in damaged.stderr


def test_a_canary_is_started_shown_and_ended(models: Run, tmp_path: Path) -> None:
    models("register", str(make_model(tmp_path, "first").path))
    models("canary", "first", "--share", "0.25")
    assert "canary 25%" in " ".join(models("list").stdout.split())
    assert json.loads(models("compare-canary", "--json").stdout)["share"] == 0.25
    assert "first" in models("compare-canary").stdout
    models("canary", "--off")
    assert "canary" not in models("list").stdout


def test_a_pushed_version_is_pulled_elsewhere_with_its_content_and_card(
    share: Run, hub: FakeHub, tmp_path: Path
) -> None:
    share("register", str(large_model(tmp_path, "first")))
    url = share("push", "first", "--to", "us/names").stdout.strip()
    assert url == f"{hub.url}/us/names/tree/first"
    repository = hub.repositories["us/names"]
    assert repository.private
    assert len(repository.commits) == 2, "one commit after the empty one"
    assert "lfs_put" in hub.requests
    card = repository.commits[-1][1]["README.md"].decode()
    assert card.startswith("---\n")
    assert "| loss | 2.5 |" in card
    assert str(tmp_path) not in card
    elsewhere = {"DOMAINGEN_HOME": str(tmp_path / "other"), "HF_HOME": str(tmp_path / "other-hf")}
    assert share("pull", "us/names", **elsewhere).stdout == "first\n"
    pulled = read_model(tmp_path / "other" / "models" / "first")
    assert pulled.digest == read_model(tmp_path / "first").digest
    share("promote", "first", "--yes", **elsewhere)


def test_versions_are_tags_and_the_same_push_again_changes_nothing(
    share: Run, hub: FakeHub, tmp_path: Path
) -> None:
    for name in ("first", "second"):
        share("register", str(large_model(tmp_path, name)))
        share("push", name, "--to", "us/names")
    repository = hub.repositories["us/names"]
    assert list(repository.tags) == ["first", "second"]
    before = len(repository.commits)
    share("push", "first", "--to", "us/names")
    assert len(repository.commits) == before
    elsewhere = {"DOMAINGEN_HOME": str(tmp_path / "other")}
    assert share("pull", "us/names", **elsewhere).stdout == "second\n"
    assert share("pull", "us/names", "--revision", "first", **elsewhere).stdout == "first\n"
    other = make_model(tmp_path / "elsewhere", "first", content="another model of this name").path
    third = {"DOMAINGEN_HOME": str(tmp_path / "third")}
    share("register", str(other), **third)
    refused = share("push", "first", "--to", "us/names", check=False, **third)
    assert refused.returncode == 1
    assert "another model under the tag first" in refused.stderr


def test_a_push_that_breaks_leaves_nothing_and_is_given_again(share: Run, hub: FakeHub, tmp_path: Path) -> None:
    share("register", str(large_model(tmp_path, "first")))
    hub.failing.add("commit")
    broken = share("push", "first", check=False)
    assert broken.returncode == 1
    assert "answered 500" in broken.stderr
    repository = hub.repositories["somebody/first"]
    assert (len(repository.commits), repository.tags) == (1, {})
    hub.failing.clear()
    share("push", "first")
    assert list(repository.tags) == ["first"]


def test_a_damaged_download_is_refused_and_a_sound_one_taken_the_next_time(
    share: Run, hub: FakeHub, tmp_path: Path
) -> None:
    share("register", str(large_model(tmp_path, "first")))
    share("push", "first", "--to", "us/names")
    elsewhere = {"DOMAINGEN_HOME": str(tmp_path / "other"), "HF_HOME": str(tmp_path / "other-hf")}
    hub.spoiled.add("ct2/model.bin")
    damaged = share("pull", "us/names", check=False, **elsewhere)
    assert damaged.returncode == 1
    assert "does not match its digest" in damaged.stderr
    assert not (tmp_path / "other" / "models" / "first").exists()
    hub.spoiled.clear()
    share("pull", "us/names", **elsewhere)


def test_a_wrong_token_a_missing_repository_and_a_dead_server_are_told_apart(
    share: Run, hub: FakeHub, tmp_path: Path
) -> None:
    share("register", str(large_model(tmp_path, "first")))
    share("push", "first", "--to", "us/names")
    share("pull", "us/names", "--name", "kept")
    for arguments, changes, message in [
        (("pull", "us/names"), {"HF_TOKEN": "hf_other"}, "401"),
        (("pull", "us/nothing"), {}, "404"),
        (("pull", "us/names", "--revision", "none"), {}, "404"),
        (("pull", "us/names"), {"HF_ENDPOINT": "http://127.0.0.1:9"}, "can't be reached"),
        (("push", "first"), {"HF_ENDPOINT": "http://127.0.0.1:9"}, "can't be reached"),
    ]:
        done = share(*arguments, check=False, **changes)
        assert done.returncode == 1, arguments
        assert message in done.stderr, done.stderr


def test_a_manifest_that_leads_out_of_its_folder_is_refused(models: Run, tmp_path: Path) -> None:
    folder = make_model(tmp_path, "first").path
    manifest = json.loads((folder / "model.json").read_text())
    (tmp_path / "outside").write_text("x")
    manifest["files"]["../outside"] = "2d711642b726b04401627ca9fbac32f5c8530fb1903cc4db02258717921a4881"
    manifest["digest"] = digest_of(manifest["files"])
    (folder / "model.json").write_text(json.dumps(manifest))
    done = models("register", str(folder), check=False)
    assert done.returncode == 1
    assert "outside its folder" in done.stderr


def test_the_commands_work_as_processes_with_the_variables_of_the_hub(hub: FakeHub, tmp_path: Path) -> None:
    def process(*arguments: str, **environment: str) -> str:
        hub_variables = {"HF_ENDPOINT": hub.url, "HF_TOKEN": SECRET, "HF_HUB_DISABLE_XET": "1"}
        return subprocess.run(
            [sys.executable, "-m", "domaingen", "models", *arguments],
            env=os.environ | hub_variables | {"HF_HOME": str(tmp_path / "hf")} | environment,
            capture_output=True,
            text=True,
            timeout=60,
            check=True,
        ).stdout

    process("register", str(large_model(tmp_path, "first")))
    process("push", "first", "--to", "us/names")
    assert process("pull", "us/names", DOMAINGEN_HOME=str(tmp_path / "other")) == "first\n"
