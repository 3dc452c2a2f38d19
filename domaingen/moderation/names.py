"""Moderation of suggested names: hidden words, slurs and profanity, famous brands, look-alike letters.

Finding codes: `slur`, `profanity`, `sexual_word`, `violent_word` (seen in the likeliest reading), `hidden_word` (seen
in another plausible reading), `brand`, `brand_lookalike`, `confusable`. The evidence is the reading or the brand.
"""

import re
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

from domaingen.assets import asset
from domaingen.moderation.brands import Brands
from domaingen.moderation.confusables import skeleton
from domaingen.moderation.normalise import fold
from domaingen.moderation.readings import MOST_TABOO_COST, Reader, Reading
from domaingen.moderation.verdict import Finding
from domaingen.moderation.words import Words, bundled_words

MARGIN = 3.5
"""How much dearer (log10) a reading with an unwanted word may be than the best one and still be noticed."""
MILD_MARGIN = 1.5
_DOUBLE_MARGIN = 2.1
"""Up to this gap a mild word and the reading without it are both seen: childrens wear, children swear."""
_SEEN_LETTERS = 5
_SEEN_MARGIN = 2.5
"""A hidden word inside one common word is only noticed from five letters on and in a close reading: the/rapist."""
_COMMON_COST = 6.2
_LINKS = frozenset(
    [
        "a",
        "i",
        "in",
        "on",
        "of",
        "or",
        "at",
        "to",
        "by",
        "up",
        "us",
        "we",
        "me",
        "my",
        "is",
        "it",
        "as",
        "an",
        "no",
        "so",
        "the",
    ]
)
_DIGITS = (str.maketrans("01345789", "oleastbg"), str.maketrans("01345789", "oieastbg"))


@dataclass(frozen=True, slots=True)
class Taboo:
    """Unwanted words by how they are looked for (see data/moderation/profanity.toml); word -> code."""

    strong: dict[str, str]
    plain: dict[str, str]
    mild: dict[str, str]
    whole: dict[str, str]
    innocent: frozenset[str] = frozenset()

    def with_derived(self, words: Words) -> "Taboo":
        """This with the known words that begin with a strong word of four letters or more (`orgasmic`, `pornstar`)."""
        strong = dict(self.strong)
        beginnings = {word[:4] for word in self.strong if len(word) >= 4}
        for word in words.cost:
            if word[:4] not in beginnings:
                continue
            for size in range(4, len(word)):
                code = self.strong.get(word[:size])
                if code and word not in self.innocent:
                    strong[word] = code
                    break
        return Taboo(strong, self.plain, self.mild, self.whole, self.innocent)


def read_taboo(path: Path) -> Taboo:
    """Read the word list; plurals are added, accents folded."""
    tiers: dict[str, dict[str, str]] = {"strong": {}, "plain": {}, "mild": {}, "whole": {}}
    content = tomllib.loads(path.read_text(encoding="utf-8"))
    innocent = frozenset(content.pop("innocent", ()))
    for code, lists in content.items():
        for tier, words in lists.items():
            for word in words:
                tiers[tier][fold(word)] = code
    for tier in ("strong", "plain", "mild"):
        for word, code in list(tiers[tier].items()):
            if len(word) > 2 and not word.endswith("s"):
                tiers[tier].setdefault(word + "s", code)
    return Taboo(**tiers, innocent=innocent)


@lru_cache(maxsize=256)  # a row's names are all inspected under its description
def _words_used(description: str) -> frozenset[str]:
    return frozenset(re.findall(r"[a-z]+", fold(description)))


def _by_beginning(stems: Mapping[str, str]) -> tuple[int, dict[str, tuple[tuple[int, str, str], ...]]]:
    """The length of the shortest stem, and by so many first letters: each stem's place in the list, the stem, its
    code. So a label is searched for hundreds of stems with one look-up for each of its letters."""
    size = min(map(len, stems), default=0)
    table: dict[str, tuple[tuple[int, str, str], ...]] = {}
    for place, (word, code) in enumerate(stems.items()):
        table[word[:size]] = (*table.get(word[:size], ()), (place, word, code))
    return size, table


