"""Commands that submit batches, follow and export them."""

import json
import sys
import time
from datetime import UTC, datetime
from pathlib import Path
from typing import get_args

import click
from rich.console import Console
from rich.table import Table

from domaingen.logs import configure_logging
from domaingen.manifest import make_manifest
from domaingen.private_broker import broker_url
from domaingen.queueing import CeleryPublisher, make_app
from domaingen.reports.export import export_batch
from domaingen.scoring.progress import scoring_state
from domaingen.settings import JudgeChoice, Settings, load_settings
from domaingen.store.batches import Progress, list_batches, progress
from domaingen.store.database import Database
from domaingen.store.feedback import count_feedback
from domaingen.store.migrate import ensure_ready
from producer.following import follow
from producer.judging import describe, estimate, in_micro, say_cost
from producer.progress_bar import batch_progress_bar
from producer.submission import BatchOptions, Plan, plan_submission, submit

console = Console(stderr=True)


def open_database(settings: Settings) -> Database:
    """The settings' database, ready to use."""
    database = Database(settings.database)
    ensure_ready(database)
    return database


def say_earlier(plan: Plan) -> None:
    """Tell that the same file was submitted before."""
    if plan.unfinished:
        console.print(f"continuing batch [bold]{plan.unfinished}[/] of the same file and settings")
    elif plan.earlier:
        others = ", ".join(plan.earlier[:3])
        console.print(f"note: the same file was submitted before (batch {others}); this makes a new batch")


