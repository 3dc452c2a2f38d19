"""The commands `synthesize` and `train`; torch is imported by `train` alone, when it runs."""

import json
from pathlib import Path

import click

from domaingen.generation.model_files import folder_in_the_making, write_atomically


@click.command()
@click.option("--out", type=click.Path(path_type=Path, file_okay=False), required=True, help="Folder to write.")
@click.option("--seed", type=int, default=0, show_default=True, help="Same seed and data, same bytes.")
@click.option(
    "--rows",
    type=click.IntRange(min=100),
    default=90_000,
    show_default=True,
    help="Examples written from the lexicon; curated and safety rows are added in proportion to their number.",
)
@click.option(
    "--data",
    type=click.Path(path_type=Path, file_okay=False, exists=True),
    help="Folder with lexicon/, curated/ and safety/. Default: the bundled one.",
)
@click.option(
    "--check/--no-check",
    default=True,
    show_default=True,
    help="Fail when the set is unbalanced, leaks between its parts or breaks its own constraints.",
)
def synthesize(out: Path, seed: int, rows: int, data: Path | None, check: bool) -> None:
    """Make a training set from lexicon, curated rows and safety rows.

    Writes train.jsonl, dev.jsonl, test.jsonl and report.json (shares of industries, strategies, styles and endings,
    hint use, leaks). Descriptions and names of dev and test never occur in train; safety rows are split by topic.

    \b
      domaingen synthesize --out out/data
      domaingen train --data out/data --out out/model
    """
    from domaingen.assets import asset
    from training import synthesize as synthesis
    from training.curated import read_curated
    from training.examples import REPORT, data_digest, write_examples
    from training.quality import assess

    for problem in read_curated((data or asset("curated").parent) / "curated")[1]:
        click.echo(f"left out: {problem}", err=True)
    sources = synthesis.read_sources(data)
    parts = synthesis.synthesize(sources, seed, synthesis.Amounts(lexicon=rows))
    quality = assess(parts)
    if check:
        quality.require()
    with folder_in_the_making(out) as making:
        for part, examples in parts.items():
            write_examples(making / f"{part}.jsonl", examples)
        report = {"seed": seed, "rows": rows, "digest": data_digest(making), **quality.as_dict()}
        write_atomically(making / REPORT, json.dumps(report, indent=2) + "\n")
    counted = ", ".join(f"{len(examples):,} {part}" for part, examples in parts.items())
    click.echo(f"{out}: {counted}; {len(quality.problems)} problems", err=True)


@click.command()
@click.option(
    "--data",
    type=click.Path(path_type=Path, file_okay=False, exists=True),
    required=True,
    help="Training set that `domaingen synthesize` wrote.",
)
@click.option(
    "--out", type=click.Path(path_type=Path, file_okay=False), required=True, help="Model folder to write."
)
@click.option(
    "--base",
    help="Begin from this model: a folder that `train` wrote, a folder with a seq2seq (T5) or causal (GPT-2) "
    "checkpoint, or a hub name such as google/flan-t5-base or microsoft/DialoGPT-small; its configuration says "
    "which kind it is. One that was trained here knows our text and begins where the curriculum turns to curated rows. "
    "Default: a new T5 of 7 M parameters with its own tokenizer.",
)
@click.option("--name", help="Name of the model version. Default: the folder's name.")
@click.option(
    "--steps",
    type=click.IntRange(min=1),
    help="Batches, at most. Default: 6000, or as many as go into --minutes.",
)
@click.option(
    "--minutes", type=click.FloatRange(min=0.01), help="Minutes, at most; pauses between resumed runs don't count."
)
@click.option("--batch", type=click.IntRange(min=1), default=32, show_default=True, help="Examples in a batch.")
@click.option(
    "--learning-rate",
    type=click.FloatRange(min=0, min_open=True),
    help="Relative to each matrix's size. Default: 0.02 for a new model, 0.002 from a base.",
)
@click.option(
    "--curriculum/--no-curriculum",
    default=True,
    show_default=True,
    help="Broad synthetic rows first and curated ones at the end, or every row once an epoch.",
)
@click.option(
    "--resume", is_flag=True, help="Go on from the last checkpoint beside --out, exactly as if never stopped."
)
@click.option("--threads", type=click.IntRange(min=0), default=0, show_default=True, help="CPU cores; 0 for all.")
@click.option("--seed", type=int, default=0, show_default=True, help="Seed of weights, order and dropout.")
@click.option(
    "--precision",
    type=click.Choice(["auto", "bf16", "fp32"]),
    default="auto",
    show_default=True,
    help="auto is bf16 where the device is faster in it.",
)
def train(
    data: Path,
    out: Path,
    base: str | None,
    name: str | None,
    steps: int | None,
    minutes: float | None,
    batch: int,
    learning_rate: float | None,
    curriculum: bool,
    resume: bool,
    threads: int,
    seed: int,
    precision: str,
) -> None:
    """Train a model on a training set.

    Ends after --steps or --minutes, or when the dev loss no longer falls; the best weights are converted to
    CTranslate2 int8 (checked against torch, token by token) and written with flags, data digest and metrics. A
    checkpoint is kept beside --out; --resume continues it.

    \b
      domaingen train --data out/data --out out/model --minutes 45
      domaingen train --data out/data --out out/flan --base google/flan-t5-base --steps 500
      domaingen train --data out/data --out out/dialo --base microsoft/DialoGPT-small --steps 500

    Needs the `train` extra: pip install 'domaingen[train]'.
    """
    try:
        from training.finetune import Options, fine_tune
    except ModuleNotFoundError as error:
        raise click.ClickException(f"{error.name} is missing; pip install 'domaingen[train]'") from error

    options = Options(
        data=data,
        out=out,
        base=base,
        name=name,
        steps=steps or (1_000_000 if minutes else 6000),
        minutes=minutes,
        batch=batch,
        learning_rate=learning_rate,
        curriculum=curriculum,
        resume=resume,
        threads=threads,
        seed=seed,
        precision=precision,
    )
    files = fine_tune(options, lambda line: click.echo(line, err=True))
    click.echo(f"{files.name} {files.digest[:12]} in {files.path}", err=True)
