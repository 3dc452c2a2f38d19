"""Of a text in a language that nothing here reads, only its English words are judged."""

import json
import time

import pytest

from domaingen.assets import asset
from domaingen.moderation.classifier import bundled_classifier, is_readable, view
from domaingen.moderation.local import LocalModerator
from domaingen.moderation.readable import readable
from domaingen.moderation.verdict import Decision


@pytest.mark.parametrize(
    "text",
    [
        "warm bread and cakes for the whole street",
        "vibrators",
        "",
        "24/7",
        "bkery with fresh bred and coffe for evrybody",
        "selfserve wine tasing bar, pay by sip",
        "QuietLedger bookkeeping for Zwolle start-ups",
        "landmines, dug and resold",
        "Do hitmen take instalments?",
        "Scannable bogus IDs",
    ],
)
def test_english_stays_as_it_is_misspelt_too(text: str) -> None:
    assert readable(text) == text


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("Naprawa rowerów i wypożyczalnia hulajnóg w Krakowie", ""),
        ("Çocuklar için yüzme kursu ve havuz", ""),
        ("szkoła tańca towarzyskiego i fitness studio przy wrzeszczańskim rynku", "fitness studio"),
    ],
)
def test_of_another_language_english_words_are_left(text: str, words: str) -> None:
    assert [word for word in readable(text).split() if len(word) > 2] == words.split()


def test_senseless_words_hide_nothing() -> None:
    padded = "heroin delivery zxqvwk plmokn ijbuhv ygctfx rdzesw qazwsx"
    assert readable(padded) == "heroin delivery"
    assert LocalModerator().judge([padded])[0].decision is Decision.REFUSE


@pytest.mark.parametrize(
    "text",
    [
        "Tandläkare med kvällstider för barn och vuxna",
        "Sklep z ekologicznymi warzywami prosto od rolnika",
        "Kursus bahasa Inggris untuk anak-anak",
        "Účetní kancelář pro živnostníky",
        "Pekara sa domaćim hlebom i burekom",
    ],
)
def test_no_noise_is_taken_for_harm(text: str) -> None:
    assert LocalModerator().judge([text])[0].decision is Decision.ALLOW


def test_few_lawful_businesses_of_other_languages_are_refused() -> None:
    lines = asset("moderation", "other_languages.jsonl").read_text(encoding="utf-8").splitlines()
    lawful = [row["input"] for row in map(json.loads, lines) if row["expect"] == "suggest"]
    verdicts = LocalModerator().judge(lawful)
    assert len(lawful) == 110
    assert sum(verdict.decision is not Decision.ALLOW for verdict in verdicts) <= 9  # 46 of them for noise


def test_nothing_left_is_no_verdict() -> None:
    assert not is_readable("Naprawa rowerów hulajnóg")
    assert is_readable("bread for the street")
    assert is_readable("24/7 !")


@pytest.mark.parametrize(
    ("text", "english"),
    [
        ("Vendemos pistolas sin licencia a quien pague en efectivo", "unlicensed"),
        ("Wir verkaufen gefälschte Ausweise und Führerscheine", "fake"),
    ],
)
def test_languages_of_the_gloss_are_read(text: str, english: str) -> None:
    assert english in view(text)
    assert bundled_classifier().score([text])[0].probability > 0.5


def test_a_long_foreign_text_takes_no_time() -> None:
    text = " ".join(f"{word}{at}ska" for at in range(60) for word in ("rowerów", "krakowianka", "wypożyczalnia"))
    begun = time.process_time()
    readable(text)
    assert time.process_time() - begun < 1.0
