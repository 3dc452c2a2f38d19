"""Moderation of suggested names: hidden words, slurs and profanity, famous brands, look-alike letters.

Finding codes: `slur`, `profanity`, `sexual_word`, `violent_word` (seen in the likeliest reading), `hidden_word` (seen
in another plausible reading), `hate` (a call to harm a people), `brand`, `brand_lookalike`, `confusable`. The evidence is the reading or the brand.
"""

import re
from collections.abc import Mapping
from functools import lru_cache
from itertools import pairwise

from domaingen.assets import asset
from domaingen.moderation.brands import Brands
from domaingen.moderation.confusables import skeleton
from domaingen.moderation.normalise import fold
from domaingen.moderation.readings import MOST_TABOO_COST, Reader, Reading
from domaingen.moderation.taboo import Taboo, read_taboo
from domaingen.moderation.verdict import Finding
from domaingen.moderation.words import Words, bundled_words

MARGIN = 3.5
"""How much dearer (log10) a reading with an unwanted word may be than the best one and still be noticed."""
MILD_MARGIN = 1.5
_DOUBLE_MARGIN = 2.1
"""Up to this gap a mild word and the reading without it are both seen: childrens wear, children swear."""
_SEEN_LETTERS = 5
_SEEN_MARGIN = 2.5
"""A hidden word inside one common word is only noticed at the beginning of a longer label, from five letters on, in a
close reading and behind a link: the/rapist/finder. A label that is a common word itself is read as that word."""
_COMMON_COST = 6.8
_INNOCENT_COST = 6.0
"""What a word of the list `innocent` costs at most."""
_LINKS = frozenset(
    ["a", "i", "in", "on", "of", "or", "at", "to", "by", "up", "us", "we", "me", "my", "is", "it", "as", "an", "no", "so",
     "the"]
)  # fmt: skip
_STRETCH = re.compile(r"([a-z])\1{2,}")
_DIGITS = (str.maketrans("01345789", "oleastbg"), str.maketrans("01345789", "oieastbg"))


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


def _with_innocent(words: Words, innocent: frozenset[str]) -> Words:
    """The words with the innocent ones among them, common enough to be read as themselves."""
    costs = {word: min(words.cost.get(word, 99.0), _INNOCENT_COST) for word in innocent}
    return Words(words.cost | costs, words.languages | dict.fromkeys(innocent, "en"))


def _texts(part: str) -> list[str]:
    """What a part of a label may be read as: digits left out or as letters or as boundaries."""
    if part.isalpha():
        texts = [part]
    else:  # digits at the ends are ornament: sex4you is read by its pieces
        texts = [re.sub(r"\d+", "", part), *(part.translate(table) for table in _DIGITS)]
        texts += [piece for piece in re.split(r"\d+", part) if len(piece) > 2]
    return list(dict.fromkeys(texts))


def _seen(letters: str, bad: Reading, innocent: Reading) -> bool:
    """Whether a reader sees the unwanted word, though one common word holds it."""
    found_from, found_to = bad.span
    return (
        found_to - found_from >= _SEEN_LETTERS
        and bad.cost - innocent.cost <= _SEEN_MARGIN
        and letters[:found_from] in _LINKS
        and len(innocent.pieces[0]) == found_to < len(letters)
    )


