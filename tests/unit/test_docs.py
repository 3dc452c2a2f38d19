"""The docs say what the program does: generated pages are fresh, nothing is left out, links lead somewhere."""

import re
import tomllib
from pathlib import Path

import click
import pytest

from domaingen.cli import root
from domaingen.outcomes import FailureType, Status
from domaingen.settings import Settings
from tools.generate_docs import (
    INTERNAL_VARIABLES,
    OTHER_VARIABLES,
    REPOSITORY,
    fill_blocks,
    variable_of,
    walk_commands,
)
from tools.generate_docs import PAGES as GENERATED

PAGES = sorted([*(REPOSITORY / "docs").glob("*.md"), REPOSITORY / "README.md", REPOSITORY / "data" / "README.md"])
ROOMS = ("domaingen", "producer", "worker", "training")


def _read(*parts: str) -> str:
    return REPOSITORY.joinpath(*parts).read_text(encoding="utf-8")


@pytest.mark.parametrize("name", GENERATED)
def test_generated_pages_are_fresh(name: str) -> None:
    assert _read("docs", name) == GENERATED[name](), "the code changed; run `make docs`"


def test_a_stale_block_would_be_noticed() -> None:
    stale = "<!-- generated: statuses -->\nold\n<!-- /generated -->"
    assert "old" not in fill_blocks(stale)
    assert "`suggested`" in fill_blocks(stale)


def test_every_command_has_its_section() -> None:
    page = _read("docs", "cli.md")
    for path, _ in walk_commands(root):
        assert re.search(rf"^#+ domaingen {' '.join(path)}$", page, re.MULTILINE), path


def test_every_command_says_what_it_does() -> None:
    for path, command in walk_commands(root):
        assert command.help, path
        for parameter in command.params:
            if isinstance(parameter, click.Option) and parameter.name != "help":
                # These explain themselves by name and default.
                assert parameter.help or parameter.name in {"seed", "port", "description_column"}, (
                    path,
                    parameter.name,
                )


def test_every_setting_is_described() -> None:
    page = _read("docs", "settings.md")
    for name, field in Settings.model_fields.items():
        assert field.description, name
        assert f"| `{variable_of(name, field)}` |" in page


def test_every_variable_that_the_code_names_is_documented() -> None:
    page = _read("docs", "settings.md")
    known = {variable_of(name, field) for name, field in Settings.model_fields.items()}
    known |= set(OTHER_VARIABLES) | set(INTERNAL_VARIABLES)
    for room in ROOMS:
        for path in (REPOSITORY / room).rglob("*.py"):
            for variable in re.findall(
                r"\b(?:DOMAINGEN|OPENAI)_[A-Z][A-Z_]*[A-Z]\b", path.read_text(encoding="utf-8")
            ):
                assert variable in known, f"{path.relative_to(REPOSITORY)} names {variable}"
                assert f"`{variable}`" in page


def test_variables_in_the_docs_exist() -> None:
    known = {variable_of(name, field) for name, field in Settings.model_fields.items()}
    known |= set(OTHER_VARIABLES) | set(INTERNAL_VARIABLES)
    for page in PAGES:
        for variable in re.findall(r"\bDOMAINGEN_[A-Z_]*[A-Z]\b", page.read_text(encoding="utf-8")):
            assert variable in known or variable.startswith("DOMAINGEN_TEST_"), f"{page.name} names {variable}"


def test_every_outcome_is_explained() -> None:
    page = _read("docs", "formats.md")
    for word in (*Status, *FailureType):
        assert f"| `{word.value}` |" in page


def test_every_dependency_has_a_reason_and_a_licence() -> None:
    project = tomllib.loads(_read("pyproject.toml"))["project"]
    wanted = [
        *project["dependencies"],
        *(line for extra in project["optional-dependencies"].values() for line in extra),
    ]
    page = _read("docs", "dependencies.md").lower()
    rows = [line.split("|")[1] for line in page.splitlines() if line.startswith("| ")]
    named = {name.strip() for row in rows for name in row.split(",")}
    for line in wanted:
        match = re.match(r"[A-Za-z0-9_.-]+(\[[a-z]+\])?", line)
        assert match
        if not line.startswith("domaingen["):
            assert match[0].lower() in named, f"{line} has no line in docs/dependencies.md"


def test_every_data_folder_is_explained() -> None:
    page = _read("data", "README.md")
    for entry in (REPOSITORY / "data").iterdir():
        if entry.name != "README.md" and not entry.name.startswith("."):
            assert f"`{entry.name}" in page, f"data/README.md says nothing about {entry.name}"
    for folder in ("moderation", "names"):
        for file in (REPOSITORY / "data" / folder).iterdir():
            if file.suffix != ".md":
                assert file.name in page or f"`{folder}/{file.name.split('.')[0]}.*`" in page, (
                    f"{folder}/{file.name}"
                )


@pytest.mark.parametrize("page", PAGES, ids=lambda path: path.name)
def test_links_inside_the_repository_lead_somewhere(page: Path) -> None:
    for target in re.findall(r"\]\((?!https?:|mailto:|#)([^)#]+)(?:#[^)]*)?\)", page.read_text(encoding="utf-8")):
        assert (page.parent / target).exists(), f"{page.name} links to {target}"


def test_the_readme_shows_commands_and_targets_that_exist() -> None:
    readme = _read("README.md")
    commands = {path[0] for path, _ in walk_commands(root)}
    blocks = "\n".join(re.findall(r"```(?:sh|console)\n(.*?)```", readme, re.DOTALL))
    for name in re.findall(r"^(?:\$ )?(?:\.venv/bin/)?domaingen ([a-z]+)", blocks, re.MULTILINE):
        assert name in commands
    targets = set(re.findall(r"^([a-z]+):.*## ", _read("Makefile"), re.MULTILINE))
    for name in re.findall(r"^(?:\$ )?make ([a-z]+)", blocks, re.MULTILINE):
        assert name in targets


def test_the_readme_keeps_a_place_for_the_transcript() -> None:
    assert re.search(r"<!-- demo transcript -->.*<!-- /demo transcript -->", _read("README.md"), re.DOTALL)
