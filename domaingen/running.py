"""`domaingen run`: the whole job on this machine, from a CSV to its result files.

Like cli.py, the root of the command line, this reaches the other rooms: it is the one use case that needs all.
"""

import json
import signal
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from types import FrameType
from typing import get_args

import click
import structlog
from rich.console import Console
from rich.markup import escape
from sqlalchemy.exc import SQLAlchemyError

from domaingen.errors import BrokerError
from domaingen.logs import configure_logging
from domaingen.manifest import make_manifest
from domaingen.outcomes import Status
from domaingen.private_broker import redis_binary
from domaingen.queueing import CeleryPublisher
from domaingen.reaper import reap
from domaingen.reports.export import export_batch
from domaingen.scoring.calling import call_if_due
from domaingen.scoring.progress import scoring_state
from domaingen.settings import JudgeChoice, Settings, load_settings
from domaingen.store.database import Database
from producer.cli import broker_for, open_database, say_earlier
from producer.following import follow
from producer.judging import describe, estimate, follow_judging, in_micro, say_cost
from producer.progress_bar import batch_progress_bar
from producer.submission import BatchOptions, plan_submission, submit
from worker.app import create_app
from worker.in_process import InProcessWorker
from worker.stack import Stack, run_children

log = structlog.get_logger(__name__)
console = Console(stderr=True)


class _Healer:
    """Does what beat would do while `run` waits: reaps every `reap_interval_s` seconds, and calls the scorer every
    `judge_drain_interval_s`, so that rows which the judge's trouble sent back don't wait for the reaper."""

    def __init__(self, settings: Settings, database: Database, publisher: CeleryPublisher) -> None:
        self._settings, self._database, self._publisher = settings, database, publisher
        self._reap_at = time.monotonic() + settings.reap_interval_s
        self._call_at = time.monotonic() + settings.judge_drain_interval_s

    def __call__(self) -> None:
        now = time.monotonic()
        try:
            if now >= self._reap_at:
                self._reap_at = now + self._settings.reap_interval_s
                reap(
                    self._database,
                    self._publisher,
                    chunk_size=self._settings.chunk_size,
                    grace_s=self._settings.publish_grace_s,
                )
            if now >= self._call_at:
                self._call_at = now + self._settings.judge_drain_interval_s
                call_if_due(self._database, self._publisher)
        except (BrokerError, SQLAlchemyError) as error:
            log.warning("reaping failed; trying again", error=str(error))


@contextmanager
def _terminate_like_ctrl_c() -> Iterator[None]:
    """SIGTERM ends `run` as Ctrl-C does, so that the stack is stopped and the batch can be continued."""

    def interrupt(_number: int, _frame: FrameType | None) -> None:
        raise KeyboardInterrupt

    before = signal.signal(signal.SIGTERM, interrupt)
    try:
        yield
    finally:
        signal.signal(signal.SIGTERM, before)


@contextmanager
def _workplace(settings: Settings) -> Iterator[tuple[CeleryPublisher, Stack | None, str]]:
    """Broker and worker for the time of a run: a publisher, the stack to tend, and the broker in words."""
    if settings.broker_url is None and redis_binary() is None:
        worker = InProcessWorker(settings)
        worker.start()
        try:
            yield CeleryPublisher(worker.app), None, "in this process (no redis-server found)"
        finally:
            worker.stop()
        return
    settings.home.mkdir(parents=True, exist_ok=True)
    with (settings.home / "run.log").open("ab") as log_file:
        stack = Stack(settings, log_file=log_file)
        try:
            stack.start_broker()
            for child in run_children():
                stack.start(child)
            yield CeleryPublisher(create_app(settings, broker=broker_for(settings))), stack, stack.broker
        finally:
            stack.stop()


