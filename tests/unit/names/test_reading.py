"""What a description offers to a name."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from domaingen.judging.rules import overlaps
from domaingen.lexicon import bundled_lexicon
from domaingen.names.reading import Reading, overlap_roots, read_description
from domaingen.names.vocabulary import base_form, content_words, language_of, proper_names, stem


def read(text: str) -> Reading:
    return read_description(text, bundled_lexicon().match(text))


class TestKeys:
    def test_telling_words_come_before_filler_and_grammar(self) -> None:
        keys = [key.word for key in read("organic coffee shop in downtown area").keys]
        assert keys[0] == "coffee"
        assert {"organic", "downtown"} <= set(keys)
        assert not {"shop", "area", "in"} & set(keys)

    def test_words_are_taken_in_the_form_in_which_names_use_them(self) -> None:
        keys = [key.word for key in read("guided tours for hikers and families").keys]
        assert "tour" in keys
        assert "tours" not in keys

    def test_a_companys_own_name_is_no_key(self) -> None:
        keys = [key.word for key in read("Mast is building a mortgage origination system for lenders").keys]
        assert "mast" not in keys
        assert "mortgage" in keys

    def test_a_place_may_be_a_key(self) -> None:
        assert "austin" not in proper_names("A coffee bar in Austin for cyclists and students")

    def test_an_address_is_no_key(self) -> None:
        assert "http" not in [
            key.word for key in read("Florist ( http://www.flowers-example.com ) for weddings").keys
        ]


class TestTrades:
    def test_the_trade_that_is_meant_is_first(self) -> None:
        assert read("organic coffee shop in downtown area").trades[0][0].id == "coffee_shop"

    def test_one_shared_word_does_not_make_a_trade(self) -> None:
        assert "choir" not in [
            industry.id
            for industry, share in read("Military academies, elementary or secondary").trades
            if share > 0.5
        ]


class TestLanguages:
    @pytest.mark.parametrize(
        ("text", "language"),
        [
            ("Panadería artesanal con masa madre en el casco antiguo", "es"),
            ("Fahrradwerkstatt am Bahnhof mit Abholservice", "de"),
            ("Stock quotation services", "en"),
            ("Airboat (i.e., swamp buggy) operation", "en"),
            ("bakery", "en"),
            ("Fromagerie de montagne avec dégustation à la ferme", "fr"),
        ],
    )
    def test_grammar_words_tell_the_language(self, text: str, language: str) -> None:
        assert content_words(text)[1] == language

    def test_nothing_is_english(self) -> None:
        assert language_of([]) == "en"


class TestForms:
    @pytest.mark.parametrize(
        ("word", "form"), [("roasted", "roast"), ("roaster", "roast"), ("running", "run"), ("cup", "cup")]
    )
    def test_stems(self, word: str, form: str) -> None:
        assert stem(word) == form

    @pytest.mark.parametrize(
        ("word", "form"), [("tours", "tour"), ("berries", "berry"), ("glass", "glass"), ("lens", "lens")]
    )
    def test_base_forms(self, word: str, form: str) -> None:
        assert base_form(word) == form


class TestOverlapRoots:
    @settings(max_examples=200, deadline=None)
    @given(
        st.text(st.sampled_from("abcdeéñ -,THfor"), max_size=60),
        st.text(st.sampled_from("abcdeforth"), min_size=1, max_size=12),
    )
    def test_they_say_what_the_rule_says(self, description: str, label: str) -> None:
        assert any(root in label for root in overlap_roots(description)) == overlaps(description, label)


class TestOddInput:
    @settings(max_examples=100, deadline=None)
    @given(st.text(max_size=200))
    def test_any_text_can_be_read(self, text: str) -> None:
        read(text)
