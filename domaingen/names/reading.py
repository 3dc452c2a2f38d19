"""What a description offers to a name: its key words, the trades it is about and their words, and its meaning.

Read once for a row and used by the composer, the ranking and the judge alike.
"""

import json
import re
import tomllib
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from math import exp, log1p

import numpy as np
import numpy.typing as npt

from domaingen.assets import asset
from domaingen.brief import Brief
from domaingen.judging.rules import fold, overlaps
from domaingen.lexicon import Industry
from domaingen.moderation.words import bundled_words
from domaingen.names.images import bundled_images
from domaingen.names.meaning import Vector, bundled_vectors
from domaingen.names.parts import bundled_parts

MOST_WORDS = 60
"""Words of a description that are read; names are made from its beginning."""
MIN_WEIGHT = 3.0
"""A trade matched with less than this is a chance hit on one stray word."""
SECOND_TRADE = 0.55
"""Share of the best trade's weight from which another's words count too."""

OWN_NAME = 0.8
FAR, NEAR = 0.10, 0.45
"""Cosines between a description and a trade up to which the match is chance, and from which it is certain."""

_WORD = re.compile(r"[^\W\d_]+(?:['’][^\W\d_]+)*")
_LETTERS = re.compile(r"[^\W\d_]+")
_ENDINGS = (
    "iness", "ations", "ation", "ities", "ically", "ments", "ment", "ings", "ing", "iers", "ier", "ers", "ery", "eries",
    "ies", "ied", "ists", "ist", "ity", "ily", "ial", "al", "er", "ed", "es", "ly", "s", "y", "e",
)
_FORMS = (
    ("ed",), ("ing",), ("ly",), ("tion", "sion", "ment", "ity", "ness", "ance", "ence"),
    ("al", "ive", "ic", "ous", "able", "ible", "ful"), ("s",), ("er", "or", "ers", "ors"), ("ize", "ise", "ate", "izes", "ates"),
)
"""Endings that tell verbs, adverbs and abstract words from things."""


@dataclass(frozen=True, slots=True)
class Key:
    """A word of the description that a name may take up: as it is written in a name (`hikers` → hiker), and how
    likely a naming agency would take it up, 0-1 (`training.name_salience`)."""

    word: str
    worth: float
    place: int


