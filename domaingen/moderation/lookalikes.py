"""Labels that imitate a famous brand: misspelled by one letter, or with digits or letter pairs for letters.

Beside a word that borrows trust (`paypai-login`) a misspelling is believed sooner than alone (`paypai`): there it need
not look like the brand at its first letter, may read as two other words, and may be of a dictionary word (`amazom`).
"""

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from itertools import product

from domaingen.moderation.readings import Reader
from domaingen.moderation.words import Words

_LOOKS = {"0": "o", "1": "li", "3": "e", "4": "a", "5": "s", "6": "b", "7": "t", "8": "b", "9": "g"}
_PAIRS = (("rn", "m"), ("vv", "w"), ("cl", "d"), ("nn", "m"), ("ii", "u"))
_TWINS = str.maketrans("i", "l")
_NEAR_TRUST = 5
"""Letters from which a brand beside a word of trust is known misspelled; alone it needs more."""
_NEAR_ALONE = 6
_NEAR_WORDED = 8
_LONGEST = 20
_WORD = 6.6
"""What costs no more is a word of its own and misspells nothing."""


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


def _begin_alike(a: str, b: str) -> bool:
    """Whether a reader takes the beginnings for the same: the same letter, `l` for `i`, or the first two swapped."""
    return a[0].translate(_TWINS) == b[0].translate(_TWINS) or a[:2] == b[1::-1]


@dataclass(frozen=True)
class Lookalikes:
    """Finds imitations of brands that are `coined` or also words (`worded`); `trust` are words that borrow trust."""

    coined: frozenset[str]
    worded: frozenset[str]
    trust: frozenset[str]
    words: Words

    @cached_property
    def _near(self) -> dict[str, tuple[str, ...]]:
        """Each brand of enough letters, and each of its one-letter deletions -> the brands."""
        near: dict[str, set[str]] = {}
        for brand in self.coined | self.worded:
            if len(brand) >= _NEAR_TRUST:
                for form in {brand, *_deletions(brand)}:
                    near.setdefault(form, set()).add(brand)
        return {form: tuple(sorted(brands)) for form, brands in near.items()}

    def find(self, parts: list[str], reader: Reader) -> Iterator[tuple[str, str]]:
        """The texts among a label's parts that imitate a brand, each with the brand."""
        for text in dict.fromkeys([*parts, "".join(parts)]):
            if brand := self._disguised(text, reader) or self._misspelled(text, reader):
                yield text, brand
        for text in self._trusted(parts):
            if brand := self._misspelled_beside_trust(text):
                yield text, brand

    def undisguised(self, text: str) -> list[str]:
        """The text with letters in place of digits that look like them; none where that says little."""
        if text.isalpha() or text.isdigit():
            return []
        choices = [_LOOKS.get(character, character) for character in text]
        if sum(len(choice) > 1 for choice in choices) > 4:
            return []
        return sorted("".join(form) for form in product(*choices))

    def _disguised(self, text: str, reader: Reader) -> str | None:
        """The brand that a text with digits or letter pairs in place of letters shows: `paypa1`, `arnazon`."""
        forms = {*self.undisguised(text), *(text.replace(pair, letter) for pair, letter in _PAIRS)}
        for form in sorted(forms - {text}):
            if form in self.worded or form in self.coined:
                return form
            if text.isalpha() and reader.read(text)[0].cost < 14.0:
                continue
            for brand in self.coined:
                if len(brand) >= 5 and brand in form and brand not in text:
                    return brand
        return None

    def _misspelled(self, text: str, reader: Reader) -> str | None:
        """The brand that the text, or a beginning of it, misspells by one letter where it reads as nothing else."""
        if not text.isalpha() or self.words.knows(text, most=_WORD):
            return None
        high, words = 0, []
        for piece in reader.read(text)[0].pieces:
            high += len(piece)
            words.append((reader.cost(piece) or 99.0) <= (6.3 if len(piece) > 3 else 5.3))
            chunk, whole = text[:high], high == len(text)
            if not whole and (len(chunk) <= _NEAR_ALONE or self.words.knows(chunk, most=6.3)):
                continue
            reads_otherwise = len(words) <= 2 and all(words)
            for brand in self._nearest(chunk):
                if not _begin_alike(chunk, brand):
                    continue
                if brand in self.worded and not (whole and len(brand) >= _NEAR_WORDED):
                    continue
                twins = chunk.translate(_TWINS) == brand.translate(_TWINS)
                shortened = len(chunk) < len(brand) and len(piece) <= 3
                unexplained = not reads_otherwise or (whole and (twins or shortened))
                if len(brand) >= _NEAR_ALONE and unexplained:
                    return brand
        return None

    def _trusted(self, parts: list[str]) -> Iterator[str]:
        """What stands beside a word of trust: the other parts, or the rest of a part that it begins or ends."""
        if not self.trust.isdisjoint(parts):
            yield from (part for part in parts if part not in self.trust)
        words = tuple(self.trust)
        for part in parts:
            if part.startswith(words) or part.endswith(words):
                yield from (part.removeprefix(word).removesuffix(word) for word in words if word in part)

    def _misspelled_beside_trust(self, text: str) -> str | None:
        if not text.isalpha() or self.words.knows(text, most=_WORD):
            return None
        for brand in self._nearest(text):
            if len(brand) >= _NEAR_ALONE or _begin_alike(text, brand):
                return brand
        return None

    def _nearest(self, chunk: str) -> Iterator[str]:
        """The brands one letter away."""
        if _NEAR_TRUST - 1 <= len(chunk) <= _LONGEST:
            for form in (chunk, *_deletions(chunk)):
                for brand in self._near.get(form, ()):
                    if _one_edit(chunk, brand):
                        yield brand
