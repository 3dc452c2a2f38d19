"""Old skills by slice: is the candidate at least as good as the active model, but for a small margin?

A test of non-inferiority: the 95 % interval of the paired difference must lie above −margin. That takes rows: with a
paired standard deviation of 0.05 about a hundred bring the interval's half-width to 0.01. Smaller slices can't pass it
even unchanged-but-for-noise, so they are held to it together, and each alone must not be surely worse (sign-flip
permutation test, Holm's correction over the small slices).
"""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from training.retraining.measuring import Answer, Reading
from training.statistics import bootstrap_interval, holm, permutation_p

LEAST_ROWS = 100
"""Rows from which a slice is held to the margin by itself."""
ALPHA = 0.05
POOL = "all small slices together"


@dataclass(frozen=True, slots=True)
class SliceFigures:
    """One slice in one reading: mean difference of scores (candidate less active) with its 95 % interval. `p` is
    Holm's, for small slices; `verdict` kept, worse, or pooled (small, not worse, counted in the pool)."""

    name: str
    reading: Reading
    rows: int
    difference: float
    low: float
    high: float
    p: float | None
    verdict: Literal["kept", "worse", "pooled"]


def pair_answers(left: Sequence[Answer], right: Sequence[Answer]) -> list[tuple[Answer, Answer]]:
    """Answers of two models to the same rows, in the left one's order."""
    known = {each.key: each for each in right}
    return [(each, known[each.key]) for each in left if each.key in known]


def compare_slices(reading: Reading, pairs: Sequence[tuple[Answer, Answer]], margin: float) -> list[SliceFigures]:
    """All slices of these pairs: each file, each slice within it, and the pool of the small ones."""
    groups: defaultdict[str, dict[str, float]] = defaultdict(dict)
    for a, b in pairs:
        if a.value is None or b.value is None:
            continue
        name = a.file.removesuffix(".jsonl")
        groups[name][a.key] = b.value - a.value
        for key, value in a.slices.items():
            groups[f"{name}, {key} {value}"][a.key] = b.value - a.value
    # A slice that is its whole file says nothing more.
    whole = {name for name in groups if "," not in name}
    groups = defaultdict(
        dict,
        {
            name: rows
            for name, rows in groups.items()
            if name in whole or len(rows) < len(groups[name.partition(",")[0]])
        },
    )
    small = {name: rows for name, rows in groups.items() if len(rows) < LEAST_ROWS}
    adjusted = holm({name: permutation_p(list(rows.values())) for name, rows in small.items()})
    found = [_figures(name, reading, rows, margin, adjusted.get(name)) for name, rows in sorted(groups.items())]
    pool = {key: difference for rows in small.values() for key, difference in rows.items()}
    if pool:
        found.append(_figures(POOL, reading, pool, margin, None))
    return found


def _figures(name: str, reading: Reading, rows: dict[str, float], margin: float, p: float | None) -> SliceFigures:
    values = list(rows.values())
    mean = sum(values) / len(values)
    low, high = bootstrap_interval(values)
    verdict: Literal["kept", "worse", "pooled"]
    if p is not None:
        verdict = "worse" if mean < 0 and p < ALPHA else "pooled"
    else:
        verdict = "kept" if low > -margin else "worse"
    return SliceFigures(name, reading, len(values), mean, low, high, p, verdict)
