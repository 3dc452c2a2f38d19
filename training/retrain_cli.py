"""The command `retrain`; torch is imported by the process that trains, alone."""

import json
import signal
import threading
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Literal

import click
from rich.console import Console
from rich.table import Table

from domaingen.settings import Settings, load_settings
from domaingen.store.database import Database
from domaingen.store.migrate import ensure_ready

_FAILED = frozenset({"refused", "busy", "interrupted"})


@click.command()
@click.option(
    "--minutes",
    type=click.FloatRange(min=0.01),
    help="Minutes of training for each of two seeds.  [default: setting]",
)
@click.option(
    "--start", type=click.Choice(["active", "base"]), help="Model that training begins from.  [default: setting]"
)
@click.option(
    "--data",
    type=click.Path(path_type=Path, file_okay=False, exists=True),
    help="Base set that `domaingen synthesize` wrote.  [default: one is made]",
)
@click.option(
    "--out",
    type=click.Path(path_type=Path, file_okay=False),
    help="Folder for the set and the gate's report.  [default: under DOMAINGEN_HOME]",
)
@click.option(
    "--promote",
    type=click.Choice(["auto", "ask"]),
    help="Promote what the gate lets pass, or leave it to a person.  [default: setting]",
)
@click.option("--seed", type=int, default=0, show_default=True, help="First of the two seeds.")
@click.option("--force", is_flag=True, help="Retrain though too few failures were reviewed.")
@click.option("--dry-run", is_flag=True, help="Say what would be trained on, and stop.")
@click.option(
    "--status", "show", is_flag=True, help="Show whether one is running, whether one is due, and past ones."
)
def retrain(
    minutes: float | None,
    start: Literal["active", "base"] | None,
    data: Path | None,
    out: Path | None,
    promote: Literal["auto", "ask"] | None,
    seed: int,
    force: bool,
    dry_run: bool,
    show: bool,
) -> None:
    """Learn from reviewed failures, behind the gate.

    Mixes them into a replay of everything older, trains two seeds in a process of their own, measures candidate and
    active model on the same rows, and promotes the candidate if every point of the gate holds. Writes gate.html and
    gate.json. Exit status 1 where the gate refuses; the candidate is kept with its report.

    \b
      domaingen failures export --out review.csv      a person corrects; then: failures import review.csv
      domaingen retrain --dry-run
      domaingen retrain --minutes 5 --promote ask

    Needs the `train` extra: pip install 'domaingen[train]'.
    """
    settings = load_settings()
    database = Database(settings.database)
    ensure_ready(database)
    if show:
        _show(database, settings)
        return
    if dry_run:
        _dry_run(database, settings, data, seed)
        return
    from training.retraining.run import plan_from
    from training.retraining.run import retrain as run_retrain

    _require_torch()
    changes: dict[str, Any] = {"minutes": minutes, "start": start, "data": data, "out": out, "promote": promote}
    plan = replace(
        plan_from(settings), seed=seed, force=force, **{key: value for key, value in changes.items() if value}
    )
    stop = threading.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda *_: stop.set())
    result = run_retrain(database, settings, plan, say=lambda line: click.echo(line, err=True), stop=stop)
    click.echo(
        json.dumps(
            {
                "status": result.status,
                "sentence": result.sentence,
                "candidate": result.candidate,
                "report": str(result.report) if result.report else None,
            },
            ensure_ascii=False,
        )
    )
    if result.report:
        click.echo(f"the report is {result.report / 'gate.html'}", err=True)
    if result.status in _FAILED:
        raise click.exceptions.Exit(1)


def _require_torch() -> None:
    from importlib.util import find_spec

    if find_spec("torch") is None or find_spec("transformers") is None:
        raise click.ClickException("torch is missing; pip install 'domaingen[train]'")


def _day(moment: float | None) -> str:
    return f"{datetime.fromtimestamp(moment, UTC):%Y-%m-%d %H:%M}" if moment else "–"


def _show(database: Database, settings: Settings) -> None:
    from training.retraining.due import is_due
    from training.retraining.runs import lock_holder, past_runs

    holder = lock_holder(database)
    click.echo(f"running: {holder}" if holder else "running: none", err=True)
    due = is_due(database, settings)
    click.echo(f"due: {'yes' if due.due else 'no'}, {due.reason}", err=True)
    click.echo(f"beat looks: {settings.retrain_cron if settings.retrain == 'on' else 'off'}", err=True)
    table = Table("run", "began (UTC)", "state", "ended with", box=None)
    for run in past_runs(database):
        result = run.result or {}
        told = result.get("sentence") or result.get("error") or ""
        state = run.state if run.state != "running" or holder else "dead"
        table.add_row(str(run.id), _day(run.started_at), state, str(told))
    if table.row_count:
        Console(stderr=True).print(table)


def _dry_run(database: Database, settings: Settings, data: Path | None, seed: int) -> None:
    from collections import Counter

    from training.retraining.due import is_due
    from training.retraining.mix import Recipe, mix
    from training.retraining.preparation import collect
    from training.retraining.rated import refusal_share

    due = is_due(database, settings)
    material = collect(database)
    recipe = Recipe(settings.retrain_rows, refusal_share(database), due.promoted_until, seed)
    for row in material.refused:
        click.echo(f"left out {row.id}: {row.reason}", err=True)
    told: dict[str, Any] = {
        "due": due.due,
        "reason": due.reason,
        "uses": dict(sorted(Counter(row.use for row in material.lessons).items())),
        "failure_types": dict(
            sorted(Counter(row.failure_type for row in material.lessons if not row.rated).items())
        ),
        "rated": sum(row.rated for row in material.lessons),
        "refused": len(material.refused),
        "refusal_share": round(recipe.refusals, 4),
    }
    if data:
        told["set"] = dict(mix(data, material.lessons, recipe).card)
    click.echo(json.dumps(told, ensure_ascii=False, indent=1))
