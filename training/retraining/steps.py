"""The heavy steps of a retrain, each in its own process or on its own model. Tests put quick ones in their place."""

import os
import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from domaingen.assembly import Assembly, load_engine
from domaingen.pipeline import Options
from domaingen.settings import Settings
from training.retraining.lessons import Guard
from training.retraining.limits import Limits, StoppedError, run_within
from training.retraining.measuring import Measured, engine_speed, measure, read_measured, set_digests
from training.retraining.preparation import held_out_safety
from training.samples import read_samples

Say = Callable[[str], None]
BASE_ROWS = 8_000
"""Descriptions written from the lexicon for a base set, which has far more examples than an epoch of the mix."""


@dataclass(frozen=True, slots=True)
class Steps:
    """Synthesis of a base set, training, measuring. `guard` None stands for the bundled evaluation sets'; `most_rows`
    of each set and `most_safety_rows` in all make measuring short and its verdict worthless."""

    settings: Settings
    guard: Guard | None = None
    base_rows: int = BASE_ROWS
    most_rows: int | None = None
    most_safety_rows: int | None = None

    @property
    def limits(self) -> Limits:
        """What the training process may take."""
        return Limits(self.settings.retrain_memory_mb, 60 * self.settings.retrain_time_limit_minutes)

    def synthesize(self, folder: Path, stop: threading.Event, say: Say) -> Path:
        """Write a base set, unless it is there, and return its folder."""
        if not (folder / "train.jsonl").exists():
            say(f"synthesizing a base set from {self.base_rows:,} descriptions")
            arguments = ["-m", "domaingen", "synthesize", "--out", str(folder), "--rows", str(self.base_rows)]
            run_within([*arguments, "--no-check"], self.limits, stop=stop, say=say)
        return folder

    def train(self, job: Path, stop: threading.Event, say: Say) -> None:
        """Run the training process on a job file; it writes result.json beside it."""
        run_within(
            ["-m", "training.retraining.training_process", str(job), str(os.getpid())],
            self.limits,
            stop=stop,
            say=say,
        )

    def measure(
        self, models: Sequence[Path], paths: Sequence[Path], kept: Path, stop: threading.Event, say: Say
    ) -> list[Measured]:
        """Measure models on the same rows. What a stopped run already measured lies in `kept` and is not measured
        again, but for the speeds, which are taken in turns and so compare."""
        settings = self.settings.model_copy(
            update={"engine": "ctranslate2", "moderation": "local", "similarity": "off"}
        )
        parts = Assembly(settings, None).parts(str(models[0]), "local")
        engines = {folder: load_engine(str(folder), settings, None) for folder in models}
        usual = read_samples(next(path for path in paths if path.stem == "reference"))[: self.most_rows]
        texts = [sample.input for sample in usual if sample.expect == "suggest"]
        speeds = engine_speed(engines, texts, parts)
        safety = held_out_safety()
        if self.most_safety_rows:
            safety = safety[:: max(1, len(safety) // self.most_safety_rows)]
        options = Options(max_description_length=settings.max_description_length)
        measured = []
        for folder, engine in engines.items():
            if stop.is_set():
                raise StoppedError("stopped while measuring; the next retrain goes on from the trained models")
            path = kept / f"measured-{engine.name}.json"
            done = read_measured(path) if path.exists() else None
            if done is None or (done.digest, dict(done.sets)) != (engine.digest, set_digests(paths)):
                done = measure(
                    folder,
                    replace(parts, engine=engine),
                    paths,
                    safety,
                    rows_per_s=speeds[folder],
                    options=options,
                    most_rows=self.most_rows,
                    say=say,
                )
            measured.append(replace(done, rows_per_s=speeds[folder]))
            measured[-1].write(path)
        return measured
