"""What a description offers to a name: its key words, the trades it is about and their words, and its meaning.

Read once for a row and used by the composer, the ranking and the judge alike.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache

import numpy as np
import numpy.typing as npt

from domaingen.brief import Brief
from domaingen.judging.rules import fold, overlaps
from domaingen.lexicon import Industry
from domaingen.moderation.words import bundled_words
from domaingen.names.images import bundled_images
from domaingen.names.meaning import Vector, bundled_vectors
from domaingen.names.salience import rarity, salience
from domaingen.names.vocabulary import (
    address_labels,
    base_form,
    content_words,
    is_filler,
    plain_words_of,
    proper_names,
    stem,
)

MIN_WEIGHT = 3.0
"""A trade matched with less than this is a chance hit on one stray word."""
SECOND_TRADE = 0.55
"""Share of the best trade's weight from which another's words count too."""
FAR, NEAR = 0.12, 0.48
"""Cosines between a description and a trade up to which the match is chance, and from which it is certain."""
OWN_NAME = 0.8
"""What a company's own name, or a misspelt word, is worth where a label holds it."""

_LETTERS = re.compile(r"[^\W\d_]+")


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
    images has to do with the description; `cosines` remembers the likeness of parts to it, `endings` the worth of suffixes for it."""

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
    endings: dict[str, float]


@lru_cache(maxsize=1024)
def _trade_vector(name: str, aliases: tuple[str, ...], words: tuple[str, ...]) -> Vector | None:
    return bundled_vectors().mean(
        (word, 1.0) for text in (name, *aliases, *words) for word in plain_words_of(text)
    )


def likely_trades(
    tokens: Sequence[str], language: str, matched: Sequence[tuple[Industry, float]]
) -> tuple[tuple[tuple[Industry, float], ...], dict[str, float], Vector | None]:
    """The matched trades with their shares (0-1), their words, and the meaning of the tokens.

    The lexicon matches words; one shared word («academy» of a choir) is outweighed here by a trade whose words mean
    something else."""
    meaning = bundled_vectors().mean((token, rarity(token)) for token in tokens)
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


_WORDS_OF_TRADES: dict[str, tuple[Industry, dict[str, float]]] = {}
"""Stem -> weight by the industry's id, each worked out once; the industry itself tells two lexicons apart."""


def _words_of_trade(industry: Industry) -> dict[str, float]:
    known = _WORDS_OF_TRADES.get(industry.id)
    if known is None or known[0] is not industry:
        found: dict[str, float] = {}
        for texts, weight in (
            (industry.associations, 1.0),
            (industry.words, 0.9),
            ((industry.name,), 0.9),
            (industry.aliases, 0.8),
            (industry.services, 0.7),
            (industry.places, 0.5),
            (industry.benefits, 0.5),
            (industry.customers, 0.5),
        ):
            for text in texts:
                for word in plain_words_of(text):
                    found[stem(word)] = max(found.get(stem(word), 0.0), weight)
        known = _WORDS_OF_TRADES[industry.id] = (industry, found)
    return known[1]


def _trade_words(trades: Sequence[tuple[Industry, float]]) -> dict[str, float]:
    found: dict[str, float] = {}
    for industry, share in trades:
        for word, weight in _words_of_trade(industry).items():
            if found.get(word, 0.0) < weight * share:
                found[word] = weight * share
    return found


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
        worth = salience(token, language, place, trade_words.get(root, 0.0))
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
    for label in address_labels(text):
        stems[label] = OWN_NAME
    if tokens and text[:1].isupper() and not bundled_words().knows(tokens[0], most=5.0):
        # More often than not the first word of a pitch is the company's name; in a label it is no chance.
        stems[stem(tokens[0])] = max(stems[stem(tokens[0])], OWN_NAME)
    ordered = sorted(keys.values(), key=lambda key: (-key.worth, key.place))
    roots = tuple([(root[:5], worth) for root, worth in stems.items() if len(root) >= 4])
    vector = bundled_vectors().mean(meaning)
    relations = None if vector is None else bundled_images().relate(vector)
    return Reading(
        text,
        language,
        tuple(ordered),
        stems,
        roots,
        trades,
        trade_words,
        vector,
        relations,
        overlap_roots(text),
        {},
        {},
    )


def _read(text: str, matches: tuple[tuple[Industry, float], ...]) -> Reading:
    return _read_cached(text, _Matched(matches))
