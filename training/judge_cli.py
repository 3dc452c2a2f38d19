"""The commands `domaingen judge validate | sample | probe | canary`."""

import asyncio
import csv
import json
from collections.abc import Callable, Iterator, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

import click

from domaingen.errors import DomaingenError, InputFileError, ProviderError
from domaingen.judging.judge import Named
from domaingen.settings import JudgeChoice, Settings, load_settings
from domaingen.suggestion import Judgement
from training import judge_validation as validation

_CANARY_ITEMS = 50
_judge_option = click.option(
    "--judge",
    "kind",
    type=click.Choice(["auto", "openai", "local"]),
    default="auto",
    show_default=True,
    help="Which judge to examine.",
)


def rater(settings: Settings, kind: JudgeChoice) -> tuple[validation.Rate, str]:
    """The judge as a function, and its name with everything that may change its answers."""
    if settings.resolve_judge(kind) == "local":
        from domaingen.judging.local import LocalJudge

        return LocalJudge().rate, "local"
    from domaingen.judging.prompt import PROMPT_VERSION

    return lambda names: asyncio.run(_ask(settings, names)), f"{settings.judge_model} prompt {PROMPT_VERSION}"


async def _ask(settings: Settings, names: Sequence[Named]) -> list[Judgement | None]:
    """One name a request, eight at a time, each tried three times; None where there was no answer."""
    from domaingen.judging.openai_judge import JudgeRequest, OpenAIJudge, Speech
    from domaingen.judging.replies import Treatment

    judge = OpenAIJudge(settings, Speech(may_fall_back=settings.openai_base_url is not None))
    gate = asyncio.Semaphore(8)

    async def ask(name: Named) -> Judgement | None:
        async with gate:
            for attempt in range(5):
                reply = await judge.judge(JudgeRequest(name.description, (name.domain,)))
                if reply.judgements is not None:
                    return reply.judgements[0]
                if reply.treatment is Treatment.STOP:
                    raise ProviderError(f"the provider refuses to judge: {reply.cause} {reply.detail}")
                await asyncio.sleep(reply.retry_after_s or 0.2 * 2**attempt)
        return None

    try:
        return list(await asyncio.gather(*(ask(name) for name in names)))
    finally:
        await judge.close()


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


@judge.command("validate")
@click.argument("ratings", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@_judge_option
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
@_judge_option
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


@judge.command("canary")
@_judge_option
@click.option(
    "--file",
    "path",
    type=click.Path(dir_okay=False, path_type=Path),
    help="Kept answers.  [default: in DOMAINGEN_HOME]",
)
@click.option("--renew", is_flag=True, help="Keep today's answers as the new measure.")
@click.pass_context
def canary(context: click.Context, kind: JudgeChoice, path: Path | None, renew: bool) -> None:
    """Ask about 50 fixed names and compare with the answers that were kept. The first call keeps them.

    Exit status 1 where the judge has moved by half a mark in a dimension, or answers other than before.
    """
    settings = load_settings()
    rate, name = rater(settings, kind)
    path = path or settings.home / f"canary-{'local' if name == 'local' else 'openai'}.json"
    if renew or not path.exists():
        items = _curated(_CANARY_ITEMS)
        _keep(path, name, items, _all_answers(rate, items))
        click.echo(f"kept {len(items)} answers of {name} in {path}", err=True)
        return
    kept = json.loads(path.read_text(encoding="utf-8"))
    items = [(item["description"], item["domain"]) for item in kept["items"]]
    before = [Judgement(*(item[dimension] for dimension in validation.DIMENSIONS)) for item in kept["items"]]
    found = validation.drift(before, _all_answers(rate, items))
    alarming = any(each.alarming for each in found.values())
    click.echo(
        json.dumps(
            {
                "judge": name,
                "kept": kept["judge"],
                "drift": {key: asdict(each) for key, each in found.items()},
                "alarming": alarming,
            },
            indent=1,
        )
    )
    if alarming:
        context.exit(1)


def _all_answers(
    rate: Callable[[Sequence[Named]], Sequence[Judgement | None]], items: Sequence[tuple[str, str]]
) -> list[Judgement]:
    answers = rate([Named(*item) for item in items])
    complete = [answer for answer in answers if answer is not None]
    if len(complete) < len(items):
        raise ProviderError(
            f"the judge left {len(items) - len(complete)} of {len(items)} names unanswered; try again later"
        )
    return complete


def _keep(path: Path, name: str, items: Sequence[tuple[str, str]], answers: Sequence[Judgement]) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    kept = [
        {"description": text, "domain": domain}
        | {dimension: getattr(answer, dimension) for dimension in validation.DIMENSIONS}
        for (text, domain), answer in zip(items, answers, strict=True)
    ]
    scratch = path.with_suffix(".tmp")
    scratch.write_text(
        json.dumps({"judge": name, "items": kept}, ensure_ascii=False, indent=1) + "\n", encoding="utf-8"
    )
    scratch.replace(path)
