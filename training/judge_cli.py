"""The commands `domaingen judge validate | sample | probe | canary | retry`."""

import csv
import json
from collections.abc import Iterator, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

import click

from domaingen.errors import DomaingenError, InputFileError
from domaingen.judging.judge import Named
from domaingen.logs import configure_logging
from domaingen.scoring.allowance import Allowance
from domaingen.settings import JudgeChoice, load_settings
from domaingen.store.batches import get_batch
from domaingen.store.database import Database
from domaingen.store.migrate import ensure_ready
from domaingen.store.scores import set_budget, unpark
from training import judge_validation as validation
from training.judge_asking import judge_option, rater
from training.judge_canary import canary


def _read_csv(path: Path, needed: Sequence[str]) -> Iterator[tuple[int, dict[str, str]]]:
    with path.open(encoding="utf-8-sig", newline="") as file:
        reader = csv.DictReader(file)
        missing = [name for name in needed if name not in (reader.fieldnames or ())]
        if missing:
            raise InputFileError(str(path), f"column {', '.join(missing)} is missing", line=1)
        for row in reader:
            yield reader.line_num, row


def read_ratings(path: Path) -> list[tuple[Named, dict[str, float]]]:
    """Ratings by people: the mean over all raters of a name. Rows that nobody filled in are left out.

    Raises:
        InputFileError: A column is missing or a mark is no number from 1 to 10.
    """
    marks: dict[tuple[str, str], list[dict[str, float]]] = {}
    for line, row in _read_csv(path, ["description", "domain", *validation.DIMENSIONS]):
        if not any((row[name] or "").strip() for name in validation.DIMENSIONS):
            continue
        values = {}
        for name in validation.DIMENSIONS:
            try:
                values[name] = float(row[name])
            except (TypeError, ValueError):
                values[name] = 0.0
            if not 1 <= values[name] <= 10:
                raise InputFileError(str(path), "a mark must be a number from 1 to 10", line=line, column=name)
        marks.setdefault((row["description"], row["domain"]), []).append(values)
    return [
        (Named(*key), {name: sum(each[name] for each in given) / len(given) for name in validation.DIMENSIONS})
        for key, given in marks.items()
    ]


@click.group()
def judge() -> None:
    """Examine the judge: does it agree with people, does it keep its head, has it changed?"""
    # Without this a warning, such as that a server is asked in another way, would stand among the figures.
    configure_logging(load_settings().model_copy(update={"log_level": "warning"}), process="judge")


