"""The commands `evaluate` and `compare`."""

import json
from pathlib import Path
from typing import Any, Literal

import click
from rich.console import Console
from rich.table import Table

from domaingen.reports.artefact import Artefact
from domaingen.settings import JudgeChoice

PRINTED_SLICES = ("category", "style", "language")
"""Slices by which refusals are printed; the result file holds them by every slice."""


def _write(path: Path, text: str) -> None:
    with Artefact(path) as artefact:
        artefact.write(text)
        artefact.publish()


@click.command()
@click.argument("data", type=click.Path(path_type=Path, exists=True, dir_okay=False), nargs=-1)
@click.option("--part", type=click.Choice(["dev", "test"]), help="Also the rows of data/safety in this part.")
@click.option(
    "--model",
    help="Model name or folder; `composed` for names without a model, `reference` for the names "
    "that the file itself holds.  [default: the active one]",
)
@click.option(
    "--judge",
    type=click.Choice(["auto", "openai", "local", "none"]),
    default="local",
    show_default=True,
    help="Who judges names; none scores by the four rules alone.",
)
@click.option("--seed", type=click.IntRange(min=0), default=0, show_default=True, help="Seed of generation.")
@click.option("--count", type=click.IntRange(1, 20), default=5, show_default=True, help="Names for each row.")
@click.option(
    "--out", type=click.Path(path_type=Path, dir_okay=False), required=True, help="Result file to write (JSON)."
)
@click.option(
    "--page",
    type=click.Path(path_type=Path, dir_okay=False),
    help="Page to write (HTML).  [default: beside --out]",
)
def evaluate(
    data: tuple[Path, ...],
    part: Literal["dev", "test"] | None,
    model: str | None,
    judge: JudgeChoice,
    seed: int,
    count: int,
    out: Path,
    page: Path | None,
) -> None:
    """Score a model on evaluation sets, e.g. data/evaluation/must_pass.jsonl.

    DATA are evaluation rows, JSON lines with `input` and `expect` alone, or a CSV of lawful businesses with a column
    `description`.

    Writes a list of results with intervals, slices and every row, and a page with the worst twenty rows. It also says
    who refuses harmful and lawful rows, in all and by category, style and language: moderation, the model, both
    together.
    """
    from domaingen.assembly import Assembly, resolve_model
    from domaingen.pipeline import Options
    from domaingen.settings import load_settings
    from domaingen.store.database import Database
    from domaingen.store.migrate import ensure_ready
    from training import evaluate as evaluation
    from training.evaluation_page import evaluation_page

    if not data and part is None:
        raise click.UsageError("name a file of evaluation rows, or a --part of the safety rows")
    settings = load_settings(**({"model": model} if model not in (None, "composed", "reference") else {}))
    database = None
    if settings.database_url or (settings.home / "domaingen.sqlite3").exists():
        database = Database(settings.database)
        ensure_ready(database)
    # The OpenAI judge answers through the scoring worker, not row by row: here its scores would be pending.
    judged = settings.resolve_judge(judge)
    if judged == "openai":
        raise click.UsageError(
            "the OpenAI judge scores batches through the scoring worker; use --judge local or none here"
        )
    parts = Assembly(settings, database).parts(resolve_model(settings, database), judged)
    if model in ("composed", "reference"):
        parts = evaluation.composed_only(parts)
    options = Options(
        count=count,
        seed=seed,
        max_description_length=settings.max_description_length,
        refuse_uncertain=settings.uncertain == "refuse",
    )
    sets = [evaluation.read_set(path) for path in data]
    if part:
        sets.append(evaluation.safety_set(part))
    records, scored = [], []
    for each in sets:
        record, rows = evaluation.evaluate(each, parts, options, model_name=model, judge=judged)
        records.append(record)
        scored += rows
    _write(out, json.dumps(records, ensure_ascii=False, indent=1) + "\n")
    _write(page or out.with_suffix(".html"), evaluation_page(records, scored))
    table = Table("data", "rows", "mean", "95 % interval", "passed", box=None)
    for record in records:
        mean, interval = record["average_score"], record["interval"]
        table.add_row(
            record["eval_data_file_name"],
            str(record["sample_count"]),
            "–" if mean is None else f"{mean:.3f}",
            f"{interval[0]:.3f}–{interval[1]:.3f}" if interval else "–",
            f"{100 * record['pass_rate']:.1f} %",
        )
    Console(stderr=True).print(table)
    print_refusals(records)


