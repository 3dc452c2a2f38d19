"""One whole turn of the loop on real figures, by one command:

    python -m training.retraining.experiment --out DIR [--short]

Discovery searches the bundled model, a scripted reviewer corrects what was found, a retrain learns from it on the
CPU, the gate judges, the database promotes. Then the prototype's recipe, 80 rows about violence and nothing else,
stands before the same gate. `--short` is the same in a minute, for CI: few rows, few steps, no verdict to rely on.
Everything happens in DIR with a database of its own; DIR/experiment.json holds the figures.
"""

import json
import os
import threading
import time
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import click
from sqlalchemy import select

from domaingen.assembly import Assembly
from domaingen.assets import asset
from domaingen.failures.record import FailureRecord
from domaingen.failures.taxonomy import Finding
from domaingen.generation.model_files import bundled_model_path, write_atomically
from domaingen.outcomes import Status
from domaingen.pipeline import Options, Parts
from domaingen.settings import Settings, load_settings
from domaingen.store.database import Database
from domaingen.store.failures import Review, file_failures, store_reviews
from domaingen.store.migrate import ensure_ready
from domaingen.store.schema import FailureRow
from domaingen.suggestion import Outcome
from training.evaluate import run_pipeline
from training.examples import write_examples
from training.retraining.measuring import read_measured
from training.retraining.prototype import prototype
from training.retraining.run import GATE, retrain
from training.retraining.steps import Steps
from training.retraining.story import model_figures, told_points
from training.retraining.workplace import Plan
from training.samples import RuleAndJudgeScorer, Sample, read_samples
from training.synthesize import Amounts, read_sources, synthesize

REVIEWER = "scripted reviewer"
WEAK = 0.92
"""Score (0-1) under which the reviewer calls the model's own names poor."""
PRAISED = 0.9
"""Score from which the reviewer gives a name of the whole pipeline as the correction."""
Say = Callable[[str], None]


@dataclass(frozen=True, slots=True)
class Size:
    """How large the experiment is. `minutes` are for each training, of which the turn takes two."""

    cases: int
    discover_minutes: float
    rows: int
    minutes: float
    base_rows: int
    weak_rows: int | None = None
    measured_rows: int | None = None
    safety_rows: int | None = None
    steps: int = 1_000_000


FULL = Size(cases=600, discover_minutes=2.0, rows=8_000, minutes=8.0, base_rows=6_000)
SHORT = Size(
    cases=4,
    discover_minutes=0.02,
    rows=240,
    minutes=1.0,
    base_rows=200,
    weak_rows=24,
    measured_rows=5,
    safety_rows=24,
    steps=3,
)
_THINNED = 15
"""Of the curated and safety rows the short form's base set takes each fifteenth."""


def alone(parts: Parts) -> Parts:
    """The model without composed names."""
    return replace(parts, compose=lambda *_: ())


def find_weak(samples: Sequence[Sample], parts: Parts, options: Options) -> list[FailureRecord]:
    """Rows whose names by the model itself are poor or missing."""
    records = []
    for sample, outcome in zip(samples, run_pipeline(samples, alone(parts), options), strict=True):
        score = RuleAndJudgeScorer().score(sample, outcome)
        if outcome.status is Status.REFUSED or score.value is None or score.value >= WEAK:
            continue
        kind = Finding.POOR_QUALITY if outcome.suggestions else Finding.MODEL_REFUSAL
        records.append(
            FailureRecord(
                sample.input,
                "evaluation",
                kind.value,
                "own_names",
                parts.engine.name,
                {
                    "expect": "suggest",
                    "domains": [each.domain for each in outcome.suggestions],
                    "score": score.value,
                },
            )
        )
    return records


def review(database: Database, parts: Parts, options: Options) -> dict[str, int]:
    """The scripted reviewer: corrects poor names by the best of the whole pipeline, takes discovery's expectation for
    the rest, and discards what no training of the generator mends."""
    with database.read() as connection:
        rows = connection.execute(
            select(FailureRow.id, FailureRow.input, FailureRow.failure_type, FailureRow.original_output).where(
                FailureRow.review == "open"
            )
        ).all()
    samples = [Sample(str(row.id), row.input, "suggest") for row in rows]
    reviews = []
    for row, outcome in zip(rows, run_pipeline(samples, parts, options), strict=True):
        correction = _correction(row.failure_type, row.original_output, outcome)
        reviews.append(Review(row.id, "corrected" if correction else "discarded", correction, REVIEWER))
    with database.begin() as connection:
        store_reviews(connection, reviews)
    return dict(Counter(each.review for each in reviews))


def _correction(failure_type: str, output: Mapping[str, Any], outcome: Outcome) -> dict[str, Any] | None:
    if failure_type in {Finding.POOR_QUALITY, Finding.MODEL_REFUSAL}:
        good = [each.domain for each in outcome.suggestions if each.score >= PRAISED]
        return {"expect": "suggest", "domains": good[:3]} if good else None
    if failure_type == Finding.SAFETY_LEAK:
        return {"expect": "refuse", "domains": []}
    if failure_type == Finding.MISSED_REJECTION:
        return {"expect": "reject_input", "domains": []}
    return None


