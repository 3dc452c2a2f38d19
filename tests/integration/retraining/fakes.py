"""Steps that train and measure nothing, and the rows that a retrain needs."""

import json
import threading
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from sqlalchemy import select

from domaingen.failures.record import FailureRecord
from domaingen.generation.model_files import read_model
from domaingen.store.database import Database
from domaingen.store.failures import Review, file_failures, store_reviews
from domaingen.store.schema import FailureRow
from tests.support.model_folders import make_model
from tests.unit.retraining.measured import Value, learned, model, old
from training.examples import Example, write_examples
from training.retraining.training_process import RESULT, folders, read_job

TRADES = ("ferret hotel", "kiln repair", "saddle shop", "ribbon mill", "canal bakery", "lantern school")


class NoGuard:
    """Lets everything pass but what it was told."""

    def __init__(self, *texts: str) -> None:
        self._texts = texts

    def reason(self, text: str) -> str | None:
        return "it is an evaluation row" if text in self._texts else None


class QuickSteps:
    """Stands for `training.retraining.steps.Steps`. `value` says how good the candidate is; `before` is called with
    the name of each step."""

    def __init__(
        self,
        base: Path,
        value: Value = learned,
        *,
        before: Callable[[str], None] = lambda _: None,
        guard: Any = None,
    ) -> None:
        self.base, self.value, self.before = base, value, before
        self.guard = guard or NoGuard()
        self.done: list[str] = []

    def synthesize(self, folder: Path, stop: threading.Event, say: Callable[[str], None]) -> Path:
        self.done.append("synthesize")
        return write_base(self.base)

    def train(self, job_path: Path, stop: threading.Event, say: Callable[[str], None]) -> None:
        self.before("train")
        self.done.append("train")
        job = read_job(job_path)
        for name, folder in zip(job.names, folders(job), strict=True):
            make_model(folder.parent, name, parent=job.parent)
        (job.work / RESULT).write_text(json.dumps({"alpha": 1.0, "tried": []}))

    def measure(
        self,
        models: Sequence[Path],
        paths: Sequence[Path],
        kept: Path,
        stop: threading.Event,
        say: Callable[[str], None],
    ) -> list[Any]:
        self.before("measure")
        self.done.append("measure")
        names = [read_model(folder).name for folder in models]
        return [model(names[0], old), *(model(name, self.value) for name in names[1:])]


def write_base(folder: Path) -> Path:
    """A base set of a few rows."""
    rows = [
        Example(f"use dawn ; for {kind} shop number {at}", f"<compound> {kind} dawn .com", kind, "violence")
        for kind in ("curated", "composed", "lexicon", "benign")
        for at in range(60)
    ]
    rows += [Example(f"use dawn ; for harm {at}", "<compound> <none>", "harmful", "violence") for at in range(30)]
    folder.mkdir(parents=True, exist_ok=True)
    write_examples(folder / "train.jsonl", rows)
    write_examples(folder / "dev.jsonl", rows[::10])
    write_examples(folder / "test.jsonl", rows[::20])
    return folder


STREETS = (
    "Elm",
    "Oak",
    "Mill",
    "Church",
    "Station",
    "Park",
    "River",
    "Hill",
    "Bridge",
    "Garden",
    "Market",
    "Lake",
)


def review_some(database: Database, count: int = 24, *, first: int = 0) -> None:
    """File failures of lawful businesses and correct them."""
    texts = [f"{TRADES[at % 6]} in {STREETS[at // 6]} Street" for at in range(first, first + count)]
    with database.begin() as connection:
        file_failures(
            connection, [FailureRecord(text, "discovery", "poor_quality", "good_names") for text in texts]
        )
        ids = connection.scalars(select(FailureRow.id).where(FailureRow.review == "open")).all()
        correction = {"expect": "suggest", "domains": ["ferretcanal.com"]}
        store_reviews(connection, [Review(each, "corrected", correction, "ana") for each in ids])