class LabelModerator:
    """Inspects second-level labels. Thread-safe and without state."""

    def __init__(
        self, *, words: Words | None = None, taboo: Taboo | None = None, brands: Brands | None = None
    ) -> None:
        self._words = words or bundled_words()
        given = taboo or read_taboo(asset("moderation", "profanity.toml"))
        self._stems = given.strong
        self._taboo = given.with_derived(self._words)
        self._stems_from = _by_beginning(self._stems)
        self._brands = brands or Brands.read(asset("moderation", "brands.toml"), self._words)
        costs = {}
        for tier in (self._taboo.mild, self._taboo.plain, self._taboo.strong):
            for word in tier:
                costs[word] = min(self._words.cost.get(word, 99.0), MOST_TABOO_COST)
        self._reader = Reader(self._words, costs)

    def inspect(self, label: str, *, description: str = "") -> list[Finding]:
        """What is wrong with this label, worst first; empty where nothing is.

        `description` excuses mild words that it uses itself (`Hell` in a name for a pub in Hell, Norway).
        """
        label = label.lower().strip()
        if label.isascii():
            plain = label
            findings = []
        else:
            plain = skeleton(label).lower()
            mixed = any("\u0370" <= character <= "\u1fff" for character in label) and re.search("[a-z]", label)
            findings = [Finding("confusable", f"{label} looks like {plain}")] if mixed else []
        used = _words_used(description)
        parts = [plain] if plain.isalnum() else [part for part in re.split(r"[-_.]+", plain) if part]
        for part in parts:
            findings += self._inspect_part(part, used)
        if len(parts) > 1 and not findings:
            findings += self._scraps(parts)
        findings += self._brands.find(parts, self._reader)
        return findings

    def _inspect_part(self, part: str, used: frozenset[str]) -> list[Finding]:
        texts = (
            [part] if part.isalpha() else [re.sub(r"\d+", "", part), *(part.translate(table) for table in _DIGITS)]
        )
        if not part.isalpha():  # digits at the ends are ornament: sex4you is read by its pieces
            texts += [piece for piece in re.split(r"\d+", part) if len(piece) > 2]
        for letters in dict.fromkeys(texts):
            if not letters.isalpha() or not letters.isascii():
                continue
            if code := self._taboo.whole.get(letters):
                return [Finding(code, letters)]
            if finding := self._read(letters, used):
                return [finding]
        return []

    def _scraps(self, parts: list[str]) -> list[Finding]:
        """Hyphens that only disguise: `f-u-c-k`, `sh-it`. Hyphens between real words are honest boundaries."""
        joined = "".join(parts)
        scraps = sum(len(part) for part in parts if not self._words.knows(part, most=5.0) or len(part) < 3)
        if joined.isalpha() and scraps * 2 >= len(joined):
            for word, code in (self._stems | self._taboo.plain).items():
                if word == joined or (word in joined and word in self._stems):
                    return [Finding(code, word)]
        return []

    def _code(self, word: str) -> str:
        for tier in (self._taboo.strong, self._taboo.plain, self._taboo.mild):
            if word in tier:
                return tier[word]
        raise KeyError(word)

    def _read(self, letters: str, used: frozenset[str]) -> Finding | None:
        innocent, bad = self._reader.read(letters)
        if bad is not None and bad.found is not None:
            word = bad.found
            mild = word in self._taboo.mild
            excused = (mild or word in self._taboo.plain) and (word in used or word.rstrip("s") in used)
            margin = MILD_MARGIN if mild else MARGIN
            gap = bad.cost - innocent.cost
            if mild and gap <= 0:  # an open mild word is a matter of taste; one that another reading lacks is not
                excused = excused or (
                    len(bad.pieces) > 1 and (-gap > _DOUBLE_MARGIN or innocent.holding(bad.span) is not None)
                )
            if gap <= margin and not excused and not self._harmless(letters, bad, innocent):
                return Finding(self._code(word) if gap <= 0 else "hidden_word", " ".join(bad.pieces))
        return self._inside_coined(letters, innocent)

    def _harmless(self, letters: str, bad: Reading, innocent: Reading) -> bool:
        """A hidden word that no reader sees: cut out of a common word, or found by many cuts, or between scraps."""
        if bad.cost <= innocent.cost or bad.found is None:
            return False
        holder = innocent.holding(bad.span)
        if holder is not None and set(holder) <= set(bad.bounds):
            own = self._reader.cost(letters[holder[0] : holder[1]])
            seen = len(bad.found) >= _SEEN_LETTERS and bad.cost - innocent.cost <= _SEEN_MARGIN
            if own is not None and own <= _COMMON_COST and not seen:
                return True
        scraps = sum(len(piece) <= 2 and piece not in _LINKS for piece in bad.pieces if piece != bad.found)
        letters_alone = any(len(piece) == 1 and piece not in "aiu" for piece in bad.pieces)
        many = len(bad.pieces) > len(innocent.pieces) + 2
        return letters_alone or many or scraps > 1 or (scraps == 1 and len(bad.pieces) == 2)

    def _inside_coined(self, letters: str, innocent: Reading) -> Finding | None:
        """A strong word anywhere in a label, unless the innocent reading covers it with known words alone."""
        size, stems_from = self._stems_from
        found = {
            stem
            for at in range(len(letters) - size + 1)
            for stem in stems_from.get(letters[at : at + size], ())
            if letters.startswith(stem[1], at)
        }
        if not found:
            return None
        spans = []
        position = 0
        for piece in innocent.pieces:
            spans.append((position, position + len(piece), self._reader.cost(piece)))
            position += len(piece)
        for _, word, code in sorted(found):
            start = letters.find(word)
            end = start + len(word)
            touched = [cost for low, high, cost in spans if low < end and start < high]
            if any(cost is None or cost > 6.8 for cost in touched):
                return Finding(code, word)
        return None


@lru_cache(maxsize=1)
def bundled_label_moderator() -> LabelModerator:
    """The moderator of names with the lists that ship with domaingen; built once per process."""
    return LabelModerator()
