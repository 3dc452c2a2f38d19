"""Writes the parts of docs/ that the code knows best: `make docs`.

    docs/cli.md       from the help of every command
    docs/settings.md  from the fields of `domaingen.settings.Settings`
    docs/formats.md, docs/architecture.md, docs/failures.md
                      the blocks between their `generated` marks, from `domaingen.outcomes` and
                      `domaingen.failures`

tests/unit/test_docs.py fails while a file on disk differs from what this module makes.
"""

import ast
import os
import re
import sys
from collections.abc import Callable, Iterator, Mapping
from enum import StrEnum
from itertools import pairwise
from pathlib import Path
from typing import Any, Literal, get_args, get_origin

import click
from pydantic import SecretStr
from pydantic.fields import FieldInfo

from domaingen import outcomes
from domaingen.cli import root
from domaingen.failures import taxonomy
from domaingen.failures.causes import ROOT_CAUSES, STRATEGIES
from domaingen.failures.taxonomy import FAILURES, FINDINGS, Blame, Explanation
from domaingen.outcomes import BatchState, ItemState, Judge, Source, Status
from domaingen.settings import Settings

REPOSITORY = Path(__file__).resolve().parent.parent
DOCS = REPOSITORY / "docs"

_WIDTH = 96
_NOTE = "<!-- Made by tools/generate_docs.py (make docs). Change the code, not this file. -->"
_MARK = re.compile(r"(<!-- generated: (?P<name>[a-z_]+) -->\n).*?(<!-- /generated -->)", re.DOTALL)

OTHER_VARIABLES: Mapping[str, str] = {
    "DOMAINGEN_FLOWER_PASSWORD": (
        "Password of Flower's login. Without it one is made once and kept in HOME, readable for its owner alone."
    ),
    "PROMETHEUS_MULTIPROC_DIR": (
        "Folder in which the children of a prefork worker leave their figures, so that its metrics page adds them up."
    ),
}
"""Environment variables that users set and that are no fields of `Settings`."""

INTERNAL_VARIABLES: Mapping[str, str] = {
    "DOMAINGEN_PARENT_PID": "Set by `domaingen up` and `domaingen run` for their children, which stop when it is gone.",
}
"""Environment variables that the program sets for itself."""


def walk_commands(
    group: click.Group, path: tuple[str, ...] = ()
) -> Iterator[tuple[tuple[str, ...], click.Command]]:
    """Every command below a group with its path, in the order of the group's help."""
    context = click.Context(group)
    for name in group.list_commands(context):
        command = group.get_command(context, name)
        if command is None or command.hidden:
            continue
        yield (*path, name), command
        if isinstance(command, click.Group):
            yield from walk_commands(command, (*path, name))


def _help(path: tuple[str, ...], command: click.Command) -> str:
    context: click.Context | None = None
    for name in ("domaingen", *path[:-1]):
        context = click.Context(root, info_name=name, parent=context)
    own = click.Context(
        command, info_name=path[-1] if path else "domaingen", parent=context if path else None,
        terminal_width=_WIDTH, max_content_width=_WIDTH,
        help_option_names=["-h", "--help"],
    )  # fmt: skip
    # click keeps a command's help option from its first use, whatever names it went by there.
    command._help_option = None
    return command.get_help(own)


def cli_page() -> str:
    """docs/cli.md."""
    commands = list(walk_commands(root))
    lines = [
        "# The command line", "", _NOTE, "",
        "Exit status: 0 done, 1 the work could not be done, 2 the call is wrong, 130 interrupted. Messages go to",
        "standard error, data to standard output. Settings are environment variables: [settings.md](settings.md).",
        "", "```text", _help((), root), "```", "",
    ]  # fmt: skip
    for path, command in commands:
        lines += [
            f"{'#' * min(len(path) + 1, 4)} domaingen {' '.join(path)}",
            "",
            "```text",
            _help(path, command),
            "```",
            "",
        ]
    return "\n".join(lines).rstrip() + "\n"


def variable_of(name: str, field: FieldInfo) -> str:
    """The environment variable of a setting."""
    return field.validation_alias if isinstance(field.validation_alias, str) else f"DOMAINGEN_{name.upper()}"


def _type(annotation: Any) -> str:
    if get_origin(annotation) is Literal:
        return " \\| ".join(f"`{value}`" for value in get_args(annotation))
    inner = [part for part in get_args(annotation) if part is not type(None)]
    if inner:
        return _type(inner[0])
    words = {
        str: "text",
        int: "whole number",
        float: "number",
        bool: "true or false",
        Path: "path",
        SecretStr: "secret",
    }
    return words.get(annotation, getattr(annotation, "__name__", str(annotation)))


def _limits(field: FieldInfo) -> str:
    words = {"ge": "at least", "gt": "above", "le": "at most", "lt": "below"}
    found = [
        f"{words[sign]} {getattr(limit, sign):g}"
        for limit in field.metadata
        for sign in words
        if hasattr(limit, sign)
    ]
    return ", " + ", ".join(found) if found else ""


def _default(field: FieldInfo) -> str:
    if field.default_factory is not None:
        return "the platform's data folder, e.g. `~/.local/share/domaingen`"
    if field.default in {None, ""}:
        return "–"
    return f"`{field.default}`"


