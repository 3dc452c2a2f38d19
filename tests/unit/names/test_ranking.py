"""Which candidates are shown."""

import random
import time
from collections import Counter

import pytest

from domaingen.brief import Brief, Constraints
from domaingen.generation.composer import compose
from domaingen.lexicon import bundled_lexicon
from domaingen.names.ranking import has_scraps, select_best
from domaingen.outcomes import Source
from domaingen.suggestion import Candidate

COFFEE = Brief(1, "1", "organic coffee shop in downtown area")
MATCHES = bundled_lexicon().match(COFFEE.description)


def name(text: str, tld: str = ".com", strategy: str = "compound") -> Candidate:
    return Candidate(tuple(text.split()), tld, Source.MODEL, strategy)


def chosen(*names: Candidate, brief: Brief = COFFEE) -> list[str]:
    return [each.domain for each in select_best(brief, names, MATCHES)]


class TestQuality:
    def test_the_fitting_name_beats_the_clumsy_ones(self) -> None:
        pool = [name("best coffee solutions online"), name("xqz coffff"), name("downtown brew"), name("coffee 24")]
        assert chosen(*pool)[0] == "downtownbrew.com"

    def test_a_name_for_the_business_beats_one_for_another(self) -> None:
        assert chosen(name("tax ledger"), name("coffee lane"))[0] == "coffeelane.com"

    def test_com_beats_a_suffix_that_nobody_expects(self) -> None:
        one = Brief(1, "1", COFFEE.description, Constraints(count=1))
        assert chosen(name("downtown brew", ".pw"), name("downtown brew"), brief=one) == ["downtownbrew.com"]


class TestDiversity:
    def test_no_label_twice_even_with_other_suffixes(self) -> None:
        assert len(chosen(name("downtown brew"), name("downtown brew", ".coffee"))) == 1

    def test_a_first_part_begins_two_names_at_most_where_there_are_others(self) -> None:
        pool = [name(f"coffee {last}") for last in ("lane", "bell", "ember", "mill", "dawn")]
        pool += [name(f"{first} brew") for first in ("downtown", "morning", "copper", "corner")]
        firsts = Counter(domain[:6] for domain in chosen(*pool))
        assert firsts["coffee"] <= 2

    def test_as_many_as_asked_for_and_no_more(self) -> None:
        pool = [name(f"coffee {last}") for last in ("lane", "bell", "ember", "mill", "dawn", "road")]
        assert len(chosen(*pool)) == 5
        assert len(chosen(*pool[:2])) == 2
        assert chosen() == []


class TestStyle:
    def test_a_wanted_style_moves_the_order(self) -> None:
        pool = [name("coffee lane"), name("brewtopia", strategy="coined")]
        invented = Brief(1, "1", COFFEE.description, Constraints(count=1, style="invented"))
        descriptive = Brief(1, "1", COFFEE.description, Constraints(count=1, style="descriptive"))
        assert chosen(*pool, brief=invented) == ["brewtopia.com"]
        assert chosen(*pool, brief=descriptive) == ["coffeelane.com"]


class TestSameness:
    def test_the_order_of_candidates_does_not_matter(self) -> None:
        pool = compose(COFFEE, MATCHES, 1)
        shuffled = list(pool)
        random.Random(3).shuffle(shuffled)
        assert select_best(COFFEE, pool, MATCHES) == select_best(COFFEE, shuffled, MATCHES)


class TestSpeed:
    def test_thirty_candidates_take_a_few_milliseconds_at_most(self) -> None:
        pool = (compose(COFFEE, MATCHES, 1) + compose(COFFEE, MATCHES, 2) + compose(COFFEE, MATCHES, 3))[:30]
        select_best(COFFEE, pool, MATCHES)
        before = time.process_time()
        for _ in range(20):
            select_best(COFFEE, pool, MATCHES)
        # The goal is 0.6 ms (docs/scoring.md); here only a change of order of magnitude fails.
        assert (time.process_time() - before) / 20 < 0.006


@pytest.mark.parametrize(
    "name", ["offi teacup", "recte lexicon", "forecasti porch", "sque clarity", "goury harvest"]
)
def test_names_of_clipped_words_have_scraps(name: str) -> None:
    assert has_scraps(tuple(name.split()))


@pytest.mark.parametrize("name", ["lease valet", "brew and stone", "water and stone", "portico law"])
def test_names_of_words_have_none(name: str) -> None:
    assert not has_scraps(tuple(name.split()))
