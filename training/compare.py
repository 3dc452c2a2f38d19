"""Whether the difference between two evaluation results is real, and what to deploy.

Rows are paired by evaluation file and id. The mean difference gets a paired bootstrap interval and a permutation p,
pass and fail McNemar's exact test, slices Holm's correction; the power that the sample has is said beside, because
«no difference was found» means nothing without it.
"""

import json
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np

from domaingen.errors import InputFileError
from training.statistics import (
    bootstrap_interval,
    detectable_difference,
    holm,
    mcnemar_p,
    pairs_needed,
    permutation_p,
)

ALPHA = 0.05
LEAST_SLICE = 8
"""Pairs below which a slice is not tested: no p can be small enough there."""
MOST_FLIPS = 20


@dataclass(frozen=True, slots=True)
class Comparison:
    """B less A. `difference` is of mean scores (0-1); flips are rows that passed under one of the two alone."""

    model_a: str
    model_b: str
    pairs: int
    mean_a: float
    mean_b: float
    difference: float
    interval: tuple[float, float]
    p: float
    mcnemar_p: float
    positive_flips: int
    negative_flips: int
    detectable: float | None
    pairs_needed: int | None
    slices: Mapping[str, Mapping[str, float]]
    """Slice → pairs, difference, p adjusted by Holm."""
    flipped: Sequence[str]
    """Ids of rows that A passed and B fails, at most twenty."""
    unpaired: int
    """Rows that only one result has, or that either could not score."""

    @property
    def worse_slices(self) -> list[str]:
        """Slices in which B is surely worse."""
        return [
            name for name, figures in self.slices.items() if figures["difference"] < 0 and figures["p"] < ALPHA
        ]

    @property
    def sentence(self) -> str:
        """What to do, for a person."""
        a, b = self.model_a, self.model_b
        low, high = self.interval
        figures = f"{self.difference:+.3f} on {self.pairs} rows, 95 % interval {low:+.3f} to {high:+.3f}, p = {self.p:.3f}"
        if self.p >= ALPHA:
            power = (
                ""
                if self.detectable is None
                else (
                    f" These rows can show a difference of {self.detectable:.3f} or more"
                    + (f"; to settle this one, {self.pairs_needed} would be needed." if self.pairs_needed else ".")
                )
            )
            return f"Keep {a}: no difference to {b} is proven ({figures}).{power}"
        if self.difference < 0:
            return f"Keep {a}: {b} is worse ({figures}; {self.negative_flips} rows that passed now fail)."
        if self.worse_slices:
            return f"Keep {a} for now: {b} is better on the whole ({figures}) but worse in {', '.join(self.worse_slices)}."
        if self.negative_flips > self.positive_flips and self.mcnemar_p < ALPHA:
            return (
                f"Keep {a} for now: {b} scores higher ({figures}) but fails more rows "
                f"({self.negative_flips} lost, {self.positive_flips} won)."
            )
        return f"Deploy {b}: it is better than {a} ({figures}), no slice is surely worse, {self.negative_flips} rows lost and {self.positive_flips} won."

    def as_dict(self) -> dict[str, Any]:
        """All figures, with the sentence."""
        return {**asdict(self), "sentence": self.sentence}


def read_result(path: Path) -> list[dict[str, Any]]:
    """Read what `domaingen evaluate` wrote.

    Raises:
        InputFileError: It is no list of evaluation results with samples.
    """
    try:
        content = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise InputFileError(str(path), f"it can't be read as JSON: {error}") from error
    if (
        not isinstance(content, list)
        or not content
        or not all(
            isinstance(record, dict) and {"model_name", "samples", "eval_data_digest"} <= record.keys()
            for record in content
        )
    ):
        raise InputFileError(str(path), "it is no result of `domaingen evaluate`")
    return content


def _samples(records: Sequence[Mapping[str, Any]]) -> dict[tuple[str, str], Mapping[str, Any]]:
    """Samples by (digest of the evaluation file, id): rows of different versions of a file are not the same rows."""
    return {
        (record["eval_data_digest"], sample["id"]): {**sample, "file": record["eval_data_file_name"]}
        for record in records
        for sample in record["samples"]
    }


def compare(first: Sequence[Mapping[str, Any]], second: Sequence[Mapping[str, Any]]) -> Comparison:
    """Compare two results.

    Raises:
        InputFileError: They share no scored row, or were judged by different judges.
    """
    judges = {record.get("judge") for record in (*first, *second)}
    if len(judges) > 1:
        raise InputFileError(
            "results", f"they were scored by different judges ({', '.join(map(str, sorted(map(str, judges))))})"
        )
    a, b = _samples(first), _samples(second)
    shared = [key for key in a if key in b and a[key]["score"] is not None and b[key]["score"] is not None]
    if not shared:
        raise InputFileError("results", "they share no scored row of the same evaluation file")
    differences = [b[key]["score"] - a[key]["score"] for key in shared]
    lost = [key for key in shared if a[key]["passed"] and not b[key]["passed"]]
    won = [key for key in shared if b[key]["passed"] and not a[key]["passed"]]
    groups: defaultdict[str, list[float]] = defaultdict(list)
    for key, difference in zip(shared, differences, strict=True):
        groups[f"file={a[key]['file']}"].append(difference)
        for name, value in a[key]["slices"].items():
            groups[f"{name}={value}"].append(difference)
    tested = {name: values for name, values in groups.items() if LEAST_SLICE <= len(values) < len(shared)}
    adjusted = holm({name: permutation_p(values) for name, values in tested.items()})
    return Comparison(
        model_a=str(first[0]["model_name"]),
        model_b=str(second[0]["model_name"]),
        pairs=len(shared),
        mean_a=float(np.mean([a[key]["score"] for key in shared])),
        mean_b=float(np.mean([b[key]["score"] for key in shared])),
        difference=float(np.mean(differences)),
        interval=bootstrap_interval(differences),
        p=permutation_p(differences),
        mcnemar_p=mcnemar_p(len(lost), len(won)),
        positive_flips=len(won),
        negative_flips=len(lost),
        detectable=detectable_difference(differences),
        pairs_needed=pairs_needed(differences),
        slices={
            name: {"pairs": len(values), "difference": float(np.mean(values)), "p": adjusted[name]}
            for name, values in sorted(tested.items())
        },
        flipped=[identifier for _, identifier in lost[:MOST_FLIPS]],
        unpaired=len(a.keys() | b.keys()) - len(shared),
    )