def settings_page() -> str:
    """docs/settings.md."""
    lines = [
        "# Settings", "", _NOTE, "",
        "Environment variables, read once when a command starts. With none set, everything runs on this machine:",
        "SQLite, a private Redis, the bundled model, the local judge. A value that can't be used ends the command",
        "with status 1 and a message that names the variable.", "",
        "| variable | values | default | meaning |", "| --- | --- | --- | --- |",
    ]  # fmt: skip
    for name, field in Settings.model_fields.items():
        meaning = (field.description or "").replace("|", "\\|")
        lines.append(
            f"| `{variable_of(name, field)}` | {_type(field.annotation)}{_limits(field)} | {_default(field)} | {meaning} |"
        )
    lines += ["", "## Other variables", "", "| variable | meaning |", "| --- | --- |"]
    lines += [f"| `{name}` | {meaning} |" for name, meaning in OTHER_VARIABLES.items()]
    lines += [
        "",
        "The program sets these itself; leave them alone:",
        "",
        "| variable | meaning |",
        "| --- | --- |",
    ]
    lines += [f"| `{name}` | {meaning} |" for name, meaning in INTERNAL_VARIABLES.items()]
    return "\n".join(lines) + "\n"


def _member_notes(kind: type[StrEnum]) -> dict[str, str]:
    """The string below each member of an enum in the module that defines it, by value."""
    home = {module.__name__: module for module in (outcomes, taxonomy)}[kind.__module__]
    source = Path(str(home.__file__)).read_text(encoding="utf-8")
    body = next(
        node.body
        for node in ast.parse(source).body
        if isinstance(node, ast.ClassDef) and node.name == kind.__name__
    )
    notes: dict[str, str] = {}
    for member, note in pairwise(body):
        match member, note:
            case ast.Assign(value=ast.Constant(value=str(value))), ast.Expr(value=ast.Constant(value=str(text))):
                notes[value] = " ".join(text.split())
            case _:
                continue
    return notes


def _enum_table(title: str, kind: type[StrEnum]) -> str:
    notes = _member_notes(kind)
    rows = [f"| `{member.value}` | {notes.get(member.value, '')} |" for member in kind]
    return "\n".join([f"| {title} | meaning |", "| --- | --- |", *rows]) + "\n"


def _failure_table() -> str:
    rows = [
        f"| `{kind.value}` | `{why.status}` | {why.severity} | {why.meaning} | `{why.root_cause}` | `{why.strategy}` |"
        for kind, why in FAILURES.items()
    ]
    head = "| failure type | status | severity | meaning | root cause | strategy |"
    return "\n".join([head, "| --- | --- | --- | --- | --- | --- |", *rows]) + "\n"


def _taxonomy_table(types: Mapping[Any, Explanation]) -> str:
    rows = [
        f"| `{kind.value}` | {why.blame} | {why.severity} | {why.meaning} | {why.example} | {why.detection} "
        f"| `{why.root_cause}` | `{why.strategy}` | {f'`{why.expects}`' if why.expects else '–'} |"
        for kind, why in types.items()
    ]
    head = "| type | whose | severity | meaning | example | noticed by | usual cause | strategy | expected |"
    return "\n".join([head, "| --- " * 9 + "|", *rows]) + "\n"


def _word_table(title: str, words: Mapping[str, str]) -> str:
    rows = [f"| `{word}` | {meaning} |" for word, meaning in words.items()]
    return "\n".join([f"| {title} | meaning |", "| --- | --- |", *rows]) + "\n"


def generated_blocks() -> dict[str, str]:
    """The marked blocks of hand-written pages, by name."""
    return {
        "statuses": _enum_table("status", Status),
        "failure_types": _failure_table(),
        "outcome_taxonomy": _taxonomy_table(FAILURES),
        "finding_taxonomy": _taxonomy_table(FINDINGS),
        "blames": _enum_table("whose failing", Blame),
        "root_causes": _word_table("root cause", ROOT_CAUSES),
        "strategies": _word_table("strategy", STRATEGIES),
        "item_states": _enum_table("state of a row", ItemState),
        "batch_states": _enum_table("state of a batch", BatchState),
        "judges": _enum_table("`judge`", Judge),
        "sources": _enum_table("`source`", Source),
    }


def fill_blocks(text: str) -> str:
    """A page with its marked blocks written anew.

    Raises:
        KeyError: A mark names a block that there is not.
    """
    blocks = generated_blocks()
    return _MARK.sub(lambda match: match[1] + blocks[match["name"]] + match[3], text)


def _filled(name: str) -> str:
    return fill_blocks((DOCS / name).read_text(encoding="utf-8"))


PAGES: Mapping[str, Callable[[], str]] = {
    "settings.md": settings_page,
    "formats.md": lambda: _filled("formats.md"),
    "architecture.md": lambda: _filled("architecture.md"),
    "failures.md": lambda: _filled("failures.md"),
    "cli.md": cli_page,
}
"""Every generated file of docs/ and how to make it. The command line last: it imports every room."""


def main() -> None:
    """Write what differs and say so."""
    for name, make in PAGES.items():
        path, text = DOCS / name, make()
        if path.exists() and path.read_text(encoding="utf-8") == text:
            continue
        temporary = path.with_name(f".{name}.{os.getpid()}")
        temporary.write_text(text, encoding="utf-8")
        temporary.replace(path)
        sys.stderr.write(f"wrote docs/{name}\n")


if __name__ == "__main__":
    main()
