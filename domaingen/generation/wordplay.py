"""Ways to make one name of words, each with the grammar and the sound that it needs. Nothing here knows of trades.

A way answers with a `Play` or None where the words don't lend themselves to it.
"""

import tomllib
from collections import defaultdict
from functools import lru_cache
from typing import NamedTuple

from domaingen.assets import asset
from domaingen.moderation.words import bundled_words
from domaingen.names.meaning import Vector, bundled_vectors
from domaingen.names.parts import bundled_parts
from domaingen.names.sound import meeting, seam, stumbles, surprise, syllables
from domaingen.names.vocabulary import is_filler

VOWELS = frozenset("aeiou")
SHORTEST, LONGEST = 6, 13
"""Letters of a composed label; beyond this a name is rather a phrase."""
_WORN = frozenset(["er", "es", "ed", "re", "le", "al", "en", "an", "on", "in", "ing", "ers", "ion", "ate", "ent"])
"""Shared letters that are an ending or a prefix of half the language, so that no second word is heard."""
_BY_TAIL = ("ng", "th", "sh", "ch", "ss", "ll", "ff", "x")


class Play(NamedTuple):
    """A name made of words: its segments, how it was made, why in a few words, how clumsy it is (0 is smooth),
    and the words that it was made of."""

    segments: tuple[str, ...]
    strategy: str
    reason: str
    cost: float
    words: tuple[str, ...]


class Supplies(NamedTuple):
    """`data/names/composer.toml`."""

    modifiers: tuple[str, ...]
    neutral: tuple[str, ...]
    after_consonant: tuple[str, ...]
    after_vowel: tuple[str, ...]
    images: dict[str, tuple[str, ...]]


@lru_cache(maxsize=1)
def supplies() -> Supplies:
    """What ships with domaingen; read once per process."""
    content = tomllib.loads(asset("names", "composer.toml").read_text(encoding="utf-8"))
    return Supplies(
        tuple(content["modifiers"].split()),
        tuple(content["neutral"].split()),
        tuple(content["endings"]["after_consonant"]),
        tuple(content["endings"]["after_vowel"]),
        {language: tuple(words.split()) for language, words in content["images"].items()},
    )


class _Word(NamedTuple):
    """What is known of a word whatever it is joined to."""

    head: str
    tail: str
    leaning: float
    beats: int
    vector: Vector | None


@lru_cache(maxsize=32768)
def _word(word: str) -> _Word:
    vectors = bundled_vectors()
    at = vectors.find(word)
    vector = None if at is None else vectors.row(at)
    return _Word(word[:3], word[-3:], bundled_parts().leaning(word), syllables(word), vector)


def _join_cost(first: str, second: str, order_cost: float) -> float:
    """How clumsy two words are side by side: sound, seam, syllables, order."""
    label = first + second
    one, other = _word(first), _word(second)
    cost = 0.5 * max(0.0, surprise(label) - 2.3) + order_cost
    beats = one.beats + other.beats
    if beats > 3:
        cost += 0.12 * (beats - 3) + 0.25 * max(0, beats - 4)
    if len(label) > 10:
        cost += 0.06 * (len(label) - 10)
    if first[0] == second[0]:
        cost -= 0.1 if first[1] == second[1] else 0.05  # alliteration is remembered
    if first[-2:] == second[-2:]:
        cost += 0.2  # a rhyme of the ends sounds like a jingle
    if bundled_words().knows(label, most=5.6):
        cost += 0.6  # an ordinary word of the language is hardly free as a name
    if one.vector is not None and other.vector is not None:
        # «coffee bean» is a term, not a name; two words that mean much the same say one thing twice.
        cost += 0.9 * max(0.0, float(one.vector @ other.vector) - 0.42)
    return cost


@lru_cache(maxsize=32768)
def _joined(key: str, image: str) -> Play:
    """Two words in the order that sounds better, as a compound."""
    one, other = _word(key), _word(image)
    # What begins names oftener than it ends them should stand first.
    leaning = 0.3 * (one.leaning - other.leaning)
    ahead, behind = meeting(one.tail, other.head) - leaning, meeting(other.tail, one.head) + leaning
    pair = (key, image) if ahead <= behind else (image, key)
    return Play(pair, "compound", f"{pair[0]} + {pair[1]}", _join_cost(*pair, min(ahead, behind)), pair)


def compound(key: str, image: str, *, strategy: str = "compound", limit: int = LONGEST) -> Play | None:
    """Two words, in the order that sounds better."""
    if not SHORTEST <= len(key) + len(image) <= limit or key[:4] == image[:4] or key in image or image in key:
        return None
    play = _joined(key, image)
    return play if strategy == play.strategy else play._replace(strategy=strategy)


