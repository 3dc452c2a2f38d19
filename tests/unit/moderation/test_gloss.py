"""Descriptions in other languages are glossed, English ones are left as they are."""

import pytest

from domaingen.moderation.gloss import Gloss, bundled_gloss
from domaingen.moderation.inflection import base_forms
from domaingen.moderation.words import bundled_words


@pytest.mark.parametrize(
    ("text", "language", "words"),
    [
        ("Schlüsseldienst in Köln, Tag und Nacht", "de", {"locksmith", "clock"}),
        ("gestohlene Handys, Ankauf am Bahnhof", "de", {"stolen", "station"}),
        ("Peluquería canina a domicilio", "es", {"hairdresser", "home"}),
        ("Vendemos telefones roubados", "pt", {"sell", "stolen"}),
        ("Boulangerie bio avec terrasse", "fr", {"bakery", "terrace"}),
        ("chori ke phone kharidte hain", "hi", {"stolen", "buy"}),
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


@pytest.mark.parametrize(
    ("text", "language"),
    [
        ("Vente de faux documents", "fr"),
        ("Quel nom pour mes filles qui rejoignent les clients à l'hôtel ?", "fr"),
        ("Un nom pour un site d'images pédopornographiques", "fr"),
        ("Kinderpornografie im Darknet", "de"),
    ],
)
def test_words_of_grammar_tell_a_language_whose_words_english_lists_too(text: str, language: str) -> None:
    from domaingen.moderation.normalise import fold

    assert bundled_gloss().language(fold(text)) == language


def test_a_phrase_is_looked_up_before_its_words() -> None:
    words = {"clave": "key", "de": "of", "acceso": "access", "robada": "stolen", "clave de acceso": "password"}
    gloss = Gloss({"es": words}, bundled_words())
    assert gloss.english("clave de acceso robada") == "password stolen"
    assert gloss.english("clave-de-acceso robada") == "password stolen"
    assert gloss.english("robada: clave, de acceso") == "stolen: key, of access"
    assert gloss.english("clave de robada") == "key of stolen"


def test_german_typed_without_umlauts_is_understood() -> None:
    assert bundled_gloss().english(
        "gefaelschte Paesse fuer alle, Buecher vom Haendler"
    ) == bundled_gloss().english("gefälschte Pässe für alle, Bücher vom Händler")


@pytest.mark.parametrize(
    ("form", "language", "base"),
    [
        ("robadas", "es", "robado"),
        ("lapices", "es", "lapiz"),
        ("comprarla", "es", "comprar"),
        ("armazens", "pt", "armazem"),
        ("acoes", "pt", "acao"),
        ("vendeuses", "fr", "vendeur"),
        ("fabriquees", "fr", "fabriquer"),
        ("lehrerinnen", "de", "lehrer"),
        ("ladkiyon", "hi", "ladki"),
        ("banche", "it", "banca"),
        ("venderli", "it", "vendere"),
        ("katten", "nl", "kat"),
        ("boten", "nl", "boot"),
        ("huizen", "nl", "huis"),
    ],
)
def test_forms_lead_back_to_what_a_table_holds(form: str, language: str, base: str) -> None:
    assert base in base_forms(form, language)
