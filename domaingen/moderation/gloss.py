"""Word-by-word English for descriptions in Spanish, French, German, Portuguese, romanised Hindi, Italian and Dutch.

The encoder reads English alone; a gloss (`sale of pills without prescription`) carries enough of a sentence's meaning
to judge it. The table is `data/moderation/gloss.txt`.
"""

import re
import tomllib
from collections.abc import Mapping, Sequence
from functools import lru_cache
from itertools import pairwise
from pathlib import Path

from domaingen.assets import asset
from domaingen.moderation.inflection import base_forms
from domaingen.moderation.normalise import fold
from domaingen.moderation.words import Words, bundled_words

_COMPOUNDING = frozenset({"de", "nl"})
_PARTICLES = frozenset(
    "uber unter nach fest wieder hinter zuruck zusammen over onder rond weer voor".split()  # noqa: SIM905
)
"""Front parts that stand for themselves in no compound: `unter` + `suchen` is no search below."""
_WORD = re.compile(r"[a-z]+")
_BETWEEN = re.compile(r"[ '’-]+")
"""What may stand between the words of a phrase."""
_SPELT_UMLAUT = re.compile("([aou])e")
_LEAST_SHARE = 0.25
"""Least share of a text's words that a language must know before the text is taken to be in it."""
_ENGLISH = frozenset(
    "the and for with of your our that this from we you is are it to on by at who an or not how my".split()  # noqa: SIM905
)
_COMMON_ENGLISH = 6.0
"""What a word that only English lists costs at most to speak for English."""
_SHARED_COUNTS = 0.5
"""What a word counts that English has too."""
_PROVING, _MOST = 2, 0.5
"""Words of grammar that prove a language; one does where this share of the words is known."""


class Gloss:
    """Glosses texts. `tables` is language -> word or phrase -> English, `function_words` language -> words of grammar."""

    def __init__(
        self,
        tables: Mapping[str, Mapping[str, str]],
        words: Words,
        function_words: Mapping[str, frozenset[str]] | None = None,
    ) -> None:
        self._tables = tables
        self._function_words = dict.fromkeys(tables, frozenset[str]()) | dict(function_words or {})
        self._phrases = {language: _by_first_word(table) for language, table in tables.items()}
        self._words = words
        self._look_up = lru_cache(maxsize=32_768)(self._look_up_anew)

    def language(self, text: str) -> str | None:
        """ISO 639-1 of the language other than English that a folded text seems to be in, else None.

        Words that English has too («gift», «hat», «solo») count half and prove nothing by themselves, unless they are
        words of grammar: two of these prove it, or one where most words are known.
        """
        tokens = _WORD.findall(text)
        shared = [self._is_shared(token) for token in tokens]
        english = sum(self._is_english(token) for token in tokens)
        best, most = None, 0.0
        for language in self._tables:
            known = [self._look_up(token, language) not in (None, token) for token in tokens]
            grammar = [token in self._function_words[language] for token in tokens]
            own = sum(each and not common for each, common in zip(known, shared, strict=True))
            read = sum(each or small for each, small in zip(known, grammar, strict=True))
            whole = sum(
                small or (each and not common) for each, small, common in zip(known, grammar, shared, strict=True)
            )
            score = whole + _SHARED_COUNTS * (read - whole)
            proved = own or sum(grammar) >= _PROVING or (any(grammar) and read >= _MOST * len(tokens))
            if proved and score > most and read >= _LEAST_SHARE * len(tokens):
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

    def _look_up_anew(self, token: str, language: str) -> str | None:
        found = self._as_form(token, language)
        if found is None and language == "de":
            # Typed without umlauts: ae, oe, ue. Folding left a, o, u in the table.
            plain = _SPELT_UMLAUT.sub(r"\1", token)
            found = self._as_form(plain, language) if plain != token else None
        return found

    def _as_form(self, token: str, language: str) -> str | None:
        """English of a word, of what it is a form of, or of the two halves of a compound."""
        table = self._tables[language]
        found = self._inflected(token, language)
        if found is None and language in _COMPOUNDING and len(token) >= 8:
            for cut in range(4, len(token) - 3):
                front = token[:cut]
                first = table.get(front) or table.get(front.removesuffix("s"))
                second = self._inflected(token[cut:], language) if first and front not in _PARTICLES else None
                if second:
                    return f"{first} {second}"
        return found

    def _inflected(self, token: str, language: str) -> str | None:
        table = self._tables[language]
        if token in table:
            return table[token]
        return next((table[form] for form in base_forms(token, language) if form in table), None)

    def english(self, text: str) -> str:
        """`text` with each known word and phrase replaced; unchanged where it is English or in no language of the
        table."""
        folded = fold(text)
        language = self.language(folded)
        if language is None:
            return text
        words = list(_WORD.finditer(folded))
        parts, at, end = [], 0, 0
        while at < len(words):
            length, meaning = self._longest(words, at, folded, language)
            parts += [folded[end : words[at].start()], meaning]
            at += length
            end = words[at - 1].end()
        return "".join([*parts, folded[end:]])

    def _longest(self, words: Sequence[re.Match[str]], at: int, text: str, language: str) -> tuple[int, str]:
        """How many words from `at` on have a meaning together, and that; a word without one stands for itself."""
        for phrase in self._phrases[language].get(words[at][0], ()):
            run = words[at : at + len(phrase)]
            if tuple(word[0] for word in run) == phrase and all(
                _BETWEEN.fullmatch(text, before.end(), after.start()) for before, after in pairwise(run)
            ):
                return len(phrase), self._tables[language][" ".join(phrase)]
        return 1, self._look_up(words[at][0], language) or words[at][0]


def _by_first_word(table: Mapping[str, str]) -> dict[str, list[tuple[str, ...]]]:
    """The phrases of a table by their first word, the longest first."""
    found: dict[str, list[tuple[str, ...]]] = {}
    for key in table:
        if " " in key:
            phrase = tuple(key.split())
            found.setdefault(phrase[0], []).append(phrase)
    return {first: sorted(phrases, key=len, reverse=True) for first, phrases in found.items()}


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


def read_function_words(path: Path) -> dict[str, frozenset[str]]:
    """Read the words of grammar of each language."""
    return {language: frozenset(text.split()) for language, text in tomllib.loads(path.read_text("utf-8")).items()}


@lru_cache(maxsize=1)
def bundled_gloss() -> Gloss:
    """The gloss that ships with domaingen; read once per process."""
    function_words = read_function_words(asset("moderation", "function_words.toml"))
    return Gloss(read_gloss(asset("moderation", "gloss.txt")), bundled_words(), function_words)
