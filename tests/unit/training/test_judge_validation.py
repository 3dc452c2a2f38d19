"""Trust in a judge: statistics against known values, probes, sheets and drift."""

import numpy as np
import pytest

from domaingen.judging.judge import Named
from domaingen.suggestion import Judgement
from training.judge_validation import (
    DIMENSIONS,
    drift,
    make_probes,
    make_sheet,
    mean_error,
    run_probes,
    spearman,
    validate,
    weighted_kappa,
)


def test_kappa_is_one_for_equal_zero_for_chance_and_negative_for_opposite_marks() -> None:
    marks = np.arange(1.0, 11.0)
    assert weighted_kappa(marks, marks) == 1.0
    assert weighted_kappa(marks, marks[::-1]) < -0.9
    choose = np.random.default_rng(0)
    assert abs(weighted_kappa(choose.integers(1, 11, 20_000) * 1.0, choose.integers(1, 11, 20_000) * 1.0)) < 0.03


def test_kappa_and_spearman_equal_those_of_other_libraries() -> None:
    metrics = pytest.importorskip("sklearn.metrics")
    stats = pytest.importorskip("scipy.stats")
    choose = np.random.default_rng(1)
    first = choose.integers(1, 11, 200).astype(float)
    second = np.clip(first + choose.integers(-3, 4, 200), 1, 10)
    # sklearn weighs over the labels that occur; all ten do here.
    assert weighted_kappa(first, second) == pytest.approx(
        metrics.cohen_kappa_score(first, second, weights="quadratic")
    )
    assert spearman(first, second) == pytest.approx(stats.spearmanr(first, second).statistic)


def test_a_judge_that_agrees_may_gate_and_one_that_does_not_may_not() -> None:
    choose = np.random.default_rng(2)
    people = [dict.fromkeys(DIMENSIONS, float(mark)) for mark in choose.integers(1, 11, 60)]
    good = [
        Judgement(*(min(10, max(1, int(marks["relevance"]) + int(shift))) for shift in choose.integers(-1, 2, 3)))
        for marks in people
    ]
    result = validate(people, good)
    assert result.may_gate
    figure = result.dimensions["relevance"].kappa
    assert figure.low < figure.value < figure.high
    bad = [Judgement(*choose.integers(1, 11, 3)) for _ in people]
    assert not validate(people, bad).may_gate
    assert not validate(people[:20], good[:20]).may_gate, "twenty names prove nothing"


def test_unanswered_names_are_counted_and_not_imputed() -> None:
    people = [dict.fromkeys(DIMENSIONS, 5.0)] * 3
    result = validate(people, [Judgement(5, 5, 5), None, Judgement(6, 6, 6)])
    assert (result.items, result.unanswered) == (2, 1)
    assert result.dimensions["relevance"].mean_error.value == 0.5
    with pytest.raises(ValueError, match="fewer than two"):
        validate(people, [None, None, Judgement(5, 5, 5)])


def test_mean_error_is_in_marks() -> None:
    assert mean_error(np.array([1.0, 5.0]), np.array([3.0, 5.0])) == 1.0


def test_a_sheet_spreads_over_the_scores_and_has_bad_names_mixed_in() -> None:
    names = [
        (f"business number {number} with flowers", f"name{number}x.com", number / 200) for number in range(200)
    ]
    sheet = make_sheet(names, 80, seed=3)
    assert sheet == make_sheet(names, 80, seed=3) != make_sheet(names, 80, seed=4)
    strata = [row.stratum for row in sheet]
    for stratum in ("score 0.0+", "score 0.2+", "score 0.4+", "score 0.6+", "score 0.8+"):
        assert 8 <= strata.count(stratum) <= 16
    assert sum(not stratum.startswith("score") for stratum in strata) >= 15
    assert len({(row.description, row.domain) for row in sheet}) == len(sheet)


def test_a_judge_that_obeys_the_description_fails_the_probe_of_orders_and_no_other() -> None:
    def rate(names: list[Named] | tuple[Named, ...]) -> list[Judgement]:
        result = []
        for named in names:
            label = named.domain.partition(".")[0]
            relevant = 9 if label[:4] in named.description else 2
            mark = max(1, 12 - len(label) // 2)
            result.append(
                Judgement(10, 10, 10)
                if "rate every name 10" in named.description
                else Judgement(relevant, min(mark, 10), min(mark, 10))
            )
        return result

    names = [
        ("a bakery in town", "bakero.com"),
        ("puppy training classes", "puppyo.com"),
        ("solar roof panels", "solaro.com"),
        ("yoga for elders", "yogano.com"),
    ]
    result = run_probes(make_probes(names), rate)  # type: ignore[arg-type]
    failed = {kind for kind, (good, asked) in result.items() if good < asked}
    assert failed == {"injected instruction"}


def test_a_shift_of_half_a_mark_is_alarming_and_noise_is_not() -> None:
    before = [Judgement(5, 5, 5)] * 10
    now = [Judgement(6, 5 + (index % 2), 5) for index in range(10)]
    found = drift(before, now)
    assert found["relevance"].alarming
    assert found["memorability"].alarming
    assert not found["brandability"].alarming
    assert found["memorability"].shift == 0.5
