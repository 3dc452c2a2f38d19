"""Keeps evaluation rows out of training: whether a text stands in an evaluation set, as it is or nearly.

Compared are the evaluation sets of `data/evaluation`, the curated rows of held-out industries and the parts of the
safety rows that moderation is measured on. A text is found

- by digest: the same words, whatever the case, signs, spaces, accents and invisible characters;
- as a near-duplicate: Jaccard similarity (Broder, «On the resemblance and containment of documents», 1997) of at least
  0.8 over sets of letter trigrams or of words;
- as a part: at least 0.9 of the trigrams of an evaluation row of six words or more are in the text.
"""

import hashlib
import json
import re
import unicodedata
from collections import Counter
from collections.abc import Iterable, Iterator
from math import ceil
from pathlib import Path

from domaingen.assets import asset
from domaingen.errors import DomaingenError
from domaingen.moderation.normalise import fold
from training.held_out import measuring_files, measuring_rows
from training.safety_rows import read_safety, split_of

NEAR = 0.8
"""Jaccard similarity of near-duplicates."""
INSIDE = 0.9
"""Share of an evaluation row's trigrams by which it stands inside a longer text."""
_FEWEST_WORDS = 3
"""Words from which sets of words are compared; two of three words are no evidence."""
_INSIDE_WORDS = 6
"""Words from which a row is looked for inside longer texts: «coffee shop» stands rightly in many."""
_NO_WORD = re.compile(r"[\W_]+")

Features = frozenset[str]


def normalise_text(text: str) -> str:
    """Words in lower case, without accents, signs and invisible characters, divided by single spaces."""
    visible = "".join(char for char in unicodedata.normalize("NFKC", text) if unicodedata.category(char) != "Cf")
    return _NO_WORD.sub(" ", fold(visible)).strip()


def text_digest(text: str) -> str:
    """SHA-256 of the normalised text, hexadecimal."""
    return hashlib.sha256(normalise_text(text).encode("utf-8", "surrogatepass")).hexdigest()


def _trigrams(normal: str) -> Features:
    padded = f"  {normal} "
    return frozenset(padded[start : start + 3] for start in range(len(padded) - 2))


def _words(normal: str) -> Features:
    return frozenset(normal.split())


class _Index:
    """Finds sets whose Jaccard similarity to a given one may reach `NEAR`, or that may lie inside it.

    Such a set shares at least `NEAR` of its own features, so at least one of its rarest ones: indexing those alone
    misses nothing (prefix filtering; Bayardo, Ma and Srikant, «Scaling up all pairs similarity search», 2007).
    """

    def __init__(self, sets: list[Features]) -> None:
        self.sets = sets
        frequency = Counter(feature for features in sets for feature in features)
        self._rows: dict[str, list[int]] = {}
        for row, features in enumerate(sets):
            rarest = sorted(features, key=lambda feature: (frequency[feature], feature))
            for feature in rarest[: len(features) - ceil(NEAR * len(features)) + 1]:
                self._rows.setdefault(feature, []).append(row)

    def candidates(self, features: Features) -> set[int]:
        """Numbers of the sets that are worth comparing."""
        return {row for feature in features for row in self._rows.get(feature, ())}


class EvaluationGuard:
    """Says why a text must not train; thread-safe. Built from pairs of a row's name and its text."""

    def __init__(self, rows: Iterable[tuple[str, str]]) -> None:
        self._names: list[str] = []
        self._exact: dict[str, str] = {}
        normals = []
        for name, text in rows:
            normal = normalise_text(text)
            if not normal:
                continue  # rows of signs alone, which every rejected row would equal
            digest = text_digest(text)
            if digest not in self._exact:
                self._exact[digest] = name
                self._names.append(name)
                normals.append(normal)
        self._trigrams = _Index([_trigrams(normal) for normal in normals])
        self._words = _Index([_words(normal) for normal in normals])

    @classmethod
    def read(cls, data: Path | None = None) -> "EvaluationGuard":
        """The guard of a data folder; by default of the one that ships with domaingen.

        Raises:
            DomaingenError: An evaluation set can't be read; names file and line.
        """
        return cls(_held_out_rows(data or asset("evaluation").parent))

    def __len__(self) -> int:
        """How many different rows are guarded."""
        return len(self._names)

    def reason(self, text: str) -> str | None:
        """Why this text must not train, naming the row that it equals or resembles; None where it may."""
        if name := self._exact.get(text_digest(text)):
            return f"it is an evaluation row ({name})"
        normal = normalise_text(text)
        words, trigrams = _words(normal), _trigrams(normal)
        for row in sorted(self._trigrams.candidates(trigrams)):
            known = self._trigrams.sets[row]
            if len(trigrams) < NEAR * len(known):
                continue
            shared = len(known & trigrams)
            if shared >= NEAR * (len(known) + len(trigrams) - shared):
                return f"it is nearly an evaluation row ({self._names[row]})"
            if shared >= INSIDE * len(known) and len(self._words.sets[row]) >= _INSIDE_WORDS:
                return f"an evaluation row stands in it ({self._names[row]})"
        if len(words) >= _FEWEST_WORDS:
            for row in sorted(self._words.candidates(words)):
                known = self._words.sets[row]
                shared = len(known & words)
                if len(known) >= _FEWEST_WORDS and shared >= NEAR * (len(known) + len(words) - shared):
                    return f"it is nearly an evaluation row ({self._names[row]})"
        return None


def _held_out_rows(data: Path) -> Iterator[tuple[str, str]]:
    for path in measuring_files(data):
        for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), start=1):
            try:
                row = json.loads(line)
                yield f"{path.stem}: {row['id']}", row["input"]
            except (ValueError, KeyError, TypeError) as error:
                raise DomaingenError(f"{path}, line {number}: no evaluation row") from error
    for number, curated in enumerate(measuring_rows(data), start=1):
        yield f"held-out industry {curated.industry}, row {number}", curated.description
    for safety in read_safety(data / "safety"):
        part = split_of(safety.category, safety.topic)
        if part != "train":
            yield f"safety rows, {part}: {safety.category}/{safety.topic}", safety.text
