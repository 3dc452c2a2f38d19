"""Which part of a text can be judged at all: the encoder reads English, and of the rest only what was glossed.

What it says of other words is noise (docs/moderation.md has figures). Of a text in a language that nothing here reads
only the words that English has are judged, so that a harmful English clause among foreign or senseless words is found.
"""

import re
from collections.abc import Iterator
from functools import lru_cache

from domaingen.moderation.normalise import fold
from domaingen.moderation.words import Words, bundled_words

LEAST_READ = 0.4
"""Share of a text's letters that must stand in words that English knows, or nearly; below, it is another language."""
LEAST_RARELY_READ = 0.5
"""The same where rare words that no other language of the list has, and forms of English ones, count too: «landmines,
dug and resold», «scannable bogus IDs»."""
_RARE_LETTERS = 4
_ENDINGS = ("s", "es", "ed", "d", "ing", "er", "ers", "able", "ly", "ness")
_LEAST_WORDS = 3
"""Words from which a share says anything: `vibrators` is one rare word."""
_MOST_COST = (3.0, 3.0, 4.0, 5.0, 5.5, 6.0)
"""By letters (5: or more) what an English word costs at most (words.py): short ones are words of many languages."""
_LEAST_KEPT, _KEPT_LETTERS = 2, 4
"""Words of so many letters that must be left; less says nothing."""
_MISSPELT_LETTERS = 5
_MISSPELT_COST = 5.5
"""What a word costs at most that another misspells by one letter."""
_LETTERS = "abcdefghijklmnopqrstuvwxyz"
_WORD = re.compile(r"[a-z]+")


def readable(text: str) -> str:
    """A glossed text as it stands, or its English words alone where it is in a language that nothing here reads; ""
    where these say nothing."""
    tokens = _WORD.findall(fold(text))
    if len(tokens) < _LEAST_WORDS:
        return text
    words = bundled_words()
    letters = sum(map(len, tokens))
    known = [token for token in tokens if _is_english(token, words)]
    read = sum(map(len, known))
    if read < LEAST_READ * letters:  # the dearer question only where it matters
        read += sum(len(token) for token in tokens if token not in known and _is_misspelt(token))
    if read >= LEAST_READ * letters:
        return text
    rarely = sum(len(token) for token in tokens if token in known or _is_rare_english(token))
    if rarely >= LEAST_RARELY_READ * letters:
        return text
    return " ".join(known) if sum(len(token) >= _KEPT_LETTERS for token in known) >= _LEAST_KEPT else ""


def _is_english(token: str, words: Words) -> bool:
    most = _MOST_COST[min(len(token), len(_MOST_COST) - 1)]
    return "en" in words.languages.get(token, "").split(",") and words.cost[token] <= most


@lru_cache(maxsize=4096)
def _is_rare_english(token: str) -> bool:
    """Whether a word that is too rare for `_is_english` is in no list but the English one, or a form of an English word."""
    words = bundled_words()
    return _is_in_english_alone(token, words) or any(
        _is_english(stem, words) or _is_in_english_alone(stem, words) for stem in _stems(token)
    )


def _is_in_english_alone(token: str, words: Words) -> bool:
    return len(token) >= _RARE_LETTERS and words.languages.get(token) == "en"


def _stems(token: str) -> Iterator[str]:
    for ending in _ENDINGS:
        stem = token.removesuffix(ending)
        if stem != token and len(stem) >= _RARE_LETTERS:
            yield stem
            yield stem + "e"
            if stem[-1] == stem[-2] and len(stem) > _RARE_LETTERS:
                yield stem[:-1]


@lru_cache(maxsize=4096)
def _is_misspelt(token: str) -> bool:
    """Whether one letter more, less, other or swapped makes a common English word of it."""
    words = bundled_words()
    return len(token) >= _MISSPELT_LETTERS and any(
        words.cost[form] <= _MISSPELT_COST for form in _one_edit(token) if _is_english(form, words)
    )


def _one_edit(token: str) -> Iterator[str]:
    for at in range(len(token) + 1):
        before, behind = token[:at], token[at:]
        if behind:
            yield before + behind[1:]
        if len(behind) > 1:
            yield before + behind[1] + behind[0] + behind[2:]
        for letter in _LETTERS:
            yield before + letter + behind
            if behind:
                yield before + letter + behind[1:]
