"""Descriptions in other languages are glossed, English ones are left as they are."""

import pytest

from domaingen.moderation.gloss import bundled_gloss


@pytest.mark.parametrize(
    ("text", "language", "words"),
    [
        ("Schlüsseldienst in Köln, Tag und Nacht", "de", {"locksmith", "day", "night"}),
        ("gestohlene Handys, Ankauf am Bahnhof", "de", {"stolen", "station"}),
        ("Peluquería canina a domicilio", "es", {"hairdresser", "home"}),
        ("Vendemos telefones roubados", "pt", {"sell", "stolen"}),
        ("Boulangerie bio avec terrasse", "fr", {"bakery", "terrace"}),
        ("chori ke phone kharidte hain", "hi", {"theft", "buy"}),
    ],
)
def test_other_languages_become_english_word_by_word(text: str, language: str, words: set[str]) -> None:
    from domaingen.moderation.normalise import fold

    gloss = bundled_gloss()
    assert gloss.language(fold(text)) == language
    assert words <= set(gloss.english(text).split())


@pytest.mark.parametrize(
    "text",
    ["Hat maker", "gift boxes", "roof repair", "boutique hotel", "mobile mechanic", "solo walks", "Bald men's barber",
     "local art bar on main street", "Fast food stand", "3D printing", "When should I see a doctor about a cough?"],
)  # fmt: skip
def test_english_with_words_of_other_languages_stays(text: str) -> None:
    assert bundled_gloss().english(text) == text