@click.command()
@click.argument("path", metavar="INPUT.csv", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option(
    "--out", required=True, type=click.Path(file_okay=False, path_type=Path), help="Folder for the result files."
)
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
def run(
    path: Path,
    out: Path,
    count: int,
    judge: JudgeChoice | None,
    budget: float | None,
    seed: int,
    description_column: str,
    model: str | None,
    follow_active: bool,
) -> None:
    """Name every row of a CSV on this machine and write the results to a folder.

    Needs no server: it starts a private broker and a worker, and stops them at the end. If it is interrupted,
    the same command continues where it stopped. The input needs a header with a column `description`; id,
    industry, audience, tlds, max_length, count, style and avoid are optional, other columns are carried through.

    \b
    It writes results.csv, results.jsonl, failures.jsonl, summary.json and report.html.
    """
    if judge == "openai-batch":
        raise click.UsageError(
            "openai-batch takes up to a day and needs beat: use `domaingen up` and `domaingen submit`"
        )
    settings = load_settings(**({"model": model} if model else {}))
    configure_logging(settings.model_copy(update={"log_level": "warning"}), process="run")
    database = open_database(settings)
    options = BatchOptions(
        count, settings.resolve_judge(judge), seed, description_column, follow_active, in_micro(budget)
    )
    plan = plan_submission(path, options, settings, database)
    cost = estimate(plan, settings)
    say_earlier(plan)
    started = time.monotonic()
    with _terminate_like_ctrl_c(), _workplace(settings) as (publisher, stack, broker):
        console.print(
            f"{plan.csv.rows:,} rows · model {escape(plan.model)} · judge {options.judge} · broker {escape(broker)}",
            highlight=False,
            soft_wrap=True,
        )
        if cost:
            console.print(f"judging: {say_cost(cost, plan)}", highlight=False, soft_wrap=True)
        heal = _Healer(settings, database, publisher)

        def between() -> None:
            if stack is not None:
                stack.tend()
            heal()

        with batch_progress_bar(console, "storing", plan.csv.rows) as bar:
            batch_id = submit(
                plan,
                database,
                publisher,
                chunk_size=settings.chunk_size,
                on_rows=bar.advance,
            )
            bar.set(0, text="naming")
            for state in follow(database, batch_id, between=between):
                bar.set(state.done)
            if options.judge == "openai":
                bar.set(0, text="judging")
                for scoring in follow_judging(database, batch_id, between=between):
                    bar.set(plan.csv.rows - scoring.unjudged)
    export_batch(database, batch_id, out, make_manifest(settings, database, batch_id))
    _tell(out, time.monotonic() - started)
    judging = describe(scoring_state(database, batch_id))
    if judging:
        console.print(f"judge     {judging}", highlight=False, soft_wrap=True)


def _tell(out: Path, seconds: float) -> None:
    """Print what came out: counts, a few examples, the files."""
    summary = json.loads((out / "summary.json").read_text(encoding="utf-8"))
    counts = {status.value: summary["counts"][status.value] for status in Status}
    total = sum(counts.values())
    console.print(
        f"\n[bold]{total:,} rows in {seconds:.0f} s[/]: "
        + ", ".join(f"{number:,} {status}" for status, number in counts.items()),
        highlight=False,
    )
    shown = 0
    with (out / "results.jsonl").open(encoding="utf-8") as results:
        for line in results:
            row = json.loads(line)
            if row["status"] != "suggested" or row["row"] % 7 != 1:
                continue
            names = "  ".join(suggestion["domain"] for suggestion in row["suggestions"][:3])
            description = row["description"].replace("\n", " ")
            short = description if len(description) <= 60 else description[:59] + "…"
            console.print(f"  {escape(short):<60}  [bold]{names}[/]", highlight=False, soft_wrap=True)
            shown += 1
            if shown == 6:
                break
    console.print(
        f"\nresults   {out / 'results.csv'}\nreport    {out / 'report.html'}\nmanifest  {out / 'summary.json'}",
        highlight=False,
        soft_wrap=True,
    )
