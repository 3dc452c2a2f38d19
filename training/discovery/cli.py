"""The command `discover`."""

from pathlib import Path

import click


@click.command()
@click.option("--model", help="Model name or folder.  [default: the active one]")
@click.option(
    "--out", type=click.Path(path_type=Path, file_okay=False), required=True, help="Folder to write into."
)
@click.option(
    "--seeds",
    type=click.Path(path_type=Path, exists=True, dir_okay=False),
    help="CSV or JSON lines to begin with, in place of the bundled rows; see docs/discovery.md.",
)
@click.option(
    "--cases", type=click.IntRange(1), default=1500, show_default=True, help="Changed texts to try, at most."
)
@click.option(
    "--minutes", type=click.FloatRange(0, min_open=True), help="Stop after the round in which this time is over."
)
@click.option(
    "--seed", type=click.IntRange(min=0), default=0, show_default=True, help="Same seed and cases, same finds."
)
@click.option("--store", is_flag=True, help="File the finds in the database too, for review.")
@click.pass_context
def discover(
    context: click.Context,
    model: str | None,
    out: Path,
    seeds: Path | None,
    cases: int,
    minutes: float | None,
    seed: int,
    store: bool,
) -> None:
    """Search for inputs on which a model fails.

    Disturbs texts whose right answer is known, checks what must follow, shrinks what fails and groups it. Writes
    failures.jsonl, groups.json, must_pass_proposals.jsonl, report.html and summary.json. Finding failures is its
    work: the exit status is 0. Ctrl-C keeps what was found in whole rounds.
    """
    from training.discovery.running import discover as run

    stopped_by = run(model, out, seeds, cases=cases, minutes=minutes, seed=seed, store=store)
    if stopped_by == "interrupted":
        context.exit(130)
