"""What embedding similarity can tell, and what it costs: python -m tests.benchmarks.bench_similarity

Curated rows of the industries that training never sees: each name against its own description and against one of
another industry. The figure is the AUC, the chance that a name is closer to its own description than another name to
a foreign one (Hanley and McNeil 1982), with a 95 % bootstrap interval over rows; the local judge's relevance beside it.
"""

import random
import time
from collections.abc import Callable, Sequence

import numpy as np
import numpy.typing as npt

from domaingen.assets import asset
from domaingen.judging.judge import Named
from domaingen.judging.local import LocalJudge
from domaingen.judging.similarity import EmbeddingSimilarity
from training.curated import CuratedRow, read_curated

_TIMED_ROWS = 100


def held_out_rows() -> list[CuratedRow]:
    """Curated rows of held-out industries."""
    held = set(asset("evaluation", "held_out_industries.txt").read_text(encoding="utf-8").split())
    return [row for row in read_curated(asset("curated"))[0] if row.industry in held and row.names]


def questions(rows: Sequence[CuratedRow], *, seed: int = 1) -> tuple[list[list[Named]], list[list[Named]]]:
    """For each row its names with its own description, and with that of a row of another industry."""
    choose = random.Random(seed)
    others = [choose.choice([each for each in rows if each.industry != row.industry]) for row in rows]
    own = [[Named(row.description, name.domain, name.segments) for name in row.names] for row in rows]
    foreign = [
        [Named(other.description, name.domain, name.segments) for name in row.names]
        for row, other in zip(rows, others, strict=True)
    ]
    return own, foreign


def area_under_curve(own: Sequence[float], foreign: Sequence[float]) -> float:
    """Share of pairs in which the own one is larger; ties count half."""
    a, b = np.asarray(own)[:, None], np.asarray(foreign)[None, :]
    return float((a > b).mean() + (a == b).mean() / 2)


def _with_interval(own: list[list[float]], foreign: list[list[float]], rounds: int = 200) -> str:
    draw = np.random.default_rng(0)
    values = []
    for _ in range(rounds):
        index: npt.NDArray[np.int64] = draw.integers(0, len(own), len(own))
        values.append(
            area_under_curve(
                [mark for at in index for mark in own[at]], [mark for at in index for mark in foreign[at]]
            )
        )
    low, high = np.percentile(values, [2.5, 97.5])
    value = area_under_curve([each for row in own for each in row], [each for row in foreign for each in row])
    return f"AUC {value:.3f} [{low:.3f}, {high:.3f}]"


def main() -> None:
    rows = held_out_rows()
    own, foreign = questions(rows)
    similarity, judge = EmbeddingSimilarity(), LocalJudge()

    def relevance(names: Sequence[Named]) -> list[float]:
        return [float(each.relevance) for each in judge.rate(names)]

    raters: dict[str, Callable[[Sequence[Named]], list[float]]] = {
        "embedding similarity": similarity.rate,
        "local judge's relevance": relevance,
    }
    print(f"{len(rows)} rows of held-out industries, {sum(map(len, own))} names")
    for name, rate in raters.items():
        rate(own[0])
        times = []
        for names in own[:_TIMED_ROWS]:
            started = time.perf_counter()
            rate(names)
            times.append(1000 * (time.perf_counter() - started))
        told = _with_interval([rate(names) for names in own], [rate(names) for names in foreign])
        print(f"{name:<24} {told}  {np.median(times):.1f} ms a row (median)")


if __name__ == "__main__":
    main()
