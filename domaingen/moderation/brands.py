"""Famous brands in a label: contained, nearly spelled, or written with look-alike characters.

Brands that are also dictionary words (`apple`) count only as the whole label or beside a word that borrows the brand's
trust (`login`, `support`) or its goods (`iphone`): `applepieshop` is a bakery.
"""

import tomllib
from dataclasses import dataclass
from functools import cached_property
from itertools import pairwise, product
from pathlib import Path

from domaingen.moderation.readings import Reader
from domaingen.moderation.verdict import Finding
from domaingen.moderation.words import Words

MARGIN = 1.0
"""How much dearer (log10) a reading with the brand may be than the best one."""
_BRAND_COST = 5.0
_NEAR_LETTERS = 6
_LOOKS = {"0": "o", "1": "li", "3": "e", "4": "a", "5": "s", "6": "b", "7": "t", "8": "b", "9": "g"}
_PAIRS = (("rn", "m"), ("vv", "w"), ("cl", "d"), ("nn", "m"), ("ii", "u"))


def _deletions(word: str) -> set[str]:
    return {word[:i] + word[i + 1 :] for i in range(len(word))}


def _one_edit(a: str, b: str) -> bool:
    """Whether one insertion, deletion, replacement or swap of neighbours turns `a` into `b`."""
    if a == b:
        return False
    if len(a) == len(b):
        differ = [i for i in range(len(a)) if a[i] != b[i]]
        return len(differ) == 1 or (
            len(differ) == 2
            and differ[1] == differ[0] + 1
            and a[differ[0]] == b[differ[1]]
            and a[differ[1]] == b[differ[0]]
        )
    short, long = sorted((a, b), key=len)
    return len(long) - len(short) == 1 and short in _deletions(long)


