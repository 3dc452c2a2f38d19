"""Famous brands in a label: contained, beside a word that gives them away, or imitated (see `lookalikes`).

Brands that are also dictionary words (`apple`) count only as the whole label or beside a word that borrows the brand's
trust (`login`, `support`) or its goods (`iphone`): `applepieshop` is a bakery.
"""

import re
import tomllib
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

from domaingen.moderation.lookalikes import Lookalikes
from domaingen.moderation.readings import Reader
from domaingen.moderation.verdict import Finding
from domaingen.moderation.words import Words

MARGIN = 0.3
"""How much dearer (log10) a reading with a coined brand may be than the best one."""
_GIVEN_AWAY_MARGIN = 1.5
"""The same where nothing but words that borrow trust stands beside the brand: `canonsupport`, `can on support`."""
_SHORT_MARGIN = 1.0
"""How much cheaper a reading with a brand of `_SHORT` letters must be than one that cuts through it: `kite bay`."""
_SHORT = 5
_MOST_COST = 5.0
"""Brands are noticed more readily than their frequency in books says, so none costs more."""
_RARE = 6.2


class _Places:
    """Finds the places of brands in a text, with one look-up for each letter of the text."""

    def __init__(self, brands: Iterable[str]) -> None:
        brands = sorted(brands)
        self._size = min(map(len, brands))
        self._by_beginning: dict[str, list[str]] = {}
        for brand in brands:
            self._by_beginning.setdefault(brand[: self._size], []).append(brand)

    def find(self, text: str) -> list[tuple[int, int]]:
        """Begin and end of each brand in the text."""
        size, table = self._size, self._by_beginning
        return [
            (start, start + len(brand))
            for start in range(len(text) - size + 1)
            for brand in table.get(text[start : start + size], ())
            if text.startswith(brand, start)
        ]