@dataclass(frozen=True, slots=True)
class Reading:
    """A description, read. `stems` maps the stem of every content word to its worth; `trade_words` the words of
    the matched trades to how much each belongs (association 1, trade word 0.9, service 0.7, times the match). `roots` are the
    beginnings (four or five letters) by which a word is recognised inside a coined name. `relations` says what each of the bundled
    images has to do with the description; `cosines` remembers the likeness of parts to it."""

    text: str
    language: str
    keys: tuple[Key, ...]
    stems: dict[str, float]
    roots: tuple[tuple[str, float], ...]
    trades: tuple[tuple[Industry, float], ...]
    trade_words: dict[str, float]
    vector: Vector | None
    relations: npt.NDArray[np.float32] | None
    rule_roots: tuple[str, ...]
    cosines: dict[str, float]


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
    if len(word) > 4 and word.endswith("s") and not word.endswith(("ss", "us", "is")):
        for ending, instead in (("ies", "y"), ("ves", "f"), ("es", ""), ("s", "")):
            bare = word.removesuffix(ending) + instead
            if word.endswith(ending) and len(bare) >= 3 and (
                bare in parts or (ending == "s" and words.knows(bare, most=6.0))
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
        spoken = known.get(word, "en").split(",")
        for language in stops:
            if word in stops[language]:
                scores[language] += 1.0
            elif language in spoken and (language == "en" or "en" not in spoken):
                scores[language] += 0.5
    best = max(scores, key=lambda language: (scores[language], language == "en"))
    return best if scores[best] > scores["en"] else "en"


@lru_cache(maxsize=1)
def _salience() -> tuple[float, npt.NDArray[np.float64], npt.NDArray[np.float64]]:
    content = json.loads(asset("names", "salience.json").read_text(encoding="utf-8"))
    weights = np.array(content["weights"])
    return float(content["intercept"]), weights[:-PLACE_FEATURES], weights[-PLACE_FEATURES:]


def features_of_word(word: str, language: str) -> list[float]:
    """What is known of a word wherever it stands: rarity, length, endings, its use in names, its meaning."""
    cost = bundled_words().cost.get(word, 8.0)
    part = bundled_parts().known.get(base_form(word))
    vectors = bundled_vectors()
    at = vectors.find(word)
    return [
        min(cost, 6.0) - 4.5, max(0.0, cost - 5.5), float(cost >= 8.0), float(is_filler(word)),
        float(len(word) <= 4), float(len(word) >= 8), float(len(word) >= 10), float(language != "en"),
        *[float(word.endswith(endings)) for endings in _FORMS],
        float(part is not None), log1p(part.first + part.last) if part else 0.0,
        float(at is None), *([0.0] * vectors.dimensions if at is None else [float(x) for x in vectors.row(at)]),
    ]


PLACE_FEATURES = 4


def features_in_place(place: int, trade: float) -> list[float]:
    """What depends on the description: how early the word comes, and how much it belongs to the likely trades."""
    return [trade, float(place == 0), float(place < 4), log1p(place)]


@lru_cache(maxsize=65536)
def _word_logit(word: str, language: str) -> float:
    intercept, weights, _ = _salience()
    return intercept + float(weights @ np.array(features_of_word(word, language)))


def _worth(word: str, language: str, place: int, trade: float) -> float:
    """How likely a naming agency takes up this word, 0-1."""
    if len(word) < 3:
        return 0.0
    weights = _salience()[2]
    logit = _word_logit(word, language) + sum([w * x for w, x in zip(weights.tolist(), features_in_place(place, trade), strict=True)])
    return 1.0 / (1.0 + exp(-logit))


@lru_cache(maxsize=1024)
def _trade_vector(name: str, aliases: tuple[str, ...], words: tuple[str, ...]) -> Vector | None:
    return bundled_vectors().mean((word, 1.0) for text in (name, *aliases, *words) for word in _split(text))


def likely_trades(
    tokens: Sequence[str], language: str, matched: Sequence[tuple[Industry, float]]
) -> tuple[tuple[tuple[Industry, float], ...], dict[str, float], Vector | None]:
    """The matched trades with their shares (0-1), their words, and the meaning of the tokens.

    The lexicon matches words; one shared word («academy» of a choir) is outweighed here by a trade whose words mean
    something else."""
    meaning = bundled_vectors().mean((token, _rarity(token)) for token in tokens)
    likely: list[tuple[Industry, float]] = []
    for industry, weight in matched[:3]:
        if weight < MIN_WEIGHT or weight < SECOND_TRADE * matched[0][1]:
            continue
        share = min(1.0, weight / matched[0][1]) * min(1.0, 0.4 + weight / 30.0)
        vector = _trade_vector(industry.name, industry.aliases, industry.words)
        if meaning is not None and vector is not None:
            share *= min(1.0, max(0.0, (float(meaning @ vector) - FAR) / (NEAR - FAR)))
        if share > 0.1:
            likely.append((industry, share))
    trades = tuple(sorted(likely, key=lambda pair: (-pair[1], pair[0].id)))
    return trades, _trade_words(trades), meaning


def _rarity(word: str) -> float:
    if is_filler(word):
        return 0.1
    return min(1.0, max(0.1, (bundled_words().cost.get(word, 5.0) - 2.6) / 2.0))


def _trade_words(trades: Sequence[tuple[Industry, float]]) -> dict[str, float]:
    found: dict[str, float] = {}
    for industry, share in trades:
        for texts, weight in (
            (industry.associations, 1.0), (industry.words, 0.9), ((industry.name,), 0.9), (industry.aliases, 0.8),
            (industry.services, 0.7), (industry.places, 0.5), (industry.benefits, 0.5), (industry.customers, 0.5),
        ):
            for text in texts:
                for word in _split(text):
                    key = stem(word)
                    if found.get(key, 0.0) < weight * share:
                        found[key] = weight * share
    return found


@lru_cache(maxsize=8192)
def _split(text: str) -> tuple[str, ...]:
    stops, fillers, _ = _skip()
    return tuple(
        word for word in re.findall(r"[a-z]{3,}", fold(text)) if word not in stops["en"] and word not in fillers
    )


def content_words(text: str) -> tuple[list[str], str]:
    """The words of a text that are no grammar, folded to plain letters, in order; and its language."""
    folded = [fold(token).replace("'", "").replace("’", "") for token in _WORD.findall(text[:1500])][:MOST_WORDS]
    language = language_of(folded)
    stops = _skip()[0][language]
    return [token for token in folded if token not in stops and len(token) > 1 and token.isascii()], language


def proper_names(text: str) -> frozenset[str]:
    """Words of a text that are names already (the company's own, another's): capitals within a sentence, or at its
    beginning before «is», «provides». A place («in Austin») stays, since a shop may well be named after it."""
    tokens = _WORD.findall(text[:1500])[:MOST_WORDS]
    capital = [token[0].isupper() for token in tokens]
    stops, fillers, _ = _skip()
    if sum(capital) > 0.5 * len(tokens) and len(tokens) > 2:
        return frozenset()  # Every Word Is Written So
    found: set[str] = set()
    for at, token in enumerate(tokens):
        word = fold(token)
        if not capital[at] or word in bundled_parts().known:
            continue
        follower = fold(tokens[at + 1]) if at + 1 < len(tokens) else ""
        if at == 0 and not (follower in stops["en"] or follower in fillers or not bundled_words().knows(word, most=5.5)):
            continue
        if at and fold(tokens[at - 1]) in ("in", "near", "at", "from", "around", "outside"):
            continue
        found.add(word)
    return frozenset(found)


@lru_cache(maxsize=65536)
def _rule_root(word: str) -> str:
    """What the rule of overlap looks for of this word in a label; empty where it looks for nothing."""
    root = word[:4]
    return root if overlaps(word, root) else ""


def overlap_roots(text: str) -> tuple[str, ...]:
    """The strings of which one must be in a label for `judging.rules.overlaps` to hold, found once for many labels."""
    return tuple({root for word in _LETTERS.findall(fold(text)) if (root := _rule_root(word))})


def brief_text(brief: Brief) -> str:
    """A brief's description with what its columns `industry` and `audience` add."""
    return ", ".join(text for text in (brief.description, brief.industry, brief.audience) if text)


def read_description(text: str, matches: Sequence[tuple[Industry, float]]) -> Reading:
    """Read a description with the trades that the lexicon matched to it."""
    return _read(text, tuple(matches))


class _Matched(tuple[tuple[Industry, float], ...]):
    """Matches, hashed by the industries' ids: hashing their texts would cost more than reading does."""

    __slots__ = ()

    def __hash__(self) -> int:
        return hash(tuple((industry.id, weight) for industry, weight in self))


@lru_cache(maxsize=256)
def _read_cached(text: str, matched: _Matched) -> Reading:
    tokens, language = content_words(text)
    trades, trade_words, _ = likely_trades(tokens, language, matched)
    named = proper_names(text)
    keys: dict[str, Key] = {}
    stems: dict[str, float] = {}
    meaning: list[tuple[str, float]] = []
    for place, token in enumerate(tokens):
        root = stem(token)
        worth = _worth(token, language, place, trade_words.get(root, 0.0))
        if root in stems and stems[root] >= worth:
            continue
        meaning.append((token, worth))
        known = token in bundled_words().cost
        # A company's own name or a misspelt word in a label is no chance, whatever the word is worth to a new name.
        stems[root] = worth if known and token not in named else max(worth, OWN_NAME)
        if token in named or is_filler(token) or not known:
            continue
        base = base_form(token)
        if base not in keys or keys[base].worth < worth:
            keys[base] = Key(base, worth, place)
    ordered = sorted(keys.values(), key=lambda key: (-key.worth, key.place))
    roots = tuple([(root[:5], worth) for root, worth in stems.items() if len(root) >= 4])
    vector = bundled_vectors().mean(meaning)
    relations = None if vector is None else bundled_images().relate(vector)
    return Reading(
        text, language, tuple(ordered), stems, roots, trades, trade_words, vector, relations, overlap_roots(text), {}
    )


def _read(text: str, matches: tuple[tuple[Industry, float], ...]) -> Reading:
    return _read_cached(text, _Matched(matches))