@judge.command("validate")
@click.argument("ratings", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@judge_option
@click.option("--out", type=click.Path(dir_okay=False, path_type=Path), help="Write the figures here too.")
@click.pass_context
def validate_command(context: click.Context, ratings: Path, kind: JudgeChoice, out: Path | None) -> None:
    """Compare the judge with people's ratings: a CSV with description, domain, relevance, memorability, brandability.

    Several rows for the same name are several raters. Prints kappa, Spearman and mean error with 95 % intervals.
    Exit status 1 where the judge must not gate models: kappa below 0.6 in a dimension, or fewer than 30 names.
    """
    items = read_ratings(ratings)
    rate, name = rater(load_settings(), kind)
    if len(items) < 2:
        raise DomaingenError(f"{ratings} holds {len(items)} rated names; at least two are needed")
    try:
        result = validation.validate([marks for _, marks in items], list(rate([named for named, _ in items])))
    except ValueError as error:
        raise DomaingenError(f"{name}: {error}") from error
    figures: dict[str, Any] = {"judge": name, **asdict(result), "may_gate": result.may_gate}
    text = json.dumps(figures, indent=1)
    if out:
        out.write_text(text + "\n", encoding="utf-8")
    click.echo(text)
    if not result.may_gate:
        click.echo(
            f"{name} may not gate: kappa under {validation.LEAST_KAPPA} or fewer than {validation.LEAST_ITEMS} names",
            err=True,
        )
        context.exit(1)


@judge.command("sample")
@click.argument("results", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option(
    "--out", required=True, type=click.Path(dir_okay=False, path_type=Path), help="The sheet to fill in."
)
@click.option("--rows", default=120, show_default=True, type=click.IntRange(4), help="Names on the sheet.")
@click.option("--seed", default=0, show_default=True, type=int)
def sample(results: Path, out: Path, rows: int, seed: int) -> None:
    """Make a rating sheet from a results.jsonl: spread over the scores, with bad names mixed in.

    Beside it, OUT.key.csv says which names are which; keep it from the raters.
    """
    sheet = validation.make_sheet(_names_of(results), rows, seed=seed)
    if not sheet:
        raise DomaingenError(f"{results} holds no suggested names")
    _write_csv(
        out,
        ["description", "domain", *validation.DIMENSIONS, "rater"],
        ([row.description, row.domain] for row in sheet),
    )
    key = out.with_suffix(".key.csv")
    _write_csv(
        key, ["description", "domain", "stratum"], ([row.description, row.domain, row.stratum] for row in sheet)
    )
    click.echo(f"{len(sheet)} names to rate in {out}; where they come from is in {key}", err=True)


def _names_of(results: Path) -> list[tuple[str, str, float]]:
    names = []
    with results.open(encoding="utf-8") as file:
        for line in file:
            row = json.loads(line)
            names += [(row["description"], each["domain"], each["score"]) for each in row["suggestions"]]
    return names


def _write_csv(path: Path, header: Sequence[str], rows: Iterator[list[str]]) -> None:
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(header)
        for row in rows:
            # A cell that a spreadsheet would run gets an apostrophe, as in results.csv.
            cells = ["'" + cell if cell[:1] in "=+-@\t\r" else cell for cell in row]
            writer.writerow(cells + [""] * (len(header) - len(cells)))


def _curated(count: int) -> list[tuple[str, str]]:
    """Hand-picked names with their descriptions, spread over the curated rows."""
    from domaingen.assets import asset
    from training.curated import read_curated

    rows = [row for row in read_curated(asset("curated"))[0] if row.names]
    step = max(1, len(rows) // count)
    return [(row.description, row.names[0].domain) for row in rows[::step][:count]]


@judge.command("probe")
@judge_option
@click.option(
    "--names", default=12, show_default=True, type=click.IntRange(2), help="Hand-picked names to probe with."
)
@click.pass_context
def probe(context: click.Context, kind: JudgeChoice, names: int) -> None:
    """Try to mislead the judge: the same name twice, stuffed with keywords, longer, another business, an order.

    Exit status 1 where a kind of probe is passed by fewer than four in five.
    """
    rate, name = rater(load_settings(), kind)
    result = validation.run_probes(validation.make_probes(_curated(names)), rate)
    click.echo(
        json.dumps(
            {
                "judge": name,
                "probes": {kind: {"passed": good, "asked": asked} for kind, (good, asked) in result.items()},
            },
            indent=1,
        )
    )
    if any(good < 0.8 * asked for good, asked in result.values()):
        context.exit(1)


@judge.command("retry")
@click.argument("batch_id", metavar="BATCH")
@click.option(
    "--budget", metavar="USD", type=click.FloatRange(min=0), help="What judging it may cost in all from now on."
)
def retry(batch_id: str, budget: float | None) -> None:
    """Have the names of a batch judged that are parked or put off: after a budget was raised, a key renewed.

    Prints how many rows wait again. Workers (domaingen up, or your hosts) take them within seconds; then
    `domaingen results` writes the files anew.
    """
    settings = load_settings()
    database = Database(settings.database)
    ensure_ready(database)
    get_batch(database, batch_id)
    with database.begin() as connection:
        if budget is not None:
            set_budget(connection, batch_id, round(budget * 1e6))
        rows = unpark(connection, batch_id)
    Allowance(database, settings).try_now()
    click.echo(json.dumps({"batch": batch_id, "rows": rows}))


judge.add_command(canary)
