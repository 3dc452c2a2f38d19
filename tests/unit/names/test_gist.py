"""Of a long description the telling sentences are kept; everything else stays as it is."""

from pathlib import Path

import pytest

from domaingen.names.gist import FEWEST, LONG, gist, sentences, tells_trade
from training.name_gist import read_paragraphs

TRADE = "We repair church organs and tune harmoniums."
BESIDE = (
    "My aunt never liked the wallpaper.",
    "There is a bus stop in front of the door.",
    "We began with two chairs and a kettle.",
    "Please choose something that my father can pronounce.",
    "On Mondays nobody is here.",
    "The landlord wants his answer by Friday.",
    "I am writing this on my phone.",
    "Thank you for your patience!",
)


def long_text(at: int) -> str:
    text = " ".join((*BESIDE[:at], TRADE, *BESIDE[at:]))
    assert len(text.split()) > LONG
    return text


@pytest.mark.parametrize("at", [0, 4, 8])
def test_the_telling_sentence_is_kept_wherever_it_stands(at: int) -> None:
    kept = gist(long_text(at))
    assert TRADE in kept
    assert len(kept.split()) <= FEWEST + max(len(each.split()) for each in BESIDE)


def test_sentences_keep_their_order_and_come_once() -> None:
    second = "Our workshop also builds small pipe organs for chapels."
    text = " ".join((TRADE, *BESIDE, second, TRADE))
    kept = gist(text)
    assert kept.startswith(TRADE)
    assert kept.count(TRADE) == 1
    assert second in kept


@pytest.mark.parametrize(
    "text",
    [
        "",
        TRADE,
        "We mend organs. My aunt never liked the wallpaper.",
        "bakery " * 60,
        "Reparamos órganos de iglesia. " * 4 + "Mi tía nunca quiso el papel pintado de la casa vieja. " * 6,
    ],
)
def test_other_texts_stay_as_they_are(text: str) -> None:
    assert gist(text) == text


def test_a_long_text_without_a_trade_keeps_its_likeliest_sentences() -> None:
    kept = gist(" ".join(BESIDE) + " Nobody answered the door, and so we all went home again in the rain.")
    assert 0 < len(sentences(kept)) <= 4


def test_the_trade_is_told_from_what_stands_beside_it() -> None:
    assert tells_trade(TRADE) > 0.8
    assert max(map(tells_trade, BESIDE)) < tells_trade(TRADE)


def test_a_line_without_a_mark_is_named(tmp_path: Path) -> None:
    path = tmp_path / "paragraphs.txt"
    path.write_text("+ We mend clocks.\n- The cat sleeps.\n\n+ We bake.\n", encoding="utf-8")
    assert read_paragraphs(path) == [[(True, "We mend clocks."), (False, "The cat sleeps.")], [(True, "We bake.")]]
    path.write_text("We mend clocks.\n", encoding="utf-8")
    with pytest.raises(ValueError, match="line 1"):
        read_paragraphs(path)
