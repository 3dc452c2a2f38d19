"""The statistics of evaluation: intervals, paired tests, corrections, power. Numpy alone, seeded, no distributional
assumption where resampling does without.
"""

from collections.abc import Mapping, Sequence
from math import comb, sqrt

import numpy as np
import numpy.typing as npt

RESAMPLES = 4000
Z95, Z80 = 1.959964, 0.841621
"""Standard normal quantiles of 97.5 % and 80 %."""
_BLOCK = 500

Array = npt.NDArray[np.float64]


def _resampled_means(values: Array, seed: int) -> Array:
    random = np.random.default_rng(seed)
    means = [
        values[random.integers(0, len(values), size=(min(_BLOCK, RESAMPLES - start), len(values)))].mean(axis=1)
        for start in range(0, RESAMPLES, _BLOCK)
    ]
    return np.concatenate(means)


def bootstrap_interval(values: Sequence[float], seed: int = 0) -> tuple[float, float]:
    """95 % percentile bootstrap interval of the mean (Efron and Tibshirani, 1993, chapter 13); NaN for no values."""
    if not values:
        return float("nan"), float("nan")
    low, high = np.quantile(_resampled_means(np.asarray(values, dtype=float), seed), [0.025, 0.975])
    return float(low), float(high)


def share_interval(hits: int, count: int) -> tuple[float, float]:
    """95 % Wilson interval of a share (Wilson, 1927); honest at 0 and 1, where the bootstrap has no width."""
    if not count:
        return 0.0, 1.0
    share, square = hits / count, Z95 * Z95
    middle = (share + square / (2 * count)) / (1 + square / count)
    half = Z95 * sqrt(share * (1 - share) / count + square / (4 * count * count)) / (1 + square / count)
    return max(0.0, middle - half), min(1.0, middle + half)


def permutation_p(differences: Sequence[float], seed: int = 0) -> float:
    """Two-sided p that paired differences have mean 0: each sign flipped at random, the observed one counted in."""
    values = np.asarray(differences, dtype=float)
    if not len(values) or not values.any():
        return 1.0
    random = np.random.default_rng(seed)
    observed = abs(values.mean()) - 1e-12
    extreme = 0
    for start in range(0, RESAMPLES, _BLOCK):
        signs = random.integers(0, 2, size=(min(_BLOCK, RESAMPLES - start), len(values))) * 2 - 1
        extreme += int((np.abs((signs * values).mean(axis=1)) >= observed).sum())
    return (extreme + 1) / (RESAMPLES + 1)


def mcnemar_p(only_first: int, only_second: int) -> float:
    """Exact two-sided McNemar test (McNemar, 1947) on the rows that passed under one of two models alone."""
    count, fewer = only_first + only_second, min(only_first, only_second)
    if not count:
        return 1.0
    tail = sum(comb(count, k) for k in range(fewer + 1)) / float(2**count)
    return min(1.0, 2 * tail)


def holm(p_values: Mapping[str, float]) -> dict[str, float]:
    """Holm's (1979) adjusted p values: at 0.05 the chance of any false alarm among them is at most 5 %."""
    adjusted: dict[str, float] = {}
    largest = 0.0
    for rank, (name, p) in enumerate(sorted(p_values.items(), key=lambda pair: (pair[1], pair[0]))):
        largest = max(largest, min(1.0, p * (len(p_values) - rank)))
        adjusted[name] = largest
    return adjusted


def detectable_difference(differences: Sequence[float]) -> float | None:
    """The least true mean difference that this many pairs show at p < 0.05 four times out of five; None below 2."""
    if len(differences) < 2:
        return None
    deviation = float(np.std(np.asarray(differences, dtype=float), ddof=1))
    return float((Z95 + Z80) * deviation / sqrt(len(differences)))


def pairs_needed(differences: Sequence[float]) -> int | None:
    """Pairs with which the difference that was seen would show four times out of five; None for no difference."""
    mean = float(np.mean(differences)) if differences else 0.0
    if len(differences) < 2 or abs(mean) < 1e-9:
        return None
    deviation = float(np.std(differences, ddof=1))
    return max(2, int(np.ceil(((Z95 + Z80) * deviation / abs(mean)) ** 2)))


def roc_auc(truth: Sequence[float] | Array, scores: Sequence[float] | Array) -> float:
    """Area under the ROC curve: the chance that a true example scores above a false one, ties counting half."""
    wanted, values = np.asarray(truth, dtype=bool), np.asarray(scores, dtype=float)
    _, where, counts = np.unique(values, return_inverse=True, return_counts=True)
    ranks = (np.cumsum(counts) - (counts - 1) / 2.0)[where]
    positives, negatives = int(wanted.sum()), int((~wanted).sum())
    if not positives or not negatives:
        return float("nan")
    return float((ranks[wanted].sum() - positives * (positives + 1) / 2) / (positives * negatives))


def fit_logistic(values: Array, labels: Array, *, decay: float = 1.0, steps: int = 30) -> tuple[Array, float]:
    """Weights and intercept of a logistic regression with an L2 penalty of `decay`, by Newton's method."""
    design = np.hstack([values, np.ones((len(values), 1))])
    penalty = np.full(design.shape[1], decay)
    penalty[-1] = 1e-6
    weights = np.zeros(design.shape[1])
    for _ in range(steps):
        chance = 1.0 / (1.0 + np.exp(-(design @ weights)))
        gradient = design.T @ (chance - labels) + penalty * weights
        curvature = (design * (chance * (1 - chance))[:, None]).T @ design + np.diag(penalty)
        step = np.linalg.solve(curvature, gradient)
        weights = weights - step
        if np.abs(step).max() < 1e-8:
            break
    return weights[:-1], float(weights[-1])
