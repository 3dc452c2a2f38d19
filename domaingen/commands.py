"""Commands that need the core alone: suggest and db."""

import json

import click
from rich.console import Console
from rich.table import Table

from domaingen.assembly import Assembly, resolve_model
from domaingen.logs import configure_logging
from domaingen.outcomes import Status
from domaingen.pipeline import Options, Row, name_rows
from domaingen.reports.records import SUGGESTION_KEYS
from domaingen.settings import load_settings
from domaingen.suggestion import Outcome


@click.command()
@click.argument("description")
@click.option("--count", default=5, show_default=True, type=click.IntRange(1, 20), help="Names wanted.")
@click.option("--tlds", default="", help="Allowed endings, e.g. “.com .io”.")
@click.option("--max-length", default="", help="Most letters before the ending.")
@click.option("--style", default="", help="classic, modern, playful, descriptive, invented or short.")
@click.option("--avoid", default="", help="Words that no name may contain.")
@click.option("--seed", default=0, show_default=True, type=click.IntRange(min=0), help="Other seed, other names.")
@click.option("--model", help="Model name or folder.  [default: the active one]")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object, as in results.jsonl.")
@click.pass_context
def suggest(
    context: click.Context,
    description: str,
    count: int,
    tlds: str,
    max_length: str,
    style: str,
    avoid: str,
    seed: int,
    model: str | None,
    as_json: bool,
) -> None:
    """Name one business: domaingen suggest "organic coffee shop in downtown area".

    Scored by the local judge. Exit status 1 where there are no names; the reason is printed.
    """
    settings = load_settings(**({"model": model} if model else {}))
    configure_logging(settings.model_copy(update={"log_level": "warning"}), process="suggest")
    database = None
    # Looking for a promoted model must not create a database as a side effect.
    if settings.database_url or (settings.home / "domaingen.sqlite3").exists():
        from domaingen.store.database import Database
        from domaingen.store.migrate import ensure_ready  # alembic takes a fifth of a second to import

        database = Database(settings.database)
        ensure_ready(database)
    name = resolve_model(settings, database)
    parts = Assembly(settings, database).parts(name, "none" if settings.judge == "none" else "local")
    cells = {"tlds": tlds, "max_length": max_length, "style": style, "avoid": avoid}
    options = Options(
        count=count,
        seed=seed,
        max_description_length=settings.max_description_length,
        refuse_uncertain=settings.uncertain == "refuse",
    )
    [outcome] = name_rows([Row(1, "1", description, cells)], parts, options)
    if as_json:
        click.echo(json.dumps(_record(description, outcome), ensure_ascii=False))
    elif outcome.status is Status.SUGGESTED:
        _print_table(outcome)
    else:
        click.echo(f"{outcome.status}: {outcome.reason} ({outcome.category or outcome.failure_type})", err=True)
    if outcome.status is not Status.SUGGESTED:
        context.exit(1)


def _record(description: str, outcome: Outcome) -> dict[str, object]:
    return {
        "description": description,
        "status": outcome.status.value,
        "failure_type": outcome.failure_type,
        "category": outcome.category,
        "reason": outcome.reason,
        "suggestions": [{key: getattr(each, key) for key in SUGGESTION_KEYS} for each in outcome.suggestions],
        "model": outcome.model,
    }


def _print_table(outcome: Outcome) -> None:
    table = Table(box=None)
    table.add_column("domain", no_wrap=True)
    for heading in ("score", "relevance", "memorability", "brandability"):
        table.add_column(heading, justify="right", no_wrap=True)
    table.add_column("why")
    for each in outcome.suggestions:
        marks = (each.relevance, each.memorability, each.brandability)
        table.add_row(
            f"[bold]{each.domain}[/]",
            f"{each.score:.2f}",
            *("–" if mark is None else str(mark) for mark in marks),
            each.reason or "",
        )
    Console().print(table)


@click.group()
def db() -> None:
    """Look after the database's schema."""


@db.command("upgrade")
def db_upgrade() -> None:
    """Create or upgrade the tables of DOMAINGEN_DATABASE_URL. SQLite files are upgraded without this."""
    from domaingen.store.database import Database
    from domaingen.store.migrate import upgrade

    click.echo(f"schema is at {upgrade(Database(load_settings().database))}", err=True)


@db.command("status")
def db_status() -> None:
    """Show the database's schema version and the one that this program needs."""
    from domaingen.store.database import Database
    from domaingen.store.migrate import current_revision, head_revision

    database = Database(load_settings().database)
    click.echo(
        f"{database.url.render_as_string(hide_password=True)}  schema {current_revision(database)}, needs {head_revision()}"
    )
