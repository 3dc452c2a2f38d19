"""The commands `models`: the registry of versions at a person's hand."""

import json
import sys
from collections.abc import Callable, Iterator, Mapping
from datetime import UTC, datetime
from typing import Any, TypeVar

import click
from rich.console import Console
from rich.markup import escape
from rich.table import Table
from sqlalchemy import Connection

from domaingen.errors import ModelError
from domaingen.generation.model_files import read_model
from domaingen.settings import load_settings
from domaingen.store import canary
from domaingen.store import models as registry
from domaingen.store.database import Database
from domaingen.store.migrate import ensure_ready
from domaingen.store.model_changes import current_canary, end_canary
from domaingen.store.models import Version
from training.models_sharing_cli import pull, push, register

console = Console(stderr=True)
Result = TypeVar("Result")


@click.group("models")
def models() -> None:
    """List, promote, roll back and share model versions.

    The bundled model is the first version: it is active until another one is promoted, and `models promote` with
    its name goes back to it. Workers change over between two chunks without a restart; a batch keeps the model that
    it began with (docs/models.md).
    """


for _command in (register, push, pull):
    models.add_command(_command)


def _database() -> Database:
    database = Database(load_settings().database)
    ensure_ready(database)
    return database


def _read(work: Callable[[Connection], Result]) -> Result:
    with _database().read() as connection:
        return work(connection)


def _write(work: Callable[[Connection], Result]) -> Result:
    with _database().begin() as connection:
        return work(connection)


def _as_json(version: Version, share: float | None) -> dict[str, Any]:
    return {
        "name": version.name,
        "state": version.state,
        "bundled": version.bundled,
        "canary_share": share,
        "parent": version.parent,
        "digest": version.digest,
        "path": str(version.path),
        "created_at": version.created_at,
        "promoted_at": version.promoted_at,
        "card": dict(version.card),
    }


def _date(seconds: float | None) -> str:
    return datetime.fromtimestamp(seconds, UTC).strftime("%Y-%m-%d %H:%M") if seconds else ""


def _versions() -> tuple[list[Version], dict[str, float]]:
    def work(connection: Connection) -> tuple[list[Version], dict[str, float]]:
        current = current_canary(connection)
        return registry.list_versions(connection), {current[0]: current[1]} if current else {}

    return _read(work)


@models.command("list")
@click.option("--json", "as_json", is_flag=True, help="A JSON list on standard output.")
def list_command(as_json: bool) -> None:
    """List all versions, the bundled one first."""
    versions, shares = _versions()
    if as_json:
        click.echo(json.dumps([_as_json(version, shares.get(version.name)) for version in versions], indent=2))
        return
    table = Table(box=None, pad_edge=False)
    for heading in ("name", "state", "parent", "registered", "promoted", "digest"):
        table.add_column(heading, overflow="fold", no_wrap=heading in {"name", "digest"})
    for version in versions:
        share = shares.get(version.name)
        state = f"{version.state}, canary {share:.0%}" if share else version.state
        name = f"[bold]{escape(version.name)}[/]" if version.state == "active" else escape(version.name)
        registered = "bundled" if version.bundled else _date(version.created_at)
        table.add_row(
            name, state, escape(version.parent or ""), registered, _date(version.promoted_at), version.digest[:12]
        )
    Console().print(table)


@models.command("show")
@click.argument("name")
@click.option("--json", "as_json", is_flag=True, help="One JSON object on standard output.")
def show_command(name: str, as_json: bool) -> None:
    """Show a version: state, lineage, digest, folder, metrics, and whether its files are sound."""
    versions, shares = _versions()
    version = next((each for each in versions if each.name == name), None) or _read(
        lambda connection: registry.read_version(connection, name)
    )
    lineage = _lineage(version, versions)
    try:
        sound = read_model(version.path).digest == version.digest
    except ModelError:
        sound = False
    if as_json:
        shown = _as_json(version, shares.get(name)) | {"lineage": lineage, "files_sound": sound}
        click.echo(json.dumps(shown, indent=2))
        return
    facts = {
        "name": version.name,
        "state": version.state,
        "canary": f"{shares[name]:.0%} of new batches" if name in shares else None,
        "lineage": " < ".join(lineage),
        "digest": version.digest,
        "folder": f"{version.path}{'' if sound else '   (missing or changed)'}",
        "registered": _date(version.created_at) or "bundled",
        "promoted": _date(version.promoted_at) or None,
    }
    for key, value in facts.items():
        if value:
            click.echo(f"{key:<11}{value}")
    for key, value in version.card.items():
        if key not in {"parent", "created_at"} and value:
            click.echo(f"\n{key}")
            click.echo("\n".join(_lines(value)))