@dataclass(frozen=True)
class Brands:
    """`coined` brands, `worded` brands with the words of their own that give them away, and words that give any away."""

    coined: frozenset[str]
    worded: dict[str, frozenset[str]]
    risky: frozenset[str]
    words: Words
    near: dict[str, tuple[str, ...]]
    """Each coined brand of six letters or more, and each of its one-letter deletions -> the brands."""

    @cached_property
    def beginnings(self) -> frozenset[str]:
        """The first three letters of the coined brands."""
        return frozenset(brand[:3] for brand in self.coined)

    @classmethod
    def read(cls, path: Path, words: Words) -> "Brands":
        """Read `data/moderation/brands.toml`."""
        content = tomllib.loads(path.read_text(encoding="utf-8"))
        coined = frozenset("".join(c for c in brand if c.isalnum()) for brand in content["coined"].split())
        near: dict[str, set[str]] = {}
        for brand in coined:
            if len(brand) >= _NEAR_LETTERS:
                for form in {brand, *_deletions(brand)}:
                    near.setdefault(form, set()).add(brand)
        return cls(
            coined,
            {brand: frozenset(own.split()) for brand, own in content["word"].items()},
            frozenset(content["risky"].split()),
            words,
            {form: tuple(sorted(brands)) for form, brands in near.items()},
        )

    def find(self, parts: list[str], reader: Reader) -> list[Finding]:
        """The brand in a label's hyphen-separated parts; at most one finding."""
        joined = "".join(parts)
        for text in dict.fromkeys([*parts, joined]):
            if brand := self._contained(text, reader):
                return [Finding("brand", brand)]
        if brand := self._worded(parts, joined, reader):
            return [Finding("brand", brand)]
        for text in dict.fromkeys([*parts, joined]):
            if brand := self._disguised(text, reader) or self._near(text, reader):
                return [Finding("brand_lookalike", f"{text} resembles {brand}")]
        return []

    def _contained(self, text: str, reader: Reader) -> str | None:
        for start in range(len(text)):
            if text[start : start + 3] not in self.beginnings:
                continue
            for end in range(start + 3, min(len(text), start + 18) + 1):
                brand = text[start:end]
                if brand not in self.coined:
                    continue
                if start == 0 and end == len(text):
                    return brand
                left, right = text[:start], text[end:]
                around = sum(reader.read(side)[0].cost for side in (left, right) if side.isalpha())
                plain = text if text.isalpha() else brand
                whole = reader.read(plain)[0].cost
                if plain == brand or around + _BRAND_COST <= whole + MARGIN:
                    return brand
                own = self.words.cost.get(brand, 99.0)
                if (
                    len(brand) >= _NEAR_LETTERS
                    and own > 5.0
                    and all(
                        cost is None
                        for cost in (
                            reader.cost(piece) for piece in reader.read(plain)[0].pieces if brand in piece
                        )
                    )
                    and any(brand in piece for piece in reader.read(plain)[0].pieces)
                ):
                    return brand
        return None

    def _worded(self, parts: list[str], joined: str, reader: Reader) -> str | None:
        if joined in self.worded:
            return joined
        pieces: list[str] = []
        for part in parts:
            pieces += [part] if not part.isalpha() else reader.read(part)[0].pieces
        for first, second in pairwise(pieces):
            for brand, other in ((first, second), (second, first)):
                if brand in self.worded and (
                    other in self.worded[brand] or (brand == first and other in self.risky - _HONEST)
                ):
                    return brand
        for brand in pieces:
            if brand in self.worded and any(piece in _TRUST for piece in pieces):
                return brand
        return None

    def _disguised(self, text: str, reader: Reader) -> str | None:
        """The brand that a text with digits or letter pairs in place of letters shows: `paypa1`, `arnazon`."""
        forms = set()
        if (
            not text.isalpha()
            and any(character.isdigit() for character in text)
            and any(character.isalpha() for character in text)
        ):
            choices = [_LOOKS.get(character, character) for character in text]
            if sum(len(choice) > 1 for choice in choices) <= 4:
                forms |= {"".join(form) for form in product(*choices)}
        for pair, letter in _PAIRS:
            if pair in text:
                forms.add(text.replace(pair, letter))
        for form in sorted(forms - {text}):
            if form in self.worded or form in self.coined:
                return form
            if text.isalpha() and reader.read(text)[0].cost < 14.0:
                continue
            for brand in self.coined:
                if len(brand) >= 5 and brand in form and brand not in text:
                    return brand
        return None

    def _near(self, text: str, reader: Reader) -> str | None:
        """The coined brand that a part of the text misspells by one letter, where the text reads as nothing else."""
        if not text.isalpha() or self.words.knows(text, most=6.5):
            return None
        pieces = reader.read(text)[0].pieces
        if len(pieces) <= 2 and all(
            (reader.cost(piece) or 99.0) <= (6.3 if len(piece) > 3 else 5.3) for piece in pieces
        ):
            return None
        bounds = [0]
        for piece in pieces:
            bounds.append(bounds[-1] + len(piece))
        for high in bounds:
            chunk = text[:high]
            least = _NEAR_LETTERS - 1 if high == len(text) else _NEAR_LETTERS + 1
            if not least <= len(chunk) <= 20 or self.words.knows(chunk, most=6.3):
                continue
            for form in (chunk, *_deletions(chunk)):
                for brand in self.near.get(form, ()):
                    if _one_edit(chunk, brand) and chunk[0] == brand[0]:
                        return brand
        return None


_TRUST = frozenset(
    [
        "login",
        "signin",
        "signup",
        "logon",
        "verify",
        "verification",
        "verified",
        "unlock",
        "refund",
        "support",
        "helpdesk",
        "billing",
    ]
)
_HONEST = frozenset(
    [
        "store",
        "shop",
        "repair",
        "repairs",
        "help",
        "service",
        "services",
        "care",
        "customer",
        "app",
        "update",
        "pay",
        "payment",
        "gift",
        "bonus",
    ]
)
"""Words that lawful shops put behind a dictionary word: `orangestore`, `shellrepair`, `targetcare`."""
