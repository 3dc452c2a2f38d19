"""What a retrain works with: the screened lessons, the mixed set on disk, the evaluation sets."""

import hashlib
import json
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from domaingen.assets import asset
from domaingen.generation.model_files import folder_in_the_making, write_atomically
from domaingen.moderation.local import LocalModerator
from domaingen.moderation.names import LabelModerator
from domaingen.store.database import Database
from domaingen.store.failures import reviewed_failures
from training.evaluation_guard import EvaluationGuard
from training.examples import write_examples
from training.retraining.gate import HELD_BACK, MUST_PASS
from training.retraining.lessons import Guard, Lesson, RefusedRow, assign_uses, read_failure, screen
from training.retraining.mix import Mixture, Recipe, mix
from training.retraining.rated import rated_lessons
from training.safety_rows import read_safety, split_of
from training.samples import Sample

CARD, REFUSED = "card.json", "refused.jsonl"
SETS = (MUST_PASS, "reference.jsonl", "short.jsonl", "long.jsonl", "languages.jsonl", "constraints.jsonl")


@dataclass(frozen=True, slots=True)
class Material:
    """Lessons that may teach, with their uses, and the rows that may not."""

    lessons: Sequence[Lesson]
    refused: Sequence[RefusedRow]

    @property
    def reviewed_until(self) -> float:
        """When the newest review was written, Unix seconds; 0 without any."""
        return max((row.at for row in self.lessons if not row.rated), default=0.0)

    def held_back(self) -> list[Lesson]:
        """What the gate measures learning with."""
        return [row for row in self.lessons if row.use == "held_back"]


def collect(database: Database, *, guard: Guard | None = None) -> Material:
    """All reviewed failures and well-rated suggestions, each checked again row by row."""
    read = [read_failure(failure) for failure in reviewed_failures(database)]
    wrong = [row for row in read if isinstance(row, RefusedRow)]
    lessons = [row for row in read if isinstance(row, Lesson)] + rated_lessons(database)
    kept, refused = screen(
        lessons,
        guard=guard or EvaluationGuard.read(),
        moderator=LocalModerator(),
        names=LabelModerator(),
    )
    return Material(assign_uses(kept), [*wrong, *refused])


def write_set(folder: Path, base: Path, material: Material, recipe: Recipe) -> Mixture:
    """Mix and write: train, dev and test, the lessons' dev rows, the rows held back for the gate, the rows that were
    refused with their reasons, and the card."""
    mixture = mix(base, material.lessons, recipe)
    with folder_in_the_making(folder) as making:
        for part, examples in mixture.parts.items():
            write_examples(making / f"{part}.jsonl", examples)
        write_examples(making / "lessons_dev.jsonl", mixture.lessons_dev)
        rows = [
            {
                "id": row.id,
                "input": row.input,
                "expect": row.expect,
                "slices": {"failure_type": row.failure_type},
            }
            for row in material.held_back()
        ]
        write_atomically(making / HELD_BACK, _lines(rows))
        write_atomically(making / REFUSED, _lines([asdict(row) for row in material.refused]))
        card = {
            **mixture.card,
            "refused_rows": len(material.refused),
            "held_back_digest": hashlib.sha256(_lines(rows).encode()).hexdigest(),
        }
        write_atomically(making / CARD, json.dumps(card, indent=1, ensure_ascii=False) + "\n")
    return mixture


def _lines(rows: Sequence[dict[str, Any]]) -> str:
    return "".join(json.dumps(row, ensure_ascii=False) + "\n" for row in rows)


def evaluation_files(held_back: Path) -> list[Path]:
    """The files that both models are measured on."""
    files = [asset("evaluation", name) for name in SETS]
    return [*files, held_back] if held_back.exists() and held_back.stat().st_size else files


def held_out_safety(read: Callable[[Path], Any] = read_safety) -> list[Sample]:
    """The safety rows of topics that nothing trains on."""
    rows = read(asset("safety"))
    return [
        Sample(
            f"{row.category}/{row.topic}:{number}",
            row.text,
            "refuse" if row.harmful else "suggest",
            row.category,
        )
        for number, row in enumerate(rows)
        if split_of(row.category, row.topic) == "test"
    ]
