"""Comparing a canary with the active version on the batches that each named.

The two never see the same rows: batches were shared out by their files (domaingen.store.canary). Rows of one batch
are alike, so the intervals of differences resample batches and not rows (a cluster bootstrap: Cameron, Gelbach and
Miller, Review of Economics and Statistics 90(3), 2008); with few batches on either side they are left out.
"""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np

from domaingen.store.canary import BatchTally
from training.statistics import RESAMPLES, share_interval

LEAST_BATCHES = 5
"""Batches on each side from which the difference gets an interval; below, resampling them tells nothing."""
_MEASURES: Mapping[str, tuple[Callable[[BatchTally], float], Callable[[BatchTally], float]]] = {
    "suggested": (lambda tally: tally.suggested, lambda tally: tally.rows),
    "refused": (lambda tally: tally.refused, lambda tally: tally.rows),
    "failed": (lambda tally: tally.failed, lambda tally: tally.rows),
    "score": (lambda tally: tally.score_sum, lambda tally: tally.scored),
}
"""Each measure as a ratio of two sums over batches; `score` is the mean best score of rows with judged names."""


def compare_canary(tallies: Sequence[BatchTally], canary: str, rival: str, *, seed: int = 0) -> dict[str, Any]:
    """What both models did: `{"canary": side, "active": side, "difference": {measure: {...}}}`.

    A side has its batches, rows and measures: shares of rows with Wilson intervals (which take rows as independent)
    and the mean score. A difference is canary minus active with a 95 % interval over batches, `None` where there are
    too few batches.
    """
    sides = {
        name: [tally for tally in tallies if tally.model == model]
        for name, model in (("canary", canary), ("active", rival))
    }
    return {
        "canary": _side(canary, sides["canary"]),
        "active": _side(rival, sides["active"]),
        "difference": {
            measure: _difference(measure, sides["canary"], sides["active"], seed) for measure in _MEASURES
        },
    }


def _ratio(measure: str, tallies: Sequence[BatchTally]) -> float | None:
    above, below = _MEASURES[measure]
    total = sum(below(tally) for tally in tallies)
    return sum(above(tally) for tally in tallies) / total if total else None


def _side(model: str, tallies: Sequence[BatchTally]) -> dict[str, Any]:
    rows = sum(tally.rows for tally in tallies)
    side: dict[str, Any] = {"model": model, "batches": len(tallies), "rows": rows}
    for measure in ("suggested", "refused", "failed"):
        hits = sum(int(_MEASURES[measure][0](tally)) for tally in tallies)
        interval = [round(end, 4) for end in share_interval(hits, rows)] if rows else None
        side[measure] = {"share": round(hits / rows, 4) if rows else None, "rows": hits, "interval": interval}
    mean = _ratio("score", tallies)
    side["score"] = {
        "mean": None if mean is None else round(mean, 4),
        "rows": sum(tally.scored for tally in tallies),
    }
    return side


def _difference(
    measure: str, first: Sequence[BatchTally], second: Sequence[BatchTally], seed: int
) -> dict[str, Any]:
    left, right = _ratio(measure, first), _ratio(measure, second)
    if left is None or right is None:
        return {"value": None, "interval": None}
    interval = None
    if min(len(first), len(second)) >= LEAST_BATCHES:
        random = np.random.default_rng(seed)
        draws = _resampled(measure, first, random) - _resampled(measure, second, random)
        # A resample may hold no judged row at all; it says nothing about scores.
        interval = [round(float(end), 4) for end in np.nanquantile(draws, [0.025, 0.975])]
    return {"value": round(left - right, 4), "interval": interval}


def _resampled(measure: str, tallies: Sequence[BatchTally], random: np.random.Generator) -> np.ndarray[Any, Any]:
    """The ratio in each resample of the batches: one value for each of RESAMPLES."""
    above, below = _MEASURES[measure]
    sums = np.array([[above(tally), below(tally)] for tally in tallies], dtype=float)
    counts = random.multinomial(len(tallies), np.full(len(tallies), 1 / len(tallies)), size=RESAMPLES)
    totals = counts @ sums
    with np.errstate(invalid="ignore", divide="ignore"):
        ratios: np.ndarray[Any, Any] = totals[:, 0] / totals[:, 1]
    return ratios
