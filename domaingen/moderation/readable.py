"""Which part of a text can be judged at all: the encoder reads English, and of the rest only what was glossed.

What it says of other words is noise: of 45 ordinary businesses in 20 languages that the gloss does not know, 13 were
refused as harmful (docs/moderation.md). Of such a text only the words that English knows are judged, so that a harmful
English clause among foreign or senseless words is found.
"""

import re
from collections.abc import Iterator
from functools import lru_cache

from domaingen.moderation.normalise import fold
from domaingen.moderation.words import Words, bundled_words

LEAST_READ = 0.4
"""Share of a text's letters that must stand in words that English knows, or nearly; below, it is another language.
Of misspelt harmful rows 0.9 % lie below, of other English ones none, of the 45 texts 36."""
_LEAST_WORDS = 3
"""Words from which a share says anything: `vibrators` is one rare word."""
_COMMON = 6.0
"""What an English word costs at most (words.py)."""
_MISSPELT_LETTERS = 5
_MISSPELT_COMMON = 5.5
"""The same of a word that another is a misspelling of, by one letter."""
_LETTERS = "abcdefghijklmnopqrstuvwxyz"
_WORD = re.compile(r"[a-z]+")


def readable(text: str) -> str:
    """A glossed text as it stands, or its English words alone where it is in a language that nothing here reads; ""
    where it has none."""
    tokens = _WORD.findall(fold(text))
    letters = sum(map(len, tokens))
    if len(tokens) < _LEAST_WORDS or not letters:
        return text
    words = bundled_words()
    known = [token for token in tokens if _is_english(token, words, _COMMON)]
    read = sum(map(len, known))
    if read < LEAST_READ * letters:  # the dearer question only where it matters
        read += sum(len(token) for token in tokens if token not in known and _is_misspelt(token))
    return text if read >= LEAST_READ * letters else " ".join(known)


def _is_english(token: str, words: Words, most: float) -> bool:
    return "en" in words.languages.get(token, "").split(",") and words.cost[token] <= most


@lru_cache(maxsize=4096)
def _is_misspelt(token: str) -> bool:
    """Whether one letter more, less, other or swapped makes a common English word of it."""
    words = bundled_words()
    return len(token) >= _MISSPELT_LETTERS and any(
        _is_english(form, words, _MISSPELT_COMMON) for form in _one_edit(token)
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
