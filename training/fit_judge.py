"""Fit the local judge's weights: `data/names/judge.json`.

    python -m training.fit_judge [--real CSV]

Good are the names of curated rows (held-out industries left out), bad are their corruptions and, for relevance, names
of rows of other trades. Each dimension is a logistic regression whose weights can't be negative, so that every part
pushes the way it says. A fifth of the industries measures; figures go into the file. `--real` also measures on a CSV
with the columns description and real_domain, from which nothing is fitted.
"""

import argparse
import csv
import json
from collections import defaultdict
from collections.abc import Sequence
from pathlib import Path
from random import Random
from typing import Any

import numpy as np
import numpy.typing as npt

from domaingen.judging.judge import Named
from domaingen.judging.local import DIMENSIONS, LocalJudge
from domaingen.judging.rules import rule_checks, rule_score
from domaingen.lexicon import bundled_lexicon
from domaingen.names.quality import Quality, measure
from domaingen.names.reading import Reading, read_description
from domaingen.suggestion import combine_scores
from training.corruption import DAMAGES, damage
from training.curated import CuratedRow
from training.held_out import measuring_rows, teaching_rows
from training.name_salience import is_dev
from training.statistics import roc_auc

Array = npt.NDArray[np.float64]

PARTS = {
    "relevance": ("echo", "trade", "meaning"),
    "memorability": ("length", "rhythm", "sound", "words", "shape", "plain"),
    "brandability": ("echo", "trade", "length", "sound", "words", "plain", "ending", "fresh"),
}
HURT = {
    "memorability": ("hyphens", "digits", "swapped", "overlong"),
    "brandability": (
        "hyphens",
        "digits",
        "swapped",
        "ending",
        "stale",
        "foreign",
        "foreign",
        "foreign",
        "foreign",
    ),
}
"""Which damages each dimension must see. A brand has to suit its business, so another's name is no brand for it."""
BEST_QUANTILE = {"relevance": 0.18, "memorability": 0.08, "brandability": 0.08}
"""The mark 10 is what names at this quantile of the good ones get: on a scale of ten, whatever a naming agency would
show, but for its odder ideas, is as good as it gets; what is wanted is room below for what it would not show."""
WORST_QUANTILE = {"relevance": 0.25, "memorability": 0.02, "brandability": 0.02}
"""The mark 1 is what this quantile of the bad ones gets."""
LEAST_WEIGHT = 0.05
"""No part that a dimension lists is without a say."""


def _reading(row: CuratedRow) -> Reading:
    return read_description(row.description, bundled_lexicon().match(row.description))


def gather(rows: Sequence[CuratedRow], random: Random) -> dict[str, tuple[Array, Array, npt.NDArray[np.bool_]]]:
    """For each dimension: the parts' values, 1 for good and 0 for bad, and whether the example measures."""
    examples: dict[str, tuple[list[Quality], list[int], list[bool]]] = {name: ([], [], []) for name in DIMENSIONS}

    def add(dimension: str, quality: Quality, good: bool, dev: bool) -> None:
        qualities, labels, measuring = examples[dimension]
        qualities.append(quality)
        labels.append(int(good))
        measuring.append(dev)

    for row in rows:
        reading, dev = _reading(row), is_dev(row.industry)
        other = random.choice(rows)
        while other.industry == row.industry or is_dev(other.industry) != dev:
            other = random.choice(rows)
        for name, foreign in zip(row.names, other.names, strict=True):
            # Segments are withheld half of the time, as for names that others wrote.
            segments = name.segments if random.random() < 0.5 else ()
            good = measure(reading, segments, name.label, name.tld)
            for dimension in DIMENSIONS:
                add(dimension, good, True, dev)
            add(
                "relevance",
                measure(reading, foreign.segments if segments else (), foreign.label, foreign.tld),
                False,
                dev,
            )
            for dimension, kinds in HURT.items():
                kind = random.choice(kinds)
                if kind == "foreign":
                    bad = measure(reading, foreign.segments if segments else (), foreign.label, foreign.tld)
                else:
                    parts, tld = damage(name.segments, name.tld, kind, random)
                    bad = measure(reading, (), "".join(parts), tld)
                add(dimension, bad, False, dev)
    return {
        name: (
            np.array([[getattr(quality, part) for part in PARTS[name]] for quality in qualities]),
            np.array(labels),
            np.array(dev, dtype=np.bool_),
        )
        for name, (qualities, labels, dev) in examples.items()
    }


def fit_weights(values: Array, labels: Array, steps: int = 3000, rate: float = 0.5) -> Array:
    """Logistic regression with weights of at least `LEAST_WEIGHT`, by projected gradient."""
    weights, intercept = np.ones(values.shape[1]), 0.0
    for _ in range(steps):
        error = 1.0 / (1.0 + np.exp(-(values @ weights + intercept))) - labels
        weights = np.maximum(weights - rate * (values.T @ error / len(labels) + 1e-4 * weights), LEAST_WEIGHT)
        intercept -= rate * float(error.mean())
    return weights


