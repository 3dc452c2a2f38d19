"""Disguises are undone, honest digits and signs stay."""

import pytest
from hypothesis import example, given
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
        ("d r u g s 4 u", "drugs for u"),
        ("s0ap 4 sale", "soap for sale"),
        ("vitamin B 1 2 shots", "vitamin B12 shots"),
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
        "It's 2 a.m. and we bake",
        "drilling found 14 m @ 3.2 g/t",
        "lab for EN71 and VO2 tests in SE11",
        "Loved by all! Dull? No!",
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


@pytest.mark.parametrize(
    "mark", ["\u200b", "\u034f", "\ufe0f", "\u180e", "\U000e0061", "\u2800", "\u3164", "\u1160", "\uffa0"]
)
@pytest.mark.parametrize(
    ("parts", "word"), [("c o c aine", "cocaine"), ("fl ower", "flower"), ("ba k er y", "bakery")]
)
def test_letters_with_nothing_to_see_between_them_are_one_word(mark: str, parts: str, word: str) -> None:
    assert normalise(f"{parts.replace(' ', mark)} shop") == f"{word} shop"


@pytest.mark.parametrize("blank", ["\u2800", "\u3164", "\u115f"])
def test_blanks_between_words_are_spaces(blank: str) -> None:
    assert normalise(f"flower{blank}shop in{blank}town") == "flower shop in town"
    assert legible(f"flower{blank}shop") == "flower shop"


@pytest.mark.parametrize("first", [0x249C, 0x1F110, 0x1F130, 0x1F150, 0x1F170, 0x24B6])
@pytest.mark.parametrize("word", ["cocaine", "bakery", "jazz"])
def test_letters_on_badges_are_letters(first: int, word: str) -> None:
    badges = "".join(chr(first + ord(letter) - ord("a")) for letter in word)
    assert normalise(f"{badges} shop").lower() == f"{word} shop"


def test_marks_that_no_letter_was_composed_with_are_dropped() -> None:
    assert normalise("".join(letter + "\u0336" for letter in "cocaine")) == "cocaine"
    assert normalise("cafe\u0301 with cre\u0300me") == "café with crème"


@pytest.mark.parametrize(
    ("drawn", "word"),
    [
        ("stoIen bikes for saIe", "stolen bikes for sale"),
        ("seII iIIegaI guns", "sell illegal guns"),
        ("Iaundering", "laundering"),
        ("rnurder for hire", "murder for hire"),
        ("governrnent docurnents", "government documents"),
        ("vveapons", "weapons"),
        ("garden furniture in Bern, LinkedIn and HuntIt", "garden furniture in Bern, LinkedIn and HuntIt"),
        ("Iona and Ingrid, cornets, urns, savvy skivvies", "Iona and Ingrid, cornets, urns, savvy skivvies"),
        ("chori ka saman kharidne ya bechne", "chori ka saman kharidne ya bechne"),
    ],
)
def test_latin_letters_drawn_as_others_are_those_where_that_makes_a_word(drawn: str, word: str) -> None:
    assert normalise(drawn) == word


@pytest.mark.parametrize(
    ("joined", "apart"),
    [
        ("hireahitman", "hire a hitman"),
        ("hireahitman in Leeds", "hire a hitman in Leeds"),
        ("buycocaineonline", "buy cocaine online"),
        ("we ship StolenBikesForSale", "we ship Stolen Bikes For Sale"),
        ("weselldrugs", "we sell drugs"),
        ("wecleanyourhouse", "we clean your house"),
        ("Brightpallet, Kindlebase and Copperline", "Brightpallet, Kindlebase and Copperline"),
        ("dermatoscope, afordable acountants, philatelists", "dermatoscope, afordable acountants, philatelists"),
        ("Naturkostladen und Krebsinfotag", "Naturkostladen und Krebsinfotag"),
        ("autocollants, beleggingsfonds, autolesionarse", "autocollants, beleggingsfonds, autolesionarse"),
    ],
)
def test_sentences_written_as_one_word_come_apart_and_other_long_words_stay(joined: str, apart: str) -> None:
    assert normalise(joined) == apart


@pytest.mark.parametrize("word", ["kkk robes", "aaa batteries", "KKK", "zzz", "Fitnessstudio", "XXX large"])
def test_letters_three_times_stay_where_that_is_how_it_is_written(word: str) -> None:
    assert normalise(word) == word


@pytest.mark.parametrize(
    ("text", "read"),
    [
        ("s3niors and 4 kids", "seniors and 4 kids"),
        ("c0urse of 2 evenings", "course of 2 evenings"),
        ("sl0w walks, 2 to 4 miles", "slow walks, 2 to 4 miles"),
        ("b00ks 4 kids, txt 2 order", "books for kids, txt to order"),
    ],
)
def test_numbers_stay_numbers_beside_one_disguised_word(text: str, read: str) -> None:
    assert normalise(text) == read


@given(st.text(alphabet="abeklnorvIo 1243@$!*.-'\u2800\u0301", max_size=40))
@example("bbba1@*")
def test_what_was_read_once_stays(text: str) -> None:
    once = normalise(text)
    assert normalise(once) == once