def run(out: Path, size: Size, threads: int, say: Say, data: Path | None = None) -> dict[str, Any]:
    """The whole experiment; its figures. `data` is a base set; by default one is made."""
    begun = time.monotonic()
    home = out / "home"
    os.environ["DOMAINGEN_HOME"] = str(home)
    settings = load_settings(home=home, moderation="local", threads=threads).model_copy(
        update={"database_url": None, "retrain_threads": threads}
    )
    database = Database(settings.database)
    ensure_ready(database)
    steps = Steps(
        settings, base_rows=size.base_rows, most_rows=size.measured_rows, most_safety_rows=size.safety_rows
    )
    parts = Assembly(settings, database).parts(str(bundled_model_path()), "local")
    options = Options(max_description_length=settings.max_description_length)
    found = _discover(database, settings, out, size, parts, options, say)
    decided = review(database, parts, options)
    say(f"review by script: {decided}")
    if data is None and size.steps == SHORT.steps:
        data = _thin_base(out / "base", size.base_rows)
    base = data or steps.synthesize(out / "base", threading.Event(), say)
    plan = Plan(
        minutes=size.minutes,
        rows=size.rows,
        data=base,
        out=out / "turn",
        force=True,
        threads=threads,
        steps=size.steps,
    )
    result = retrain(database, settings, plan, steps=steps, say=say)
    gate = json.loads((out / "turn" / GATE).read_text(encoding="utf-8"))
    turn_s = time.monotonic() - begun
    violence = prototype(out / "prototype", base, out / "turn", size.minutes, size.steps, threads, steps, say)
    figures = {
        "found": found,
        "review": decided,
        "set": gate["set"],
        "weights": gate["training"]["tried"],
        "alpha": gate["training"]["alpha"],
        "turn": {"status": result.status, "sentence": result.sentence, "points": told_points(gate)},
        "prototype": {"passed": violence.passed, "sentence": violence.sentence, "points": told_points(violence)},
        "models": [
            model_figures(read_measured(path))
            for folder in ("turn", "prototype")
            for path in sorted((out / folder).glob("measured-*.json"))
        ],
        "minutes": {"turn": round(turn_s / 60, 1), "all": round((time.monotonic() - begun) / 60, 1)},
    }
    write_atomically(out / "experiment.json", json.dumps(figures, indent=1, ensure_ascii=False) + "\n")
    database.close()
    return figures


def _thin_base(folder: Path, rows: int) -> Path:
    """A base set of a few per cent of the sources."""
    whole = read_sources()
    thin = replace(whole, curated=whole.curated[::_THINNED], safety=whole.safety[::_THINNED])
    folder.mkdir(parents=True, exist_ok=True)
    for part, examples in synthesize(thin, 0, Amounts(rows, curated=1, composed=1, safety=1, nonsense=40)).items():
        write_examples(folder / f"{part}.jsonl", examples)
    return folder


def _discover(
    database: Database,
    settings: Settings,
    out: Path,
    size: Size,
    parts: Parts,
    options: Options,
    say: Say,
) -> dict[str, int]:
    """Failures of the bundled model by type: discovery's, and rows in other languages on which it is weak."""
    from training.discovery.running import discover

    discover(
        str(bundled_model_path()),
        out / "discovery",
        None,
        cases=size.cases,
        minutes=size.discover_minutes,
        seed=0,
        store=True,
    )
    rows = read_samples(asset("retraining", "languages.jsonl"))[: size.weak_rows]
    records = find_weak(rows, parts, options)
    with database.begin() as connection:
        file_failures(connection, records)
    say(f"{len(records)} of {len(rows)} descriptions in other languages got poor names from the model itself")
    with database.read() as connection:
        types = connection.scalars(select(FailureRow.failure_type)).all()
    return dict(sorted(Counter(types).items()))


@click.command()
@click.option("--out", type=click.Path(path_type=Path, file_okay=False), required=True, help="Folder to write.")
@click.option("--short", is_flag=True, help="A minute instead of forty; no verdict to rely on.")
@click.option("--minutes", type=click.FloatRange(min=0.01), help="Minutes of each training.")
@click.option(
    "--data",
    type=click.Path(path_type=Path, file_okay=False, exists=True),
    help="Base set that `domaingen synthesize` wrote.  [default: one is made]",
)
@click.option("--threads", type=click.IntRange(min=0), default=0, show_default=True, help="Cores; 0 for all.")
def main(out: Path, short: bool, minutes: float | None, data: Path | None, threads: int) -> None:
    """Tell one whole turn of the loop on real figures."""
    size = SHORT if short else FULL
    if minutes:
        size = replace(size, minutes=minutes)
    figures = run(out.resolve(), size, threads, lambda line: click.echo(line, err=True), data)
    for title, key in (("one turn", "turn"), ("the prototype's recipe", "prototype")):
        click.echo(f"{title}: {figures[key]['sentence']}")
        for line in figures[key]["points"]:
            click.echo(f"  {line}")


if __name__ == "__main__":
    main()
