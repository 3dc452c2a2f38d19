"""The process that trains: `python -m training.retraining.training_process JOB.json`.

A process of its own, so that its memory and time can be limited and its death harms nobody. It reads a job, trains
one model for each seed, tries how much of the new weights to take, and writes result.json beside the job. Whatever
it is killed in the middle of, the same command goes on from the last checkpoint.
"""

import json
import os
import signal
import sys
import threading
import time
from collections.abc import Callable
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from domaingen.errors import DomaingenError
from domaingen.generation.model_files import MANIFEST, read_model, write_atomically

RESULT = "result.json"
Say = Callable[[str], None]


@dataclass(frozen=True, slots=True)
class Job:
    """What to train. `data` is a mixed set; `base` the model folder that training begins from, `old` the active one
    that new weights are averaged with; each of `names` is trained with its number as an addition to `seed`, the first
    is the candidate and written to `out`, the others stay in `work`. `minutes` are for each seed."""

    data: Path
    base: Path
    old: Path
    work: Path
    out: Path
    names: tuple[str, ...]
    parent: str
    minutes: float
    steps: int = 1_000_000
    alphas: tuple[float, ...] = (0.0, 0.25, 0.5, 0.75, 1.0)
    learning_rate: float | None = None
    batch: int = 32
    threads: int = 0
    seed: int = 0
    evaluate_every: int = 100

    def write(self, path: Path) -> None:
        """Write as JSON."""
        values = {key: str(value) if isinstance(value, Path) else value for key, value in asdict(self).items()}
        write_atomically(path, json.dumps(values, indent=1) + "\n")


def read_job(path: Path) -> Job:
    """Read what `Job.write` wrote."""
    values = json.loads(path.read_text(encoding="utf-8"))
    for key in ("data", "base", "old", "work", "out"):
        values[key] = Path(values[key])
    for key in ("names", "alphas"):
        values[key] = tuple(values[key])
    return Job(**values)


def folders(job: Job) -> list[Path]:
    """Where the models of the job's seeds are written, the candidate's first."""
    return [job.out, *(job.work / name for name in job.names[1:])]


def train(job: Job, say: Say) -> dict[str, Any]:
    """Do the job, or what is left of it; the result."""
    from transformers.utils import logging

    from training.examples import read_examples
    from training.finetune import Options, fine_tune
    from training.retraining.averaging import choose_alpha, sweep, write_averaged
    from training.retraining.teaching import REVIEW

    # Its bars would stand between the lines that tell how far the training is.
    logging.disable_progress_bar()
    lessons_dev = list(read_examples(job.data / "lessons_dev.jsonl"))
    dev = list(read_examples(job.data / "dev.jsonl"))
    trained = [job.work / f"seed-{number}" for number in range(len(job.names))]
    for number, folder in enumerate(trained):
        if (folder / MANIFEST).exists():
            continue
        say(f"training {job.names[number]}, {job.minutes:g} minutes at most")
        fine_tune(
            Options(
                data=job.data,
                out=folder,
                base=str(job.base),
                name=job.names[number],
                steps=job.steps,
                minutes=job.minutes,
                batch=job.batch,
                learning_rate=job.learning_rate,
                warmup=20,
                curriculum=False,
                threads=job.threads,
                seed=job.seed + number,
                resume=True,
                evaluate_every=job.evaluate_every,
                preserve=REVIEW,
            ),
            say,
        )
    tried = sweep(job.old, trained, job.data, lessons_dev, job.alphas, say)
    alpha = choose_alpha(tried)
    say(f"taking {alpha:.2f} of the new weights")
    # The candidate is the mean of all seeds, which forgets less than any of them; the others stand for themselves.
    sources = [trained, *([folder] for folder in trained[1:])]
    for name, source, out in zip(job.names, sources, folders(job), strict=True):
        if not (out / MANIFEST).exists():
            write_averaged(job.old, source, alpha, out, dev, name=name, parent=job.parent, say=say)
    return {
        "alpha": alpha,
        "tried": [asdict(each) for each in tried],
        "digests": [read_model(folder).digest for folder in folders(job)],
    }


def _end_with(parent: int) -> None:
    """Stop when the process that started this one is gone, even killed: nobody would use the result."""

    def watch() -> None:
        while os.getppid() == parent:
            time.sleep(0.5)
        os.kill(os.getpid(), signal.SIGKILL)

    threading.Thread(target=watch, name="parent-watch", daemon=True).start()


def main() -> None:
    """Entry of the process."""
    path = Path(sys.argv[1])
    if len(sys.argv) > 2:
        _end_with(int(sys.argv[2]))
    try:
        job = read_job(path)
        result = train(job, lambda line: print(line, file=sys.stderr, flush=True))  # noqa: T201
    except (DomaingenError, ModuleNotFoundError) as error:
        print(f"training failed: {error}", file=sys.stderr)  # noqa: T201
        sys.exit(1)
    write_atomically(path.parent / RESULT, json.dumps(result, indent=1) + "\n")


if __name__ == "__main__":
    main()
