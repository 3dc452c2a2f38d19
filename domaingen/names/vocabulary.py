"""The words of a text: its language, which words say nothing, stems, the form in which a word goes into a name."""

import re
import tomllib
from collections.abc import Sequence
from functools import lru_cache

from domaingen.assets import asset
from domaingen.judging.rules import fold
from domaingen.moderation.words import bundled_words
from domaingen.names.parts import bundled_parts

MOST_WORDS = 60
"""Words of a description that are read; names are made from its beginning."""

_WORD = re.compile(r"[^\W\d_]+(?:['’][^\W\d_]+)*")
_ADDRESS = re.compile(r"https?://\S+|www\.\S+|\S+@\S+|\b[\w-]+\.(?:com|org|net|io|co|ai)\b", re.IGNORECASE)
_PLACED = frozenset(["in", "near", "at", "from", "around", "outside"])
_SUBJECT_VERBS = frozenset(
    [
        "is",
        "are",
        "was",
        "has",
        "have",
        "helps",
        "lets",
        "makes",
        "gives",
        "uses",
        "works",
        "aims",
        "provides",
        "offers",
        "enables",
        "builds",
        "brings",
        "delivers",
        "creates",
        "develops",
        "connects",
        "empowers",
        "allows",
        "combines",
        "simplifies",
        "automates",
        "runs",
        "sells",
        "serves",
        "engages",
        "turns",
        "takes",
        "transforms",
        "operates",
        "manages",
        "designs",
        "supports",
        "supplies",
        "produces",
        "powers",
        "streamlines",
        "automatically",
        "specializes",
        "specialises",
    ]
)
"""What follows a company's own name at the beginning of its description."""
_ENDINGS = (
    "iness",
    "ations",
    "ation",
    "ities",
    "ically",
    "ments",
    "ment",
    "ings",
    "ing",
    "iers",
    "ier",
    "ers",
    "ery",
    "eries",
    "ies",
    "ied",
    "ists",
    "ist",
    "ity",
    "ily",
    "ial",
    "al",
    "er",
    "ed",
    "es",
    "ly",
    "s",
    "y",
    "e",
)


@lru_cache(maxsize=1)
def _skip() -> tuple[dict[str, frozenset[str]], frozenset[str], frozenset[str]]:
    content = tomllib.loads(asset("names", "skip.toml").read_text(encoding="utf-8"))
    stops = {language: frozenset(words.split()) for language, words in content["stop"].items()}
    return stops, frozenset(content["filler"]["words"].split()), frozenset(content["tired"]["parts"].split())


def is_tired(part: str) -> bool:
    """Whether a part is one that everybody has seen too often (hub, pro, -ify, solutions)."""
    return part in _skip()[2]


def is_stop(word: str) -> bool:
    """Whether a word is English grammar."""
    return word in _skip()[0]["en"]


def is_filler(word: str) -> bool:
    """Whether a word says nothing of a business (company, best, service)."""
    return word in _skip()[1]


@lru_cache(maxsize=65536)
def stem(word: str) -> str:
    """What inflections of a word share: roast of roasted, roaster, roastery. At least three letters are left."""
    for ending in _ENDINGS:
        if word.endswith(ending) and len(word) - len(ending) >= 3:
            bare = word.removesuffix(ending)
            if len(bare) > 3 and bare[-1] == bare[-2] and bare[-1] not in "lsfz":
                return bare[:-1]
            return bare
    return word


@lru_cache(maxsize=65536)
def base_form(word: str) -> str:
    """The form in which a word goes into a name: singular, and the verb of an -ing where that is a word we know."""
    words, parts = bundled_words(), bundled_parts().known
    if (
        len(word) > 3
        and word.endswith("s")
        and not word.endswith(("ss", "us", "is"))
        and not (word in parts and word[:-1] not in parts)
    ):
        for ending, instead in (("ies", "y"), ("ves", "f"), ("es", ""), ("s", "")):
            bare = word.removesuffix(ending) + instead
            if (
                word.endswith(ending)
                and len(bare) >= 3
                and (bare in parts or (ending == "s" and words.knows(bare, most=6.0)))
            ):
                return bare
    if len(word) > 5 and word.endswith("ing"):
        for bare in (word[:-3], word[:-3] + "e", word[:-4]):
            if len(bare) >= 3 and bare in parts:
                return bare
    return word


def language_of(words: Sequence[str]) -> str:
    """The language of a text by its grammar words, and by words that English doesn't know; English in doubt."""
    stops = _skip()[0]
    known = bundled_words().languages
    scores = dict.fromkeys(stops, 0.0)
    for word in words:
        if len(word) < 2:
            continue
        spoken = known.get(word, "").split(",")
        for language in stops:
            if word in stops[language]:
                scores[language] += 1.0
            elif language in spoken and (language == "en" or "en" not in spoken):
                scores[language] += 0.5
    best = max(scores, key=lambda language: (scores[language], language == "en"))
    return best if scores[best] > scores["en"] else "en"


@lru_cache(maxsize=8192)
def plain_words_of(text: str) -> tuple[str, ...]:
    stops, fillers, _ = _skip()
    return tuple(
        word for word in re.findall(r"[a-z]{3,}", fold(text)) if word not in stops["en"] and word not in fillers
    )


def _words_of(text: str) -> list[str]:
    """The first words as they are written; addresses are none."""
    text = text[:1500]
    if "." in text or "@" in text:
        text = _ADDRESS.sub(" ", text)
    return _WORD.findall(text)[:MOST_WORDS]


def address_labels(text: str) -> list[str]:
    """The names in web and mail addresses within a text, without suffixes: a business that says where it is."""
    if "." not in text and "@" not in text:
        return []
    found = [
        part.casefold() for address in _ADDRESS.findall(text[:1500]) for part in re.split(r"[/@:.]+", address)
    ]
    return [part.replace("-", "") for part in found if len(part) >= 5 and part not in ("https", "index")]


def content_words(text: str) -> tuple[list[str], str]:
    """The words of a text that are no grammar, folded to plain letters, in order; and its language."""
    folded = [fold(token).replace("'", "").replace("’", "") for token in _words_of(text)]
    language = language_of(folded)
    stops = _skip()[0][language]
    return [token for token in folded if token not in stops and len(token) > 1 and token.isascii()], language


def proper_names(text: str) -> frozenset[str]:
    """Words of a text that are names already (the company's own, another's): capitals within a sentence, or at its
    beginning before «is», «provides». A place («in Austin») stays, since a shop may well be named after it."""
    tokens = _words_of(text)
    capital = [token[0].isupper() for token in tokens]
    words, parts = bundled_words(), bundled_parts().known
    if sum(capital) > 0.5 * len(tokens) and len(tokens) > 2:
        return frozenset()  # Every Word Is Written So
    found: set[str] = set()
    leading = next((at for at, is_capital in enumerate(capital) if not is_capital), 0)
    if not 1 <= leading <= 4 or tokens[leading] not in _SUBJECT_VERBS:
        leading = 0
    for at, token in enumerate(tokens):
        word = fold(token)
        before = fold(tokens[at - 1]) if at else ""
        own = at < leading
        rare = word not in parts and not words.knows(word, most=4.2)
        if capital[at] and (own or (at and rare and before not in _PLACED)):
            found.add(word)
    return frozenset(found)
