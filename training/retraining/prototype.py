"""The recipe that the prototype unlearned its job with: 80 rows about violence and nothing else."""

import json
import shutil
import threading
from collections.abc import Callable
from pathlib import Path

from domaingen.assets import asset
from domaingen.generation.model_files import bundled_model_path, read_model
from training.examples import write_examples
from training.retraining.gate import judge_candidate
from training.retraining.lessons import Lesson
from training.retraining.preparation import evaluation_files
from training.retraining.run import SET, write_report
from training.retraining.steps import Steps
from training.retraining.teaching import teach
from training.retraining.training_process import RESULT, Job
from training.retraining.verdict import Verdict
from training.safety_rows import read_safety, split_of

VIOLENCE_ROWS = 80
"""As many as the prototype trained on."""
Say = Callable[[str], None]


def violence_set(folder: Path, base: Path) -> int:
    """The prototype's recipe: 80 violence rows, no replay, no neighbours. Returns how many examples it has. Dev rows
    are of the same kind, as the prototype's were, so nothing warns."""
    rows = [
        row
        for row in read_safety(asset("safety"))
        if row.category == "violence" and row.harmful and split_of(row.category, row.topic) == "train"
    ][: VIOLENCE_ROWS + 20]
    lessons = [
        Lesson(f"violence:{number}", row.text, "refuse", failure_type="safety_leak")
        for number, row in enumerate(rows)
    ]
    folder.mkdir(parents=True, exist_ok=True)
    train = teach(lessons[:VIOLENCE_ROWS], rounds=1, seed=0)
    write_examples(folder / "train.jsonl", train)
    write_examples(folder / "dev.jsonl", teach(lessons[VIOLENCE_ROWS:], rounds=1, seed=0))
    write_examples(folder / "lessons_dev.jsonl", [])
    shutil.copyfile(base / "test.jsonl", folder / "test.jsonl")
    return len(train)


def prototype(
    out: Path, base: Path, turn: Path, minutes: float, most_steps: int, threads: int, steps: Steps, say: Say
) -> Verdict:
    """Train the prototype's recipe twice from the bundled model and hold it to the gate that the turn's candidate
    stood before: the same rows, the same lessons held back."""
    count = violence_set(out / SET, base)
    say(f"the prototype's recipe: {count} examples about violence alone")
    model = bundled_model_path()
    name = read_model(model, verify=False).name
    job = Job(
        data=out / SET,
        base=model,
        old=model,
        work=out,
        out=out / "violence-alone",
        names=("violence-alone", "violence-alone-second-seed"),
        parent=name,
        minutes=minutes,
        # The prototype trained for a few epochs; 40 of so few rows take under a minute.
        steps=min(most_steps, max(3, 40 * count // 32)),
        alphas=(1.0,),
        threads=threads,
        evaluate_every=10,
    )
    job.write(out / "job.json")
    stop = threading.Event()
    steps.train(out / "job.json", stop, say)
    held_back = turn / SET / "held_back.jsonl"
    # The bundled model was measured on these rows in the turn.
    shutil.copyfile(turn / f"measured-{name}.json", out / f"measured-{name}.json")
    models = [model, job.out, out / job.names[1]]
    active, candidate, second = steps.measure(models, evaluation_files(held_back), out, stop, say)
    verdict = judge_candidate(active, candidate, second)
    card = {
        "examples": count, "descriptions": count, "refused_rows": 0, "digest": "", "by_source": {"violence_rows": count},
        "shares": {"lessons": 1.0, "refusals": 1.0, "curated": 0.0}, "lessons": {"train": count, "dev": 0, "held_back": 0},
    }  # fmt: skip
    write_report(out, verdict, card, json.loads((out / RESULT).read_text(encoding="utf-8")))
    return verdict