class LabelModerator:
    """Inspects second-level labels. Thread-safe and without state."""

    def __init__(
        self, *, words: Words | None = None, taboo: Taboo | None = None, brands: Brands | None = None
    ) -> None:
        given = taboo or read_taboo(asset("moderation", "profanity.toml"))
        self._words = _with_innocent(words or bundled_words(), given.innocent)
        self._stems = given.strong
        self._taboo = given.with_derived(self._words)
        self._stems_from = _by_beginning(self._stems)
        self._brands = brands or Brands.read(asset("moderation", "brands.toml"), self._words)
        self._codes = self._taboo.mild | self._taboo.plain | self._taboo.strong
        costs = {word: min(self._words.cost.get(word, 99.0), MOST_TABOO_COST) for word in self._codes}
        self._reader = Reader(self._words, costs)

    def inspect(self, label: str, *, description: str = "") -> list[Finding]:
        """What is wrong with this label, worst first; empty where nothing is.

        `description` excuses mild and plain words that it uses itself (`weedkill` for one who kills weeds), but no
        slurs, and none beside the people whom it could be meant for (`killjews`).
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
            findings += self._inspect_part(part, used, alone=len(parts) == 1)
        if len(parts) > 1 and not findings:
            findings += self._scraps(parts)
        findings += self._brands.find(parts, self._reader)
        return findings

    def _inspect_part(self, part: str, used: frozenset[str], *, alone: bool) -> list[Finding]:
        texts = _texts(part)
        for letters in [*texts, *(short for text in texts for short in self._squeezed(text))]:
            if not letters.isalpha() or not letters.isascii():
                continue
            if code := self._taboo.whole.get(letters):
                return [Finding(code, letters)]
            if finding := self._read(letters, used, alone=alone):
                return [finding]
        return []

    def _squeezed(self, text: str) -> list[str]:
        """A text with stretched letters (`fuuuck`) as one and as two of each, unless it reads as words as it stands."""
        if not _STRETCH.search(text) or not text.isalpha():
            return []
        pieces = self._reader.read(text)[0].pieces
        if all(len(piece) > 2 and (self._reader.cost(piece) or 99.0) <= _COMMON_COST for piece in pieces):
            return []
        return [_STRETCH.sub(kept, text) for kept in (r"\1", r"\1\1")]

    def _scraps(self, parts: list[str]) -> list[Finding]:
        """Hyphens that only disguise: `f-u-c-k`, `sh-it`. Hyphens between real words are honest boundaries."""
        joined = "".join(parts)
        scraps = sum(len(part) for part in parts if not self._words.knows(part, most=5.0) or len(part) < 3)
        if joined.isalpha() and scraps * 2 >= len(joined):
            for word, code in (self._stems | self._taboo.plain).items():
                whole = word == joined or (word in joined and word in self._stems)
                if whole and not any(word in part for part in parts):  # a part has been read by itself
                    return [Finding(code, word)]
        return []

    def _read(self, letters: str, used: frozenset[str], *, alone: bool) -> Finding | None:
        innocent, bad = self._reader.read(letters)
        likeliest = innocent
        for reading in sorted(bad, key=self._gravity):
            word = reading.found or ""
            if not self._excused(word, reading, used) and self._noticed(letters, reading, likeliest, alone=alone):
                open_ = reading.cost <= likeliest.cost
                return Finding(self._codes[word] if open_ else "hidden_word", " ".join(reading.pieces))
            if self._threatens(reading) and reading.cost <= likeliest.cost:
                return Finding("hate", " ".join(reading.pieces))
            if reading.cost < likeliest.cost:  # it may be read, so what is dearer hides behind it
                likeliest = reading
        if self._threatens(innocent) and innocent is likeliest:
            return Finding("hate", " ".join(innocent.pieces))
        return self._inside_coined(letters, innocent)

    def _excused(self, word: str, reading: Reading, used: frozenset[str]) -> bool:
        """Whether the description uses the word itself, and it is no insult and not aimed at anybody."""
        taboo = self._taboo
        forms = {word, word + "s", word.removesuffix("s")} & self._codes.keys()  # no `as` for `ass`
        if word in taboo.strong or forms.isdisjoint(used):
            return False
        if word in taboo.plain and taboo.plain[word] == "slur" and word not in taboo.everyday:
            return False
        return taboo.peoples.isdisjoint(reading.pieces) and taboo.young.isdisjoint(reading.pieces)

    def _threatens(self, reading: Reading) -> bool:
        """Whether the reading has an attack, and behind it, links aside, a people."""
        if self._taboo.peoples.isdisjoint(reading.pieces):
            return False
        attacks, peoples = self._taboo.attacks, self._taboo.peoples
        said = [piece for piece in reading.pieces if piece in attacks or piece not in _LINKS | {"all"}]
        return any(first in attacks and second in peoples for first, second in pairwise(said))

    def _gravity(self, reading: Reading) -> tuple[float, bool]:
        """The likeliest reading first, and in one reading the gravest word."""
        return reading.cost, reading.found in self._taboo.mild

    def _noticed(self, letters: str, bad: Reading, innocent: Reading, *, alone: bool) -> bool:
        if bad.found in self._taboo.mild:
            return self._mild_noticed(letters, bad, innocent, alone=alone)
        return bad.cost - innocent.cost <= MARGIN and not self._harmless(letters, bad, innocent)

    def _mild_noticed(self, letters: str, bad: Reading, innocent: Reading, *, alone: bool) -> bool:
        """An open mild word is a matter of taste where it is not all; one that another reading lacks is not."""
        gap = bad.cost - innocent.cost
        if gap > 0:
            inside = self._cut_out(letters, bad, innocent) is not None
            return gap <= MILD_MARGIN and not inside and not self._harmless(letters, bad, innocent)
        if len(bad.pieces) == 1:
            return alone
        return -gap <= _DOUBLE_MARGIN and innocent.holding(bad.span) is None and self._english(innocent)

    def _cut_out(self, letters: str, bad: Reading, innocent: Reading) -> float | None:
        """The cost of the known word that the unwanted one is cut out of (`san die go`), None where it is not."""
        holder = innocent.holding(bad.span)
        if holder is None or not set(holder) <= set(bad.bounds):
            return None
        return self._reader.cost(letters[slice(*holder)])

    def _english(self, reading: Reading) -> bool:
        """Whether whoever reads the mild words, all of them English, may read this instead: not `can cercare`."""
        return all("en" in self._words.languages.get(piece, "") for piece in reading.pieces)

    def _harmless(self, letters: str, bad: Reading, innocent: Reading) -> bool:
        """A hidden word that no reader sees: cut out of a common word, or found by many cuts, or between scraps."""
        if bad.cost <= innocent.cost or bad.found is None:
            return False
        own = self._cut_out(letters, bad, innocent)
        if own is not None and own <= _COMMON_COST and not _seen(letters, bad, innocent):
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
            if any(cost is None or cost > _COMMON_COST for cost in touched):
                return Finding(code, word)
        return None


@lru_cache(maxsize=1)
def bundled_label_moderator() -> LabelModerator:
    """The moderator of names with the lists that ship with domaingen; built once per process."""
    return LabelModerator()