def _lines(value: Any, indent: int = 2) -> Iterator[str]:
    if not isinstance(value, Mapping):
        yield f"{' ' * indent}{value}"
        return
    for key, inner in value.items():
        if isinstance(inner, Mapping):
            yield f"{' ' * indent}{key}"
            yield from _lines(inner, indent + 2)
        else:
            yield f"{' ' * indent}{key:<24} {json.dumps(inner)}"


def _lineage(version: Version, versions: list[Version]) -> list[str]:
    """The version, its parent, that one's parent, as far back as is known."""
    parents = {each.name: each.parent for each in versions}
    lineage = [version.name]
    while (parent := parents.get(lineage[-1])) and parent not in lineage:
        lineage.append(parent)
    return lineage


def _confirm(question: str, yes: bool) -> None:
    if yes:
        return
    if not sys.stdin.isatty():
        raise click.UsageError("there is nobody to ask; give --yes")
    click.confirm(question, abort=True, err=True)


@models.command("promote")
@click.argument("name")
@click.option("--yes", is_flag=True, help="Don't ask.")
@click.option("--rejected-too", is_flag=True, help="Promote it even if the gate rejected it.")
def promote_command(name: str, yes: bool, rejected_too: bool) -> None:
    """Make a version the active one: batches that are submitted from now on get it.

    Its files are verified first. The name of the bundled model goes back to that one. A canary ends.
    """
    active = next((version.name for version in _versions()[0] if version.state == "active"), "no model")
    _confirm(f"Promote {name}? {active} is active now.", yes)
    earlier = _write(lambda connection: registry.promote(connection, name, rejected_too=rejected_too))
    if earlier == name or (earlier is None and active == name):
        console.print(f"{escape(name)} was active already")
    else:
        console.print(
            f"{escape(name)} is active; {escape(active)} was before (`domaingen models rollback` goes back)",
            soft_wrap=True,
        )


@models.command("rollback")
def rollback_command() -> None:
    """Go one step back to the version that was active before; again, one more step."""
    name = _write(registry.rollback)
    console.print(f"{escape(name)} is active again")


@models.command("canary")
@click.argument("name", required=False)
@click.option("--share", type=click.FloatRange(0, 1, min_open=True, max_open=True), help="Share of new batches.")
@click.option("--off", is_flag=True, help="End the canary.")
def canary_command(name: str | None, share: float | None, off: bool) -> None:
    """Give a share of new batches to a version that is not active, or end that.

    Which batches it gets depends on their files alone; batches that began keep their model.
    """
    if off == (name is not None) or (share is None) == (name is not None):
        raise click.UsageError("give NAME --share SHARE, or --off")
    if name and share:
        _write(lambda connection: canary.start_canary(connection, name, share))
        console.print(
            f"{escape(name)} gets {share:.0%} of new batches; compare with `domaingen models compare-canary`",
            soft_wrap=True,
        )
    else:
        ended = _write(end_canary)
        console.print(f"{escape(ended)} gets no new batches any more" if ended else "there was no canary")


@models.command("compare-canary")
@click.option("--json", "as_json", is_flag=True, help="One JSON object on standard output.")
def compare_canary_command(as_json: bool) -> None:
    """Compare what the canary and the active version did with the batches since the canary began."""
    from training.canary import LEAST_BATCHES, compare_canary

    def work(connection: Connection) -> dict[str, Any]:
        name, share, since, rival = canary.canary_and_rival(connection)
        tallies = canary.tally_batches(connection, [name, rival], since)
        return {"share": share, "since": since, **compare_canary(tallies, name, rival)}

    found = _read(work)
    if as_json:
        click.echo(json.dumps(found, indent=2))
        return
    table = Table(box=None, pad_edge=False)
    for heading in ("", f"canary {found['canary']['model']}", f"active {found['active']['model']}", "difference"):
        table.add_column(heading, overflow="fold")
    for measure in ("batches", "rows"):
        table.add_row(measure, f"{found['canary'][measure]:,}", f"{found['active'][measure]:,}", "")
    for measure, difference in found["difference"].items():
        cells = [_with_interval(found[side][measure]) for side in ("canary", "active")]
        table.add_row(measure, *cells, _with_interval(difference))
    Console().print(table)
    if any(difference["interval"] is None for difference in found["difference"].values()):
        console.print(f"a difference gets an interval from {LEAST_BATCHES} batches on either side")


def _with_interval(value: Mapping[str, Any]) -> str:
    number = next((value[key] for key in ("share", "mean", "value") if key in value), None)
    if number is None:
        return "-"
    interval = value.get("interval")
    return f"{number:.3f}" + (f" [{interval[0]:.3f}, {interval[1]:.3f}]" if interval else "")