def phrase(first: str, second: str, *, limit: int = LONGEST) -> Play | None:
    """«kale and kin»: two short words that begin alike or are both one syllable."""
    if first == second or not len(first) + len(second) + 3 <= limit or first[:4] == second[:4]:
        return None
    alike = first[0] == second[0]
    if not alike and syllables(first) + syllables(second) > 3:
        return None
    cost = 0.4 - (0.25 if alike else 0.0) + 0.3 * max(0.0, surprise(first + "and" + second) - 2.5)
    if first.endswith(("and", "nd")) or second.startswith("and"):
        return None
    return Play((first, "and", second), "realword", f"{first} and {second}", cost, (first, second))


def modified(modifier: str, noun: str, *, limit: int = LONGEST) -> Play | None:
    """An adjective before a noun of the trade."""
    if not SHORTEST <= len(modifier) + len(noun) <= limit or modifier == noun:
        return None
    cost = 0.15 + 0.5 * max(0.0, surprise(modifier + noun) - 2.3) + seam(modifier, noun)
    cost += 0.12 * max(0, syllables(modifier) + syllables(noun) - 3)
    cost -= 0.1 if modifier[0] == noun[0] else 0.0
    if bundled_words().knows(modifier + noun, most=5.6) or stumbles(modifier + noun):
        cost += 0.6
    return Play((modifier, noun), "realword", f"{modifier} + {noun}", cost, (modifier, noun))


@lru_cache(maxsize=1)
def _by_edges() -> tuple[dict[str, list[str]], dict[str, list[str]]]:
    """Words that names are made of by their first three and two, and by their last three and two letters."""
    heads: defaultdict[str, list[str]] = defaultdict(list)
    tails: defaultdict[str, list[str]] = defaultdict(list)
    for word, part in sorted(bundled_parts().known.items()):
        if (
            4 <= len(word) <= 8
            and part.trades >= 1
            and bundled_words().knows(word, most=5.2)
            and not is_filler(word)
        ):
            for size in (2, 3):
                heads[word[:size]].append(word)
                tails[word[-size:]].append(word)
    return dict(heads), dict(tails)


@lru_cache(maxsize=16384)
def blends(key: str) -> tuple[tuple[str, Play], ...]:
    """Words that melt with `key` over two or three shared letters, both of them whole («pumpkin» + «kindred»), each
    with its play, smoothest first. A vowel is among the shared letters and the other word keeps most of itself, or
    nobody hears it."""
    if not 4 <= len(key) <= 8:
        return ()
    heads, tails = _by_edges()
    words = bundled_words()
    found: dict[str, tuple[str, Play]] = {}
    for size in (3, 2):
        pairs = [(key, other) for other in heads.get(key[-size:], ())]
        pairs += [(other, key) for other in tails.get(key[:size], ())]
        for first, second in pairs:
            label = first + second[size:]
            if not SHORTEST <= len(label) <= 11 or first[:3] == second[:3] or first in second or second in first:
                continue
            # What stands alone of each word must be enough to know it by.
            if (
                len(second) - size < (2 if size == 3 else 3)
                or len(first) - size < 3
                or words.knows(label, most=6.5)
            ):
                continue
            shared = second[:size]
            if len(VOWELS & set(shared)) == 0 or shared in _WORN or label in found:
                continue
            cost = 0.8 * max(0.0, surprise(label) - 2.2) + 0.35 * (3 - size) + 0.15 * max(0, syllables(label) - 3)
            if not stumbles(label):
                other = second if first == key else first
                found[label] = (other, Play((label,), "blend", f"{first} + {second}", cost, (first, second)))
    return tuple(sorted(found.values(), key=lambda blend: (blend[1].cost, blend[1].segments)))


@lru_cache(maxsize=16384)
def affixed(word: str) -> tuple[Play, ...]:
    """`word` with each of the endings that grammar and sound allow."""
    if (
        not 3 <= len(word) <= 6
        or syllables(word) > 2
        or word.endswith(("ing", "ed", "er", "ly", "tion", "y", "w", "q", "j", "v", "u", "i"))
    ):
        return ()
    vowel = word[-1] in VOWELS
    stock = supplies()
    plays = []
    for ending in stock.after_vowel if vowel else stock.after_consonant:
        label = word + ending
        if not SHORTEST <= len(label) <= 11 or word[-1] == ending[0] or bundled_words().knows(label, most=6.3):
            continue
        if ending in ("ling", "kin", "smith", "wright", "ery") and syllables(word) > 1:
            continue
        if ending in ("ora", "ella", "ette") and word.endswith(_BY_TAIL):
            continue
        cost = 0.7 * max(0.0, surprise(label) - 2.1) + seam(word, ending) + 0.1 * max(0, syllables(label) - 3)
        if cost < 0.75 and not stumbles(label):
            plays.append(Play((word, ending), "affix", f"{word} + {ending}", cost + 0.2, (word,)))
    return tuple(plays)