@dataclass(frozen=True)
class Brands:
    """Famous marks and the words that give away those that are also dictionary words."""

    coined: frozenset[str]
    worded: dict[str, frozenset[str]]
    """Brands that are also words -> the words of their own."""
    trust: frozenset[str]
    """Words that borrow any brand's trust: `login`."""
    behind: frozenset[str]
    """Words that do so directly behind it: `account`."""
    filling: frozenset[str]
    """Words that may stand before it or between it and a word of trust: `my`, `store`."""
    words: Words

    @classmethod
    def read(cls, path: Path, words: Words) -> "Brands":
        """Read `data/moderation/brands.toml`."""
        content = tomllib.loads(path.read_text(encoding="utf-8"))
        return cls(
            coined=frozenset(re.sub(r"\W", "", brand) for brand in content["coined"].split()),
            worded={brand: frozenset(own.split()) for brand, own in content["word"].items()},
            trust=frozenset(content["trust"].split()),
            behind=frozenset(content["behind"].split()),
            filling=frozenset(content["filling"].split()),
            words=words,
        )

    @cached_property
    def _coined_places(self) -> _Places:
        return _Places(self.coined)

    @cached_property
    def _worded_places(self) -> _Places:
        return _Places(self.worded)

    @cached_property
    def _terms(self) -> frozenset[str]:
        """What stays one piece where it is a whole part or all that stands beside a brand: `hana`, `signin`."""
        return frozenset().union(
            self.coined, self.worded, self.trust, self.behind, self.filling, *self.worded.values()
        )

    @cached_property
    def _lookalikes(self) -> Lookalikes:
        return Lookalikes(self.coined, frozenset(self.worded), self.trust, self.words)

    def find(self, parts: list[str], reader: Reader) -> list[Finding]:
        """The brand in a label's hyphen-separated parts; at most one finding."""
        joined = "".join(parts)
        for text in dict.fromkeys([*parts, joined]):
            if brand := self._contained(text, reader):
                return [Finding("brand", brand)]
        if brand := joined if joined in self.worded else self._given_away(parts, reader):
            return [Finding("brand", brand)]
        for text, imitated in self._imitated(parts, reader):
            return [Finding("brand_lookalike", f"{text} resembles {imitated}")]
        return []

    def _imitated(self, parts: list[str], reader: Reader) -> Iterator[tuple[str, str]]:
        """What imitates a brand, and the brand."""
        yield from self._lookalikes.find(parts, reader)
        for part in parts:
            for form in self._lookalikes.undisguised(part):
                if brand := self._given_away([form], reader):
                    yield part, brand

    def _pieces(self, text: str, reader: Reader) -> tuple[tuple[str, ...], float]:
        """The words of a text and their cost. Digits are ornament, except in a term (`f150`)."""
        if not text:
            return (), 0.0
        if text in self._terms:
            return (text,), self._cost(text)
        reading = reader.read(text if text.isalpha() else re.sub("[^a-z]+", "", text))[0]
        return reading.pieces, reading.cost

    def _cost(self, brand: str) -> float:
        return min(self.words.cost.get(brand, _MOST_COST), _MOST_COST)

    def _contained(self, text: str, reader: Reader) -> str | None:
        """The coined brand that a reader sees in the text: alone, between words, or inside of what is no word."""
        for letters in [text] if text.isalpha() else re.findall("[a-z]+", text):
            for start, end in self._coined_places.find(letters):
                if self._seen(letters, start, end, reader):
                    return letters[start:end]
        return None

    def _seen(self, letters: str, start: int, end: int, reader: Reader) -> bool:
        sides = letters[:start], letters[end:]
        margin = self._margin(*sides)
        cost = self._cost(letters[start:end]) + sum(self._pieces(side, reader)[1] for side in sides)
        best = reader.read(letters)[0]
        short = end - start <= _SHORT
        if short and reader.cost(letters) is not None:  # a word of its own: niveaus
            margin = MARGIN
        if cost <= best.cost + margin:
            return not short or margin > MARGIN or self._clear(letters, start, end, cost, reader)
        holding = best.holding((start, end))
        return not short and holding is not None and reader.cost(letters[slice(*holding)]) is None

    def _margin(self, *sides: str) -> float:
        """How much dearer the reading may be in which these texts stand at the sides of a brand."""
        return _GIVEN_AWAY_MARGIN if all(not side or side in self._terms for side in sides) else MARGIN

    def _clear(self, letters: str, start: int, end: int, cost: float, reader: Reader) -> bool:
        """Whether a reading with a short brand is one of words, and much better than those that cut through it."""
        return cost + _SHORT_MARGIN <= self._cut(letters, start, end, reader) and all(
            self._is_words(side, reader) for side in (letters[:start], letters[end:]) if side
        )

    def _cut(self, letters: str, start: int, end: int, reader: Reader) -> float:
        """What the best reading costs in which a word ends inside of the brand."""
        return min(
            reader.read(letters[:at])[0].cost + reader.read(letters[at:])[0].cost for at in range(start + 1, end)
        )

    def _is_words(self, text: str, reader: Reader) -> bool:
        return any(
            all(len(piece) > 2 and (reader.cost(piece) or 99.0) <= _RARE for piece in pieces)
            for pieces in ((text,), self._pieces(text, reader)[0])
        )

    def _given_away(self, parts: list[str], reader: Reader) -> str | None:
        """The brand that is also a word and stands beside a word that says the brand is meant."""
        for index, part in enumerate(parts):
            for start, end in self._worded_places.find(part):
                before, cost_before = self._pieces(part[:start], reader)
                after, cost_after = self._pieces(part[end:], reader)
                brand = part[start:end]
                cost = cost_before + self._cost(brand) + cost_after
                if part.isalpha() and cost > self._pieces(part, reader)[1] + self._margin(
                    part[:start], part[end:]
                ):
                    continue
                leaders = [piece for other in parts[:index] for piece in self._pieces(other, reader)[0]]
                followers = [piece for other in parts[index + 1 :] for piece in self._pieces(other, reader)[0]]
                if self._gives_away(brand, [*leaders, *before], [*after, *followers], before):
                    return brand
        return None

    def _gives_away(self, brand: str, leaders: list[str], followers: list[str], before: tuple[str, ...]) -> bool:
        """`before` are the leaders that are joined with the brand: after `silent`, `sky` is the sky."""
        own = self.worded[brand]
        filling = self.filling | self.behind | own
        if own & {*leaders[-1:], *followers[:1]}:
            return True
        if not filling | self.trust >= set(before):
            return False
        if followers and followers[0] in self.behind:
            return True
        nearest = [
            next((piece for piece in row if piece not in filling), "") for row in (leaders[::-1], followers)
        ]
        return bool(self.trust & set(nearest))
