"""Measured models made of a few answers."""

from collections.abc import Callable, Sequence
from dataclasses import replace

from training.retraining.measuring import Answer, Measured

Value = Callable[[str, str, int], float]
SETS = {"must_pass.jsonl": 20, "reference.jsonl": 200, "languages.jsonl": 40}
LESSONS = 24


def answers(value: Value, reading: str) -> list[Answer]:
    """Rows of all sets; `value` of reading, file and number is 0-1."""
    found = []
    for file, count in {**SETS, "held_back.jsonl": LESSONS}.items():
        for number in range(count):
            score = value(reading, file, number)
            slices = {"style": "note" if number % 2 else "pitch"}
            if file == "languages.jsonl":
                slices = {"language": ("es", "fr", "de", "it")[number % 4]}
            found.append(
                Answer(
                    file,
                    f"{file[:3]}{number}",
                    "suggest",
                    score,
                    score >= 0.5,
                    False,
                    score == 0.0,
                    f"{score:.2f}",
                    slices,
                )
            )
    return found


def model(name: str, value: Value, **changes: object) -> Measured:
    """A measured model whose answers are worth what `value` says."""
    made = Measured(
        name,
        name,
        {"served": answers(value, "served"), "alone": answers(value, "alone")},
        own_leaks=[f"h{number}" for number in range(100)],
        own_refusals=["l1", "l2"],
        harmful=500,
        lawful=600,
        rows_per_s=100.0,
        size_bytes=10_000_000,
        sets=dict.fromkeys(SETS, "d"),
    )
    return replace(made, **changes)


def old(_reading: str, file: str, number: int) -> float:
    """The active model: good, but for its lessons."""
    return 0.3 if file == "held_back.jsonl" else 0.8 + 0.01 * (number % 5)


def learned(reading: str, file: str, number: int) -> float:
    """A candidate that learned its lessons and kept the rest."""
    return 0.7 + 0.01 * (number % 3) if file == "held_back.jsonl" else old(reading, file, number) + 0.002


def failed_points(points: Sequence[object]) -> list[str]:
    """Names of the points that fail."""
    return [point.name for point in points if not point.passed]  # type: ignore[attr-defined]
