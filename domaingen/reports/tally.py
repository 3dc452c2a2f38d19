"""Counting a batch while its rows pass by: outcomes, failures, names and scores, in constant memory."""

from collections import Counter
from collections.abc import Mapping
from typing import Any

from domaingen.outcomes import FailureType, Judge, Source, Status

SCORE_BINS = 20
"""Bins of the distribution of scores, each 0.05 wide; the last one holds 1.0 too."""


class Tally:
    """Counts rows and names. A name that nobody judged counts with the score of what is known about it."""

    def __init__(self) -> None:
        self.statuses: Counter[str] = Counter()
        self.failure_types: Counter[str] = Counter()
        self.categories: Counter[tuple[str, str]] = Counter()
        self.sources: Counter[str] = Counter()
        self.judges: Counter[str] = Counter()
        self.score_bins = [0] * SCORE_BINS
        self.unfinished = 0
        self._score_sum = self._best_sum = 0.0

    @property
    def rows(self) -> int:
        """Rows that have an outcome."""
        return self.statuses.total()

    @property
    def names(self) -> int:
        """Suggested names of all rows."""
        return sum(self.score_bins)

    @property
    def mean_score(self) -> float | None:
        """Mean over all names, None where there are none."""
        return round(self._score_sum / self.names, 4) if self.names else None

    @property
    def mean_best_score(self) -> float | None:
        """Mean over the rows with names of each row's best score, None where there are none."""
        suggested = self.statuses[Status.SUGGESTED]
        return round(self._best_sum / suggested, 4) if suggested else None

    def add(self, record: Mapping[str, Any]) -> None:
        """Count one row of `results.jsonl`."""
        self.statuses[record["status"]] += 1
        if record["failure_type"]:
            self.failure_types[record["failure_type"]] += 1
            if record["category"]:
                self.categories[record["failure_type"], record["category"]] += 1
        scores = []
        for suggestion in record["suggestions"]:
            score = suggestion["score"]
            scores.append(score)
            self.score_bins[min(int(score * SCORE_BINS), SCORE_BINS - 1)] += 1
            self.sources[suggestion["source"]] += 1
            self.judges[suggestion["judge"]] += 1
        if scores:
            self._score_sum += sum(scores)
            self._best_sum += max(scores)

    def to_dict(self) -> dict[str, Any]:
        """The counts as `summary.json` has them, keys in a fixed order."""
        return {
            "counts": {
                "rows": self.rows,
                **{status.value: self.statuses[status] for status in Status},
                "unfinished": self.unfinished,
            },
            "failure_types": {
                kind.value: self.failure_types[kind] for kind in FailureType if self.failure_types[kind]
            },
            "categories": _by_category(self.categories),
            "suggestions": {
                "count": self.names,
                "by_source": {source.value: self.sources[source] for source in Source},
                "by_judge": {judge.value: self.judges[judge] for judge in Judge if self.judges[judge]},
            },
            "scores": {
                "mean": self.mean_score,
                "mean_of_best": self.mean_best_score,
                "distribution": [
                    {"from": index / SCORE_BINS, "to": (index + 1) / SCORE_BINS, "count": count}
                    for index, count in enumerate(self.score_bins)
                ],
            },
        }


def _by_category(categories: Counter[tuple[str, str]]) -> dict[str, int]:
    totals: Counter[str] = Counter()
    for (_, category), count in categories.items():
        totals[category] += count
    return dict(sorted(totals.items()))