def fit(rows: Sequence[CuratedRow]) -> dict[str, Any]:
    """The content of `judge.json`."""
    content: dict[str, Any] = {
        "made_by": "python -m training.fit_judge",
        "dimensions": {},
        "auc_unseen_industries": {},
    }
    for name, (values, labels, dev) in gather(rows, Random("judge")).items():
        weights = fit_weights(values[~dev], labels[~dev])
        content["auc_unseen_industries"][name] = round(float(roc_auc(labels[dev], values[dev] @ weights)), 3)
        weights = fit_weights(values, labels)
        weights /= weights.sum()
        totals = values @ weights
        content["dimensions"][name] = {
            "weights": {part: round(float(weight), 4) for part, weight in zip(PARTS[name], weights, strict=True)},
            "worst": round(float(np.quantile(totals[labels == 0], WORST_QUANTILE[name])), 4),
            "best": round(float(np.quantile(totals[labels == 1], BEST_QUANTILE[name])), 4),
        }
    return content


def reference_figures(rows: Sequence[CuratedRow], judge: LocalJudge, random: Random) -> dict[str, float]:
    """Mean scores (0-1, half rules and half judge) of held-out names, of their damaged forms, and of foreign names."""
    sums: defaultdict[str, list[float]] = defaultdict(list)
    for row in rows:
        foreign = random.choice([other for other in rows if other.industry != row.industry])
        for name, strange in zip(row.names, foreign.names, strict=True):
            parts, tld = damage(name.segments, name.tld, random.choice(DAMAGES), random)
            for kind, domain in (
                ("good", name.domain),
                ("damaged", "".join(parts) + tld),
                ("foreign", strange.domain),
            ):
                judged = judge.rate([Named(row.description, domain, name.segments if kind == "good" else ())])[0]
                rules = rule_score(rule_checks(row.description, domain))
                sums[kind].append(combine_scores(rules, judged.score))
                sums[f"{kind} rules"].append(rules)
                sums[f"{kind} judge"].append(judged.score)
    return {kind: round(float(np.mean(scores)), 4) for kind, scores in sums.items()}


def real_figures(path: Path, judge: LocalJudge) -> dict[str, float]:
    """Areas under the ROC curve on real pairs: own domain against another row's, and against its damaged forms."""
    with path.open(encoding="utf-8", newline="") as file:
        pairs = [(row["description"], row["real_domain"]) for row in csv.DictReader(file) if row["real_domain"]]
    random = Random("real")

    def score(description: str, domain: str, *dimensions: str) -> float:
        marks = judge.explain(Named(description, domain))["marks"]
        return float(np.mean([marks[name] for name in dimensions or DIMENSIONS]))

    others = [pairs[(at + 1 + random.randrange(len(pairs) - 1)) % len(pairs)][1] for at in range(len(pairs))]
    truth = [1] * len(pairs) + [0] * len(pairs)
    own = [score(*pair) for pair in pairs]
    strange = [score(text, other) for (text, _), other in zip(pairs, others, strict=True)]
    figures = {"own against other": roc_auc(truth, own + strange)}
    wins = [(a > b) + 0.5 * (a == b) for a, b in zip(own, strange, strict=True)]
    figures["own against other, same description"] = float(np.mean(wins))
    relevant = [score(text, domain, "relevance") for text, domain in pairs]
    beside = [score(text, other, "relevance") for (text, _), other in zip(pairs, others, strict=True)]
    figures["own against other, relevance alone"] = roc_auc(truth, relevant + beside)
    all_wins: list[float] = []
    everything: list[float] = []
    for kind in DAMAGES:
        hurt = []
        for text, domain in pairs:
            label, _, suffix = domain.partition(".")
            parts, tld = damage((label,), "." + suffix, kind, random)
            hurt.append(score(text, "".join(parts) + tld))
        wins = [(a > b) + 0.5 * (a == b) for a, b in zip(own, hurt, strict=True)]
        figures[f"own against {kind}, same description"] = float(np.mean(wins))
        all_wins += wins
        everything += hurt
        figures[f"own against {kind}"] = roc_auc(truth, own + hurt)
    figures["own against damaged"] = roc_auc([1] * len(own) + [0] * len(everything), own + everything)
    figures["own against damaged, same description"] = float(np.mean(all_wins))
    return {name: round(float(figure), 4) for name, figure in figures.items()}


def main() -> None:
    """Fit, measure, write."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n", 1)[0] if __doc__ else None)
    parser.add_argument("--real", type=Path, help="CSV with description and real_domain, to measure on")
    parser.add_argument("--measure-only", action="store_true")
    options = parser.parse_args()
    data = Path(__file__).parents[1] / "data"
    if not options.measure_only:
        content = fit(teaching_rows(data))
        target = data / "names" / "judge.json"
        temporary = target.with_suffix(".tmp")
        temporary.write_text(json.dumps(content, indent=1) + "\n", encoding="utf-8")
        temporary.rename(target)
        print(json.dumps(content, indent=1))  # noqa: T201
    judge = LocalJudge()
    print("held-out:", reference_figures(measuring_rows(data), judge, Random("reference")))  # noqa: T201
    if options.real:
        for name, figure in real_figures(options.real, judge).items():
            print(f"{figure:.3f}  {name}")  # noqa: T201


if __name__ == "__main__":
    main()
