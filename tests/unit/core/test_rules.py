"""The prototype's four rules."""

import pytest

from domaingen.judging.rules import overlaps, rule_checks, rule_score
from domaingen.suggestion import Judgement, combine_scores


def test_each_rule_is_worth_a_quarter() -> None:
    good = rule_checks("organic coffee shop in downtown area", "downtownbrew.com")
    assert rule_score(good) == 1.0
    assert rule_score(rule_checks("organic coffee shop", "downtownbrew.com")) == 0.75
    assert rule_score(rule_checks("organic coffee shop", "x1-abcdefghijklmnop.xyz")) == 0.0


@pytest.mark.parametrize(
    ("description", "label", "expected"),
    [
        ("Coffee roasting at home", "roasterie", True),
        ("Café de la plage", "cafeplage", True),
        ("we are the best", "wearethebest", True),
        ("we are in the", "wearethe", False),
        ("gym", "gymnasia", True),
        ("", "anything", False),
    ],
)
def test_overlap_meets_roots_and_ignores_small_words(description: str, label: str, expected: bool) -> None:
    assert overlaps(description, label) is expected


def test_the_score_is_half_rules_half_judge_and_never_imputed() -> None:
    assert combine_scores(0.75, 0.5) == 0.625
    assert combine_scores(0.75, None) == 0.75
    assert Judgement(10, 10, 10).score == 1.0
    assert Judgement(1, 1, 1).score == 0.0
