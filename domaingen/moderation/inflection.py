"""Forms of words in Spanish, French, German, Portuguese, romanised Hindi, Italian and Dutch, accents folded.

Rules of thumb for looking words up in a table that holds one form of most: regular plurals, genders, participles and
attached pronouns. They tell what a form may be of, and the table tells whether there is such a word.
"""

from collections.abc import Iterator, Mapping

Ending = tuple[str, tuple[str, ...], int]
"""What a form ends in, what stands there in the table (tried in turn), and the fewest letters before it."""
_CLITICS = ("lo", "la", "los", "las", "le", "les", "me", "te", "se", "nos")
_ITALIAN_CLITICS = ("lo", "la", "li", "le", "si", "mi", "ci", "vi", "ti")
_DOUBLED = ("bb", "dd", "gg", "kk", "ll", "mm", "nn", "pp", "rr", "ss", "tt")
_ENDINGS: Mapping[str, tuple[Ending, ...]] = {
    "es": (
        ("s", ("",), 3), ("ces", ("z",), 3), ("es", ("",), 4), ("as", ("o", "e"), 4), ("os", ("a", "e"), 4),
        ("ada", ("ado",), 2), ("ida", ("ido",), 2), ("adas", ("ado",), 2), ("idas", ("ido",), 2),
        *((verb + clitic, (verb,), 2) for verb in ("ar", "er", "ir", "ando", "iendo") for clitic in _CLITICS),
        *((end, ("a", "o", ""), 4) for end in ("ita", "itas", "ito", "itos")), ("mente", ("o", "a", ""), 4),
    ),
    "pt": (
        ("s", ("",), 3), ("oes", ("ao",), 2), ("aes", ("ao",), 2), ("ais", ("al",), 3), ("eis", ("el",), 3),
        ("ns", ("m",), 3), ("es", ("",), 4), ("as", ("o", "e"), 4), ("os", ("a", "e"), 4), ("ada", ("ado",), 2),
        ("ida", ("ido",), 2), ("adas", ("ado",), 2), ("idas", ("ido",), 2),
        *((end, ("a", "o", ""), 4) for end in ("inha", "inhas", "inho", "inhos")), ("mente", ("o", "a", ""), 4),
    ),
    "fr": (
        ("s", ("",), 3), ("x", ("",), 3), ("e", ("",), 5), ("es", ("",), 5), ("aux", ("al",), 3),
        ("euse", ("eur",), 3), ("euses", ("eur",), 3), ("trice", ("teur",), 3), ("trices", ("teur",), 3),
        *((end, ("er", "e"), 4) for end in ("ee", "ees", "ons", "ez", "ent")), ("ment", ("", "e"), 5),
    ),
    "de": (
        *((end, ("", "e"), 4) for end in ("n", "en", "e", "er", "s", "es", "em")),
        ("in", ("", "e"), 4), ("innen", ("", "e"), 4),
    ),
    "hi": (
        ("on", ("", "a"), 4), ("en", ("", "a"), 4), ("iyon", ("i",), 3), ("iyan", ("i",), 3), ("iyaan", ("i",), 3),
        ("e", ("a", ""), 4), ("i", ("a",), 4), ("ein", ("", "a"), 4), ("yen", ("",), 4),
        ("o", ("a", ""), 4), ("aye", ("ana",), 3),
    ),
    "it": (
        ("i", ("o", "e", "a"), 4), ("e", ("a", "o"), 4), ("che", ("ca",), 3), ("chi", ("co",), 3), ("ghe", ("ga",), 3),
        ("ghi", ("go",), 3), ("ata", ("ato",), 2), ("ita", ("ito",), 2), ("uta", ("uto",), 2),
        *((verb + clitic, (verb + "e",), 3) for verb in ("ar", "er", "ir") for clitic in _ITALIAN_CLITICS),
        ("mente", ("o", "e", "a"), 4),
    ),
    "nl": (
        ("en", ("", "e"), 4), ("s", ("",), 4), ("e", ("",), 4), ("zen", ("s",), 3), ("ven", ("f",), 3),
        ("ze", ("s",), 3), ("ve", ("f",), 3),
        *((double + "en", (double[0],), 2) for double in _DOUBLED),
        *((vowel + consonant + "en", (2 * vowel + consonant,), 1) for vowel in "aeou" for consonant in "dgklmnprt"),
    ),
}  # fmt: skip


def base_forms(token: str, language: str) -> Iterator[str]:
    """What a token of the language may be a form of, the likelier first; itself is not among them."""
    for ending, replacements, least in _ENDINGS[language]:
        if len(token) - len(ending) >= least and token.endswith(ending):
            stem = token.removesuffix(ending)
            yield from (stem + replacement for replacement in replacements)