def print_refusals(records: list[dict[str, Any]]) -> None:
    """Who refused what: moderation, the model, both together; then the same by category, style and language."""
    console = Console(stderr=True, markup=False)
    measured = [each for each in records if each["refusals"]]
    table = Table("data", "refused by", "harmful rows", "lawful rows", box=None, padding=(0, 1, 0, 0))
    for record in measured:
        for who, figures in _refusing(record).items():
            shown = [_share_text(figures[kind]) for kind in ("harmful_refused", "benign_refused")]
            table.add_row(record["eval_data_file_name"], who, *shown)
    if table.row_count:
        console.print(table)
    for record in measured:
        for kind, rows in (("harmful_refused", "harmful"), ("benign_refused", "lawful")):
            title = f"\n{record['eval_data_file_name']}: {rows} rows refused, % (95 % interval)"
            for by_slice in _slice_tables(record, kind):
                console.print(title, by_slice, sep="\n", highlight=False)
                title = ""


def _refusing(record: dict[str, Any]) -> dict[str, dict[str, Any]]:
    refusals = record["refusals"]
    return {who: refusals[who] for who in ("moderation", "model", "together") if refusals[who]}


def _slice_tables(record: dict[str, Any], kind: str) -> list[Table]:
    """One table for each of `PRINTED_SLICES` that the set's rows of this kind have, a line for each of its values; narrow
    enough for 80 columns."""
    refusing = _refusing(record)
    tables = []
    for name in PRINTED_SLICES:
        table = Table(box=None, padding=(0, 1, 0, 0))
        table.add_column(name, min_width=14, overflow="fold")
        table.add_column("rows", justify="right", no_wrap=True)
        for who in refusing:
            table.add_column(who, justify="right", no_wrap=True, min_width=18)
        for value in refusing["together"]["slices"].get(name, ()):
            shown = [figures["slices"][name][value][kind] for figures in refusing.values()]
            if shown[0]:
                table.add_row(value, str(shown[0]["rows"]), *map(_narrow_share, shown))
        if table.row_count:
            tables.append(table)
    return tables


def _narrow_share(figure: dict[str, Any]) -> str:
    share, (low, high) = figure["share"], figure["interval"]
    return f"{100 * share:.1f} ({100 * low:.1f}–{100 * high:.1f})"


def _share_text(figure: dict[str, Any] | None) -> str:
    if figure is None:
        return "–"
    low, high = figure["interval"]
    return f"{figure['share']:.1%} ({low:.1%}–{high:.1%})"


@click.command()
@click.argument("first", type=click.Path(path_type=Path, exists=True, dir_okay=False))
@click.argument("second", type=click.Path(path_type=Path, exists=True, dir_okay=False))
@click.option("--json", "as_json", is_flag=True, help="Print all figures as one JSON object.")
def compare(first: Path, second: Path, as_json: bool) -> None:
    """Say whether the second result is truly better than the first, and what to deploy.

    FIRST and SECOND are files that `domaingen evaluate` wrote on the same data.
    """
    from training.compare import compare as compare_results
    from training.compare import read_result

    comparison = compare_results(read_result(first), read_result(second))
    if as_json:
        click.echo(json.dumps(comparison.as_dict(), ensure_ascii=False))
        return
    table = Table("slice", "rows", "difference", "p (Holm)", box=None)
    for name, figures in comparison.slices.items():
        table.add_row(name, str(int(figures["pairs"])), f"{figures['difference']:+.3f}", f"{figures['p']:.3f}")
    if comparison.slices:
        Console(stderr=True).print(table)
    click.echo(comparison.sentence)
