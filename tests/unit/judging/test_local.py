"""The judge that runs on this machine."""

import statistics
import time
from pathlib import Path

import pytest

from domaingen.judging.judge import Named
from domaingen.judging.local import DIMENSIONS, LocalJudge, bundled_dimensions
from domaingen.names.quality import Quality
from training.corruption import DAMAGES, damage
from training.held_out import held_out_industries, measuring_rows, teaching_rows
from training.statistics import roc_auc

DATA = Path(__file__).parents[3] / "data"
COFFEE = "organic coffee shop in downtown area"


@pytest.fixture(scope="module")
def judge() -> LocalJudge:
    return LocalJudge()


def mark(judge: LocalJudge, domain: str, dimension: str, description: str = COFFEE) -> float:
    return float(judge.explain(Named(description, domain))["marks"][dimension])


class TestRelevance:
    def test_a_word_of_the_description_counts_in_any_inflection(self, judge: LocalJudge) -> None:
        assert (
            mark(judge, "roasterlane.com", "relevance", "we roast beans")
            > mark(judge, "taxlane.com", "relevance", "we roast beans") + 3
        )

    def test_an_image_of_the_trade_counts_without_a_word_in_common(self, judge: LocalJudge) -> None:
        assert mark(judge, "cremadawn.com", "relevance") > mark(judge, "diskplaster.com", "relevance") + 2

    def test_parts_are_found_inside_a_label_that_somebody_else_wrote(self, judge: LocalJudge) -> None:
        assert mark(judge, "downtownbrew.com", "relevance") > 9

    def test_another_trades_name_is_irrelevant(self, judge: LocalJudge) -> None:
        assert mark(judge, "hullandrudder.com", "relevance") < 5


class TestOtherDimensions:
    @pytest.mark.parametrize(
        "damaged",
        ["down-town-brew.com", "downtownbrew24.com", "dwntwonberw.com", "downtownbrewingserviceonline.com"],
    )
    def test_damage_is_less_memorable(self, judge: LocalJudge, damaged: str) -> None:
        assert mark(judge, damaged, "memorability") < mark(judge, "downtownbrew.com", "memorability")

    @pytest.mark.parametrize(
        "damaged", ["downtownbrew.pw", "downtown-brew.com", "bestdowntownbrewpro.com", "d0wntownbrew.com"]
    )
    def test_damage_is_less_of_a_brand(self, judge: LocalJudge, damaged: str) -> None:
        assert mark(judge, damaged, "brandability") < mark(judge, "downtownbrew.com", "brandability")


class TestExplanation:
    def test_every_part_is_shown_with_what_it_adds(self, judge: LocalJudge) -> None:
        explanation = judge.explain(Named(COFFEE, "downtownbrew.com"))
        assert set(explanation["parts"]) == set(Quality._fields)
        assert explanation["parts"]["echo"]["adds"]["relevance"] > 0
        assert set(explanation["marks"]) == set(DIMENSIONS)

    def test_no_part_counts_against_what_it_says(self) -> None:
        for dimension in bundled_dimensions().values():
            assert all(weight > 0 for weight in dimension.weights.values())

    def test_marks_are_whole_numbers_from_1_to_10_with_a_reason(self, judge: LocalJudge) -> None:
        names = [
            Named(COFFEE, "downtownbrew.com", ("downtown", "brew")),
            Named("", "a-1.zz"),
            Named("кофе", "xn--80aa.com"),
        ]
        for judgement in judge.rate(names):
            assert all(1 <= getattr(judgement, name) <= 10 for name in DIMENSIONS)
            assert judgement.reason


class TestFit:
    """On held-out industries, which no weight has seen; the full figures are in docs/scoring.md."""

    def test_hand_picked_names_are_told_from_damaged_and_foreign_ones(self, judge: LocalJudge) -> None:
        import random

        rng = random.Random(5)
        rows = rng.sample(measuring_rows(DATA), 60)
        good, bad, foreign = [], [], []
        for row in rows:
            other = rng.choice([each for each in rows if each.industry != row.industry])
            for name, strange in zip(row.names, other.names, strict=True):
                parts, tld = damage(name.segments, name.tld, rng.choice(DAMAGES), rng)
                good.append(sum(judge.explain(Named(row.description, name.domain))["marks"].values()))
                bad.append(sum(judge.explain(Named(row.description, "".join(parts) + tld))["marks"].values()))
                foreign.append(mark(judge, strange.domain, "relevance", row.description))
        relevant = [mark(judge, name.domain, "relevance", row.description) for row in rows for name in row.names]
        assert roc_auc([1] * len(good) + [0] * len(bad), good + bad) > 0.85
        assert roc_auc([1] * len(relevant) + [0] * len(foreign), relevant + foreign) > 0.88
        assert statistics.mean(good) / 30 > 0.9

    def test_nothing_was_fitted_on_what_measures(self) -> None:
        held_out = held_out_industries(DATA)
        assert len(held_out) >= 20
        assert not held_out & {row.industry for row in teaching_rows(DATA)}


class TestSpeedAndSameness:
    def test_a_name_takes_a_fraction_of_a_millisecond(self, judge: LocalJudge) -> None:
        names = [
            Named(COFFEE, f"{first}{last}.com")
            for first in ("downtown", "morning", "copper")
            for last in ("brew", "lane", "mill")
        ]
        judge.rate(names)
        before = time.process_time()
        for _ in range(20):
            judge.rate(names)
        assert (time.process_time() - before) / (20 * len(names)) < 0.001

    def test_neighbours_do_not_change_a_judgement(self, judge: LocalJudge) -> None:
        names = [Named(COFFEE, "downtownbrew.com"), Named("dog groomer", "pawlane.com")]
        assert judge.rate(names) == [LocalJudge().rate([each])[0] for each in names]
