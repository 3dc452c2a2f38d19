"""`domaingen judge canary`: has the judge changed? 50 fixed names are asked about and compared with kept answers.

The names are bundled (`data/canary/items.csv`, written for this): good ones and bad ones of five kinds, so that both
ends of the scale are watched. The local judge's answers are bundled beside them, since they are the same on every
machine. A provider's answers are those of the first call, kept in DOMAINGEN_HOME: only the owner of a key can know
what the model said when it was trusted.
"""

import csv
import json
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import click

from domaingen.assets import asset
from domaingen.errors import InputFileError, ProviderError
from domaingen.generation.model_files import write_atomically
from domaingen.judging.judge import Named
from domaingen.settings import JudgeChoice, load_settings
from domaingen.suggestion import Judgement
from training import judge_validation as validation
from training.judge_asking import judge_option, rater


@dataclass(frozen=True, slots=True)
class CanaryItem:
    """A name to ask about; `stratum` is good, or what is bad about it."""

    description: str
    domain: str
    stratum: str


def read_items() -> list[CanaryItem]:
    """The 50 bundled names."""
    with asset("canary", "items.csv").open(encoding="utf-8", newline="") as file:
        return [CanaryItem(**row) for row in csv.DictReader(file)]


def read_kept(path: Path) -> tuple[str, list[CanaryItem], list[Judgement]]:
    """The judge that was asked, the names and its answers.

    Raises:
        InputFileError: The file is none of ours.
    """
    try:
        kept = json.loads(path.read_text(encoding="utf-8"))
        items = [CanaryItem(item["description"], item["domain"], item["stratum"]) for item in kept["items"]]
        answers = [
            Judgement(int(item["relevance"]), int(item["memorability"]), int(item["brandability"]))
            for item in kept["items"]
        ]
        return str(kept["judge"]), items, answers
    except (ValueError, KeyError, TypeError) as error:
        raise InputFileError(str(path), "holds no answers of a canary; renew it with --renew") from error


def write_kept(path: Path, judge: str, items: Sequence[CanaryItem], answers: Sequence[Judgement]) -> None:
    """Keep answers, the whole file or nothing."""
    kept = [
        asdict(item) | {name: getattr(answer, name) for name in validation.DIMENSIONS}
        for item, answer in zip(items, answers, strict=True)
    ]
    text = json.dumps({"judge": judge, "items": kept}, ensure_ascii=False, indent=1) + "\n"
    write_atomically(path, text)


def compare(items: Sequence[CanaryItem], before: Sequence[Judgement], now: Sequence[Judgement]) -> dict[str, Any]:
    """Drift by dimension, its alarm, and today's mean marks by stratum (good names should stay on top)."""
    found = validation.drift(before, now)
    means: dict[str, list[float]] = defaultdict(list)
    for item, answer in zip(items, now, strict=True):
        means[item.stratum].append(
            sum(getattr(answer, name) for name in validation.DIMENSIONS) / len(validation.DIMENSIONS)
        )
    return {
        "drift": {name: asdict(each) for name, each in found.items()},
        "mean_by_stratum": {name: round(sum(marks) / len(marks), 2) for name, marks in sorted(means.items())},
        "alarming": any(each.alarming for each in found.values()),
    }


@click.command()
@judge_option
@click.option(
    "--file",
    "path",
    type=click.Path(dir_okay=False, path_type=Path),
    help="Kept answers.  [default: in DOMAINGEN_HOME; for the local judge those that are bundled]",
)
@click.option("--renew", is_flag=True, help="Keep today's answers as the new measure.")
@click.pass_context
def canary(context: click.Context, kind: JudgeChoice, path: Path | None, renew: bool) -> None:
    """Ask about 50 fixed names and compare with the answers that were kept. The first call keeps a provider's.

    Exit status 1 where the judge has moved by half a mark in a dimension, or answers other than before.
    """
    settings = load_settings()
    rate, name = rater(settings, kind)
    own = path or settings.home / f"canary-{'local' if name == 'local' else 'openai'}.json"
    source = _source(own, name, explicit=path is not None)
    if renew or source is None:
        items = read_items()
        write_kept(own, name, items, _all_answers(rate, items))
        click.echo(f"kept {len(items)} answers of {name} in {own}", err=True)
        return
    kept_judge, items, before = read_kept(source)
    result = compare(items, before, _all_answers(rate, items))
    click.echo(json.dumps({"judge": name, "kept": kept_judge, **result}, indent=1))
    if result["alarming"]:
        click.echo(f"{name} does not judge as {kept_judge} did when {source} was written", err=True)
        context.exit(1)


def _source(own: Path, name: str, *, explicit: bool) -> Path | None:
    """Where the answers to compare with are, None where there are none yet."""
    if own.exists():
        return own
    return asset("canary", "local.json") if name == "local" and not explicit else None


def _all_answers(rate: validation.Rate, items: Sequence[CanaryItem]) -> list[Judgement]:
    answers = rate([Named(item.description, item.domain) for item in items])
    complete = [answer for answer in answers if answer is not None]
    if len(complete) < len(items):
        raise ProviderError(
            f"the judge left {len(items) - len(complete)} of {len(items)} names unanswered; try again later"
        )
    return complete
