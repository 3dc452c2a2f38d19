"""Disguises are undone, honest digits and signs stay."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domaingen.moderation.confusables import skeleton
from domaingen.moderation.normalise import legible, normalise


@pytest.mark.parametrize(
    ("disguised", "plain"),
    [
        ("h1tm4n 4 h1re", "hitman for hire"),
        ("c o c a i n e delivery", "cocaine delivery"),
        ("b u y  g u n s", "buy guns"),
        ("s.t.o.l.e.n phones", "stolen phones"),
        ("соcaine shор", "cocaine shop"),
        ("ｃｏｃａｉｎｅ", "cocaine"),
        ("𝓬𝓸𝓬𝓪𝓲𝓷𝓮", "cocaine"),
        ("co\u200bca\u00adine", "cocaine"),
        ("cocaiiiine for suuure", "cocaine for sure"),
        ("$tolen c@rds", "stolen cards"),
        ("k-i-l-l him", "kill him"),
        ("f0r s4le: n0 ser1als", "for sale: no serials"),
    ],
)
def test_a_disguise_is_undone(disguised: str, plain: str) -> None:
    assert normalise(disguised) == plain


@pytest.mark.parametrize(
    "honest",
    [
        "3D printing for B2B, 24/7, since the 1800s",
        "5kg bags at $50, 100% organic",
        "5G, 4K TVs and PS5 repairs",
        "Web3 and i18n tools",
        "mp3 player, 4x4 garage, H2O filters",
        "R&B nights with A/B tests in the U.S.A.",
        "open till 3 a.m. in district 9",
        "Wi-Fi, e-commerce and co-op follow-up",
        "class III dealer, XXX large shirts",
        "Nähstube für Babys an der Straße",
        "café crème à Orléans",
        "two for 4 euro, ages 2 to 4",
    ],
)
def test_honest_digits_signs_and_accents_stay(honest: str) -> None:
    assert normalise(honest) == honest


def test_look_alike_letters_have_a_latin_skeleton() -> None:
    assert skeleton("pаypаl") == "paypal"


@given(st.text(max_size=120))
def test_any_text_can_be_normalised(text: str) -> None:
    assert "\u200b" not in normalise(text)


@given(st.text(alphabet="abcdefghij ,.", max_size=80))
def test_normalising_twice_changes_nothing_more(text: str) -> None:
    once = normalise(text)
    assert normalise(once) == once


@pytest.mark.parametrize(
    ("text", "seen"),
    [
        ("b\u200bak\u200dery in town", "bakery in town"),
        ("c\u043effee shop", "coffee shop"),
        ("<b>bakery</b> in <a href='x'>town</a>", " bakery  in  town "),
        ("<extra_id_0> yoga", "  yoga"),
        ("bäckerei 3D & co, a < b", "bäckerei 3D & co, a < b"),
        ("пекарня в центре", "пекарня в центре"),
        ("h1tm4n", "h1tm4n"),
        ("<br/>", "<br/>"),
    ],
)
def test_what_generation_reads_is_legible_and_otherwise_as_written(text: str, seen: str) -> None:
    assert legible(text) == seen
