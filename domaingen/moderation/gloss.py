"""Word-by-word English for descriptions in Spanish, French, German, Portuguese, romanised Hindi, Italian and Dutch.

The encoder reads English alone; a gloss (`sale of pills without prescription`) carries enough of a sentence's meaning
to judge it. The table is `data/moderation/gloss.txt`.
"""

import re
from collections.abc import Mapping
from functools import lru_cache
from pathlib import Path

from domaingen.assets import asset
from domaingen.moderation.normalise import fold
from domaingen.moderation.words import Words, bundled_words

_ENDINGS = {
    "es": ("s", "es", "as", "os"), "fr": ("s", "e", "es", "x"), "de": ("n", "en", "e", "er", "s", "es", "em"),
    "pt": ("s", "es", "as", "os"), "hi": ("on", "en", "e", "i"), "it": ("i", "e"), "nl": ("en", "s", "e"),
}  # fmt: skip
_WORD = re.compile(r"[a-z]+")
_LEAST_SHARE = 0.25
"""Least share of a text's words that a language must know before the text is taken to be in it."""
_COMMON_ENGLISH = 6.0
_SHARED_COUNTS = 0.5


class Gloss:
    """Glosses texts. `tables` is language -> word -> English."""

    def __init__(self, tables: Mapping[str, Mapping[str, str]], words: Words) -> None:
        self._tables = tables
        self._words = words

    def language(self, text: str) -> str | None:
        """ISO 639-1 of the language other than English that a folded text seems to be in, else None.

        Words that English has too («gift», «hat», «solo») count half and prove nothing by themselves.
        """
        tokens = _WORD.findall(text)
        shared = [self._is_shared(token) for token in tokens]
        english = sum(self._is_english(token) for token in tokens)
        best, most = None, 0.0
        for language in self._tables:
            known = [self._look_up(token, language) not in (None, token) for token in tokens]
            own = sum(each and not common for each, common in zip(known, shared, strict=True))
            score = own + _SHARED_COUNTS * (sum(known) - own)
            if own and score > most and sum(known) >= _LEAST_SHARE * len(tokens):
                best, most = language, score
        return best if most > english else None

    def _is_english(self, token: str) -> bool:
        """Whether a word is English and nothing else."""
        return token in _ENGLISH or (
            self._words.languages.get(token) == "en" and self._words.cost[token] <= _COMMON_ENGLISH
        )

    def _is_shared(self, token: str) -> bool:
        """Whether English has the word, too."""
        return "en" in self._words.languages.get(token, "").split(",")

    def _look_up(self, token: str, language: str) -> str | None:
        table = self._tables[language]
        if token in table:
            return table[token]
        for ending in _ENDINGS[language]:
            if len(token) - len(ending) >= 4 and token.endswith(ending):
                stem = token.removesuffix(ending)
                for form in (stem, stem + "o", stem + "e", stem + "a"):
                    if form in table:
                        return table[form]
        if language in ("de", "nl") and len(token) >= 8:
            for cut in range(4, len(token) - 3):
                second = table.get(token[cut:])
                first = table.get(token[:cut]) or table.get(token[:cut].rstrip("s"))
                if first and second:
                    return f"{first} {second}"
        return None

    def english(self, text: str) -> str:
        """`text` with each known word replaced; unchanged where it is English or in no language of the table."""
        folded = fold(text)
        language = self.language(folded)
        if language is None:
            return text
        return re.sub(r"[a-z]+", lambda match: self._look_up(match[0], language) or match[0], folded)


_ENGLISH = frozenset(
    [
        "the",
        "and",
        "for",
        "with",
        "of",
        "your",
        "our",
        "that",
        "this",
        "from",
        "we",
        "you",
        "is",
        "are",
        "it",
        "to",
        "on",
        "by",
        "at",
        "who",
        "an",
        "or",
        "not",
        "how",
        "my",
    ]
)


def read_gloss(path: Path) -> dict[str, dict[str, str]]:
    """Read the table; the first meaning of a word counts."""
    tables: dict[str, dict[str, str]] = {}
    for line in path.read_text(encoding="utf-8").splitlines():
        if not line or line.startswith("#"):
            continue
        language, entries = line.split(":", 1)
        table = tables.setdefault(language.strip(), {})
        for entry in entries.split(";"):
            foreign, english = entry.strip().split("=", 1)
            for word in foreign.split(","):
                table.setdefault(fold(word.strip()), english)
    return tables


@lru_cache(maxsize=1)
def bundled_gloss() -> Gloss:
    """The gloss that ships with domaingen; read once per process."""
    return Gloss(read_gloss(asset("moderation", "gloss.txt")), bundled_words())
