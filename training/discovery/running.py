"""One search from settings to files."""

import hashlib
import time
from collections import Counter
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn
from rich.table import Table

from domaingen.assembly import Assembly, resolve_model
from domaingen.logs import configure_logging
from domaingen.pipeline import Options
from domaingen.settings import Settings, load_settings
from domaingen.store.database import Database
from domaingen.store.failures import file_failures
from domaingen.store.migrate import ensure_ready
from training.discovery.findings import group_finds
from training.discovery.output import Run, write_all
from training.discovery.probes import Seed
from training.discovery.search import Search
from training.discovery.seeds import bundled_pool, bundled_seeds, data_folder, read_seeds
from training.discovery.subject import Subject

_WRITE_EVERY_S = 15.0
"""Seconds after which a running search writes what it has, for whoever looks or pulls the plug."""
_GROUPS_SHOWN = 12


def discover(
    model: str | None,
    out: Path,
    seeds_file: Path | None,
    *,
    cases: int,
    minutes: float | None,
    seed: int,
    store: bool,
) -> str:
    """Search and write into `out`; returns what stopped it: cases, minutes, seeds or interrupted.

    Raises:
        DomaingenError: The model, the seeds, the database or the folder can't be used.
    """
    started = time.monotonic()
    settings = load_settings(**({"model": model} if model else {}))
    configure_logging(settings.model_copy(update={"log_level": "warning"}), process="discover")
    console = Console(stderr=True)
    database = _database(settings, store)
    data = data_folder()
    bundled = bundled_seeds(data)
    seeds = _seeds(seeds_file, data, console) if seeds_file else bundled
    parts = Assembly(settings, database).parts(resolve_model(settings, database), "local")
    options = Options(
        max_description_length=settings.max_description_length,
        refuse_uncertain=settings.uncertain == "refuse",
    )
    subject = Subject(parts, options)
    pool = bundled_pool(bundled, data, options.max_description_length)
    search = Search(subject, seeds, pool, seed=seed, cases=cases)
    counts: dict[str, int] = dict(Counter(str(each.expect or "unlabelled") for each in seeds))
    digest = hashlib.sha256(
        "\n".join(f"{each.expect} {each.text}" for each in seeds).encode("utf-8", "replace")
    ).hexdigest()
    name = seeds_file.name if seeds_file else None

    def write(stopped_by: str | None) -> dict[str, Any]:
        return write_all(
            out, search, subject, Run(seed, cases, counts, digest, name, time.monotonic() - started, stopped_by)
        )

    write(None)  # a folder that can't be written to is known before the work is done
    stopped_by = _search(search, write, console, cases, None if minutes is None else started + 60 * minutes)
    _report(console, search, write(stopped_by), out)
    if store and database is not None:
        with database.begin() as connection:
            filed = file_failures(connection, [find.record(parts.engine.name) for find in search.finds])
        console.print(f"{filed} of {len(search.finds)} filed for review (the others were known)")
    return stopped_by


def _database(settings: Settings, store: bool) -> Database | None:
    # Looking for a promoted model must not create a database as a side effect.
    if not (store or settings.database_url or (settings.home / "domaingen.sqlite3").exists()):
        return None
    database = Database(settings.database)
    ensure_ready(database)
    return database


def _seeds(path: Path, data: Path, console: Console) -> list[Seed]:
    seeds, left_out = read_seeds(path, data)
    if left_out:
        console.print(f"{left_out} rows of {path.name} stand in evaluation sets and are left out")
    return seeds


def _search(
    search: Search, write: Callable[[str | None], object], console: Console, cases: int, deadline: float | None
) -> str:
    written = time.monotonic()
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
    with Progress(*columns, console=console, transient=not console.is_terminal) as bar:
        task = bar.add_task("searching", total=cases)

        def progress(search: Search) -> None:
            nonlocal written
            bar.update(task, completed=search.cases, description=f"{len(search.finds)} found")
            if time.monotonic() - written > _WRITE_EVERY_S:
                write(None)
                written = time.monotonic()

        try:
            return search.run(lambda: deadline is not None and time.monotonic() > deadline, progress)
        except KeyboardInterrupt:
            return "interrupted"


def _report(console: Console, search: Search, summary: Mapping[str, Any], out: Path) -> None:
    table = Table("failure", "change", "severity", "found", "of", box=None)
    for group in group_finds(search.finds, search.tallies)[:_GROUPS_SHOWN]:
        table.add_row(group.failure_type, group.way, group.severity.value, str(len(group.finds)), str(group.cases))
    if search.finds:
        console.print(table)
    console.print(
        f"{summary['finds']} failures in {summary['groups']} groups from {summary['cases']} cases "
        f"in {summary['seconds']} s -> {out}",
        soft_wrap=True,
    )
    if summary["stopped_by"] in ("minutes", "interrupted"):
        console.print(
            f"stopped after round {summary['rounds']}; the same finds: {summary['repeat']}", soft_wrap=True
        )
