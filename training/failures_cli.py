"""The commands `domaingen failures summary`, `export` and `import`."""

import getpass
import json
import sys
import time
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import click
from rich.console import Console

from domaingen.errors import InputFileError
from domaingen.failures.taxonomy import TAXONOMY
from domaingen.outcomes import Severity
from domaingen.reports.artefact import Artefact
from domaingen.settings import load_settings
from domaingen.store.batches import get_batch
from domaingen.store.database import Database
from domaingen.store.failures import FailureFilter, failures_by_id, list_failures, store_reviews
from domaingen.store.migrate import ensure_ready

_REVIEWS = ("open", "corrected", "accepted", "discarded", "any")


def _open() -> Database:
    database = Database(load_settings().database)
    ensure_ready(database)
    return database


def _day(context: click.Context, parameter: click.Parameter, value: datetime | None) -> float | None:
    return value.replace(tzinfo=UTC).timestamp() if value else None


def _type(context: click.Context, parameter: click.Parameter, value: tuple[str, ...]) -> tuple[str, ...]:
    if unknown := [name for name in value if name not in TAXONOMY]:
        raise click.BadParameter(f"{unknown[0]!r} is no failure type; docs/failures.md lists them")
    return value


@click.group()
def failures() -> None:
    """Count failures, and have people review them."""


_batch = click.option("--batch", "batch_id", help="Only this batch.")
_model = click.option("--model", help="Only what this model did.")
_since = click.option(
    "--since",
    type=click.DateTime(["%Y-%m-%d"]),
    callback=_day,
    help="Only from this day on (UTC), e.g. 2026-11-01.",
)


@failures.command()
@_batch
@_model
@_since
@click.option("--json", "as_json", is_flag=True, help="Print the report as JSON.")
@click.option(
    "--html", "page", type=click.Path(path_type=Path, dir_okay=False), help="Write the report as a page, too."
)
def summary(
    batch_id: str | None, model: str | None, since: float | None, as_json: bool, page: Path | None
) -> None:
    """Say how often what goes wrong, and what the last model changed.

    Shares are of the rows that were processed, with 95 % Wilson intervals.
    """
    from training.failure_summary import summarise
    from training.failures_page import failures_page, print_summary

    database = _open()
    if batch_id is not None:
        get_batch(database, batch_id)
    report = summarise(database, FailureFilter(batch_id=batch_id, model=model, since=since))
    scope = _say_scope(batch_id, model, since)
    if page:
        with Artefact(page) as artefact:
            artefact.write(failures_page(report, scope, time.time()))
            artefact.publish()
    if as_json:
        click.echo(json.dumps(report, ensure_ascii=False, indent=2))
    else:
        # Without a terminal the table is as wide as it needs, so that no name is cut.
        print_summary(report, scope, Console(width=None if sys.stdout.isatty() else 120))


def _say_scope(batch_id: str | None, model: str | None, since: float | None) -> str:
    parts = [f"batch {batch_id}"] if batch_id else []
    if model:
        parts.append(f"model {model}")
    if since is not None:
        parts.append(f"since {datetime.fromtimestamp(since, UTC):%Y-%m-%d}")
    return ", ".join(parts) or "all batches"


@failures.command()
@click.option(
    "--out",
    type=click.Path(path_type=Path, dir_okay=False),
    required=True,
    help="Sheet to write: .csv for a spreadsheet or .jsonl.",
)
@click.option("--type", "types", multiple=True, callback=_type, help="Only this failure type; may be repeated.")
@click.option(
    "--severity",
    "severities",
    multiple=True,
    type=click.Choice([each.value for each in Severity]),
    help="Only this severity; may be repeated.",
)
@_batch
@_model
@_since
@click.option(
    "--review", type=click.Choice(_REVIEWS), default="open", show_default=True, help="Only those in this state."
)
@click.option("--limit", type=click.IntRange(min=1), help="At most so many, the gravest first.")
def export(
    out: Path,
    types: tuple[str, ...],
    severities: tuple[str, ...],
    batch_id: str | None,
    model: str | None,
    since: float | None,
    review: str,
    limit: int | None,
) -> None:
    """Write a review sheet: what went wrong, and columns in which a person decides.

    Fill in `review` (corrected, accepted or discarded); for corrected also `expect` (suggest, refuse or reject_input)
    and, for suggest, the better `domains`. Then: domaingen failures import SHEET.
    """
    from training.review_sheet import CsvSheet, JsonSheet

    if out.suffix.lower() not in {".csv", ".jsonl"}:
        raise click.BadParameter("the file's name ends with .csv or .jsonl", param_hint="--out")
    database = _open()
    if batch_id is not None:
        get_batch(database, batch_id)
    wanted = FailureFilter(types, severities, batch_id, model, None if review == "any" else review, since, limit)
    count = 0
    with Artefact(out) as artefact:
        sheet = CsvSheet(artefact) if out.suffix.lower() == ".csv" else JsonSheet(artefact)
        for failure in list_failures(database, wanted):
            sheet.add(failure)
            count += 1
        artefact.publish()
    click.echo(f"{count:,} failures -> {out}", err=True)


@failures.command("import")
@click.argument("path", metavar="SHEET", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option(
    "--reviewer", default=getpass.getuser, help="Who reviewed, where the column is empty.  [default: you]"
)
@click.pass_context
def import_command(context: click.Context, path: Path, reviewer: str) -> None:
    """Import a filled-in review sheet, row by row.

    A row that is wrong or must not train is refused with its line and the reason; the others are kept with who and
    when, all in one transaction. Prints how many of each as JSON. Exit status 1 where any row was refused. Importing a
    sheet again changes nothing.
    """
    from domaingen.moderation.local import LocalModerator
    from domaingen.moderation.names import LabelModerator
    from training.evaluation_guard import EvaluationGuard
    from training.review_import import ReviewRules, row_id
    from training.review_sheet import read_sheet

    if path.suffix.lower() not in {".csv", ".jsonl"}:
        raise InputFileError(str(path), "a review sheet's name ends with .csv or .jsonl")
    database = _open()
    rows = read_sheet(path)
    rules = ReviewRules(EvaluationGuard.read(), LocalModerator(), LabelModerator(), reviewer.strip())
    with database.read() as connection:
        stored = failures_by_id(
            connection, sorted({number for row in rows if (number := row_id(row)) is not None})
        )
    with click.progressbar(
        rows, label="checking", file=sys.stderr, hidden=not sys.stderr.isatty() or len(rows) < 200
    ) as shown:
        checked = rules.check(shown, stored)
    with database.begin() as connection:
        store_reviews(connection, checked.reviews)
    for line, reason in checked.refused:
        click.echo(f"{path.name}, line {line}: refused: {reason}", err=True)
    words = [review.review for review in checked.reviews]
    told: dict[str, Any] = {word: words.count(word) for word in ("corrected", "accepted", "discarded")}
    told |= {"unchanged": checked.unchanged, "unreviewed": checked.unreviewed, "refused": len(checked.refused)}
    click.echo(json.dumps(told))
    if checked.refused:
        context.exit(1)