@click.command("submit")
@click.argument("path", metavar="INPUT.csv", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option(
    "--count", default=5, show_default=True, type=click.IntRange(1, 20), help="Names per row, unless the row says."
)
@click.option("--judge", type=click.Choice(get_args(JudgeChoice)), help="Who scores names.  [default: auto]")
@click.option(
    "--budget",
    metavar="USD",
    type=click.FloatRange(min=0),
    help="US dollars after which judging stops; naming goes on.",
)
@click.option("--seed", default=0, show_default=True, type=click.IntRange(min=0), help="Other seed, other names.")
@click.option("--description-column", default="description", show_default=True)
@click.option("--model", help="Model name or folder.  [default: the active one]")
@click.option(
    "--follow-active",
    is_flag=True,
    help="Name later rows with a model that is promoted meanwhile; such a batch can't be reproduced.",
)
@click.option("--dry-run", is_flag=True, help="Check the file and say what judging will cost; store nothing.")
@click.option("--json", "as_json", is_flag=True, help="Print {batch, rows, ...} instead of the bare id.")
def submit_command(
    path: Path,
    count: int,
    judge: JudgeChoice | None,
    budget: float | None,
    seed: int,
    description_column: str,
    model: str | None,
    follow_active: bool,
    dry_run: bool,
    as_json: bool,
) -> None:
    """Enqueue a CSV of business descriptions and print the batch's id.

    The file is checked whole before anything is stored. Workers (domaingen up, or your hosts) do the work.
    """
    settings = load_settings(**({"model": model} if model else {}))
    # To standard error: a broker that is away is worth a warning, and standard output is for the batch's id.
    configure_logging(settings.model_copy(update={"log_level": "warning"}), process="submit")
    database = open_database(settings)
    options = BatchOptions(
        count, settings.resolve_judge(judge), seed, description_column, follow_active, in_micro(budget)
    )
    plan = plan_submission(path, options, settings, database)
    cost = estimate(plan, settings)
    if dry_run:
        tell = {"rows": plan.csv.rows, "judge": options.judge, "earlier": list(plan.earlier)}
        tell |= {"cost": say_cost(cost, plan) if cost else "nothing: no provider judges this batch"}
        click.echo(json.dumps(tell) if as_json else "\n".join(f"{key:<8} {value}" for key, value in tell.items()))
        return
    say_earlier(plan)
    if cost:
        console.print(f"judging: {say_cost(cost, plan)}", highlight=False)
    publisher = CeleryPublisher(make_app(settings, broker_for(settings)))
    with batch_progress_bar(console, "storing", plan.csv.rows) as bar:
        batch_id = submit(plan, database, publisher, chunk_size=settings.chunk_size, on_rows=bar.advance)
    if as_json:
        click.echo(json.dumps({"batch": batch_id, "rows": plan.csv.rows, "earlier": list(plan.earlier)}))
    else:
        click.echo(batch_id)


def broker_for(settings: Settings) -> str:
    """The broker's URL; the private one where none is configured."""
    if settings.broker_url:
        return settings.broker_url
    return broker_url(settings.home)


@click.command("status")
@click.argument("batch_id", metavar="[BATCH]", required=False)
@click.option("--watch", is_flag=True, help="Follow it until every row has its outcome.")
@click.option(
    "--json", "as_json", is_flag=True, help="One JSON object (with --watch one a line) on standard output."
)
def status_command(batch_id: str | None, watch: bool, as_json: bool) -> None:
    """Show how far a batch is; without an id, list the newest batches."""
    database = open_database(load_settings())
    if batch_id is None:
        _list(database, as_json)
        return
    if not watch:
        _print_progress(database, progress(database, batch_id), as_json)
    elif as_json:
        for state in follow(database, batch_id, interval_s=1.0):
            click.echo(_as_json(database, state))
            sys.stdout.flush()
    else:
        _watch(database, batch_id)


def _watch(database: Database, batch_id: str) -> None:
    state = progress(database, batch_id)
    with batch_progress_bar(console, f"batch {batch_id}", state.expected_rows) as bar:
        for state in follow(database, batch_id):
            bar.set(state.done)
    _print_progress(database, state, as_json=False)


def _as_json(database: Database, state: Progress) -> str:
    return json.dumps(
        {
            "batch": state.batch_id,
            "state": state.state,
            "rows": state.expected_rows,
            "received": state.received_rows,
            "waiting": state.waiting,
            "claimed": state.claimed,
            "done": state.done,
            **state.outcomes,
            "judging": scoring_state(database, state.batch_id).to_dict(),
            "feedback": dict(count_feedback(database, state.batch_id)),
        }
    )


def _print_progress(database: Database, state: Progress, as_json: bool) -> None:
    if as_json:
        click.echo(_as_json(database, state))
        return
    counts = "  ".join(f"{name} {number}" for name, number in state.outcomes.items())
    click.echo(f"batch {state.batch_id}  {state.state}  {state.done}/{state.expected_rows} rows  {counts}")
    judging = describe(scoring_state(database, state.batch_id))
    if judging:
        click.echo(judging)
    opinions = count_feedback(database, state.batch_id)
    if any(opinions.values()):
        click.echo("feedback  " + "  ".join(f"{name} {number}" for name, number in opinions.items()))
    if not state.complete:
        click.echo(f"waiting {state.waiting}  being worked on {state.claimed}")


def _list(database: Database, as_json: bool) -> None:
    batches = list_batches(database)
    if as_json:
        for batch in batches:
            click.echo(
                json.dumps(
                    {
                        key: batch[key]
                        for key in (
                            "id",
                            "state",
                            "source_name",
                            "expected_rows",
                            "model",
                            "created_at",
                            "finished_at",
                        )
                    }
                )
            )
        return
    table = Table("batch", "file", "rows", "state", "submitted", "model", box=None)
    for batch in batches:
        submitted = datetime.fromtimestamp(batch["created_at"], UTC).strftime("%Y-%m-%d %H:%M")
        table.add_row(
            batch["id"],
            batch["source_name"],
            str(batch["expected_rows"]),
            batch["state"],
            submitted,
            batch["model"],
        )
    Console().print(table if batches else "no batches yet; `domaingen submit FILE.csv` makes one")


@click.command("results")
@click.argument("batch_id", metavar="BATCH")
@click.option(
    "--out", required=True, type=click.Path(file_okay=False, path_type=Path), help="Folder for the files."
)
@click.option("--partial", is_flag=True, help="Write what there is of an unfinished batch.")
def results_command(batch_id: str, out: Path, partial: bool) -> None:
    """Write results.csv, results.jsonl, failures.jsonl, summary.json and report.html of a batch."""
    settings = load_settings()
    database = open_database(settings)
    state = progress(database, batch_id)
    if not state.complete and not partial:
        raise click.ClickException(
            f"batch {batch_id} has {state.expected_rows - state.done} rows without outcome; wait for it with "
            f"`domaingen status {batch_id} --watch`, or add --partial"
        )
    started = time.monotonic()
    export_batch(database, batch_id, out, make_manifest(settings, database, batch_id))
    console.print(f"wrote {state.done} rows to {out} in {time.monotonic() - started:.1f} s")
    click.echo(str(out))
