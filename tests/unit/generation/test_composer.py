"""Names without a model."""

import re
from collections import Counter

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from domaingen.brief import Brief, Constraints
from domaingen.generation.composer import compose
from domaingen.generation.wordplay import affixed, blends, compound, phrase
from domaingen.lexicon import bundled_lexicon
from domaingen.moderation.words import bundled_words
from domaingen.names.domain import broken_constraint, parse_domain
from domaingen.names.vocabulary import is_filler
from domaingen.outcomes import Source
from domaingen.suggestion import Candidate

DESCRIPTIONS = (
    "organic coffee shop in downtown area",
    "Best way to kill weeds in your garden",
    "mobile dog groomer",
    "marine cargo surveyor at a container port",
    "workspace for patent litigation teams",
    "bakery",
    "yoga",
    "We repair old church organs in mountain villages",
    "AI-powered refunds for global sellers",
    "Panadería artesanal con masa madre en el casco antiguo",
    "Fahrradwerkstatt am Bahnhof",
    "寿司レストラン",
    "Tangerine groves",
)


def names(text: str, seed: int = 0, **constraints: object) -> list[Candidate]:
    brief = Brief(1, "1", text, Constraints(**constraints))  # type: ignore[arg-type]
    return compose(brief, bundled_lexicon().match(text), seed)


class TestNames:
    @pytest.mark.parametrize("text", DESCRIPTIONS)
    def test_there_are_enough_of_them_and_all_can_be_registered(self, text: str) -> None:
        found = names(text)
        assert 8 <= len(found) <= 20
        assert len({each.label for each in found}) == len(found)
        for each in found:
            parse_domain(each.domain)
            assert each.source is Source.COMPOSED
            assert each.reason
            assert each.strategy in ("compound", "blend", "affix", "metaphor", "realword")

    @pytest.mark.parametrize("text", DESCRIPTIONS)
    def test_no_filler_and_nothing_too_long(self, text: str) -> None:
        for each in names(text):
            assert 6 <= len(each.label) <= 13
            assert not any(is_filler(part) for part in each.segments if part != "and")

    def test_most_take_up_a_word_of_the_description(self) -> None:
        found = names("organic coffee shop in downtown area")
        assert (
            sum(any(word in each.label for word in ("coffee", "organic", "downtown")) for each in found)
            >= len(found) / 2
        )

    def test_the_reason_names_the_parts(self) -> None:
        for each in names("organic coffee shop in downtown area"):
            assert re.fullmatch(r"[a-z]+ (\+|and) [a-z]+", each.reason or "")

    def test_other_languages_give_names_of_their_own_words(self) -> None:
        assert any(
            "masa" in each.segments or "madre" in each.segments or "panaderia" in each.label
            for each in names("Panadería artesanal con masa madre en el casco antiguo")
        )


class TestConstraints:
    @settings(max_examples=60, deadline=None)
    @given(
        st.sampled_from(DESCRIPTIONS),
        st.sampled_from([(), (".io",), (".shop", ".com")]),
        st.one_of(st.none(), st.integers(5, 20)),
        st.lists(st.sampled_from(["coffee", "e", "lane", "dog", "oa"]), max_size=2),
        st.sampled_from([None, "classic", "modern", "playful", "descriptive", "invented", "short"]),
    )
    def test_every_name_keeps_them(
        self, text: str, tlds: tuple[str, ...], most: int | None, avoid: list[str], style: str | None
    ) -> None:
        constraints = Constraints(tlds=tlds, max_length=most, avoid=tuple(avoid), style=style)
        for each in compose(Brief(1, "1", text, constraints), bundled_lexicon().match(text), 0):
            assert broken_constraint(parse_domain(each.domain), constraints) is None

    def test_more_names_for_a_row_that_wants_more(self) -> None:
        assert (
            len(names("organic coffee shop in downtown area", count=10))
            > len(names("organic coffee shop in downtown area")) - 2
        )


class TestSameness:
    def test_the_same_row_and_seed_give_the_same_names(self) -> None:
        assert names("mobile dog groomer", 7) == names("mobile dog groomer", 7)
        assert names("mobile dog groomer", 7) == names("mobile  dog groomer ", 7)

    def test_another_seed_gives_other_names(self) -> None:
        assert {each.label for each in names("mobile dog groomer", 1)} != {
            each.label for each in names("mobile dog groomer", 2)
        }

    def test_rows_of_one_trade_get_different_names(self) -> None:
        towns = ("station", "harbor", "campus", "village", "bridge", "museum", "market", "park", "beach", "castle")
        labels = Counter(each.label for town in towns for each in names(f"coffee shop near the {town}")[:5])
        assert sum(count == 1 for count in labels.values()) >= 0.8 * len(labels)

    @settings(max_examples=60, deadline=None)
    @given(st.text(max_size=120))
    def test_any_text_is_composed_from_without_failing(self, text: str) -> None:
        names(text)


class TestWordplay:
    def test_words_that_clash_are_put_the_other_way_round_or_cost_more(self) -> None:
        smooth, clash = compound("maple", "row"), compound("bell", "loft")
        assert smooth is not None
        assert clash is not None
        assert smooth.cost < clash.cost

    def test_a_word_does_not_join_its_own_likeness(self) -> None:
        assert compound("garden", "gardener") is None

    def test_blends_keep_both_words_and_make_no_ordinary_word(self) -> None:
        for _, play in blends("pumpkin"):
            first, second = play.words
            assert play.segments[0].startswith(first)
            assert play.segments[0].endswith(second)
            assert not bundled_words().knows(play.segments[0])

    @pytest.mark.parametrize("word", ["provoke", "quickly", "buyer", "running"])
    def test_no_ending_where_grammar_forbids_it(self, word: str) -> None:
        assert affixed(word) == ()

    def test_phrases_are_short_and_alike_in_sound(self) -> None:
        assert phrase("kale", "kin") is not None
        assert phrase("surveyor", "container") is None
