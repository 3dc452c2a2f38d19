"""Names by rule for one description: its key words, joined with hints in the order in which the hints are given.

Which key and hint meet is fixed by their order, never drawn: greedy decoding writes the likeliest name alone, so a
target must follow from its source, or the model learns a blur of all that it could be and stutters.
"""

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise, zip_longest

from domaingen.generation.text import MAX_NAMES
from domaingen.names.reading import Reading
from domaingen.suggestion import Candidate
from training import naming
from training.curated import CuratedRow
from training.segments import words_of

LONGEST = 14
"""Letters of a label without a constraint."""
_KEYS = 4
_LEAST_WORTH = 0.4
"""Share of the best key's worth below which a word is left out."""


def key_words(reading: Reading, harsh: frozenset[str] = frozenset()) -> list[str]:
    """The words of a description that names are built around, best first."""
    keys = [key for key in reading.keys if 3 <= len(key.word) <= 10 and key.word not in harsh][:_KEYS]
    return [key.word for key in keys if key.worth >= _LEAST_WORTH * keys[0].worth]


def harsh_words(curated: Sequence[CuratedRow], harmful: Sequence[str]) -> frozenset[str]:
    """Words that stand in harmful texts more often than in curated descriptions: a benign neighbour's name does
    without them («addiction at dawn»)."""
    lawful = Counter(word for row in curated for word in words_of(row.description))
    harsh = Counter(word for text in harmful for word in words_of(text))
    return frozenset(word for word, count in harsh.items() if count > max(1, lawful[word]))


@dataclass(frozen=True, slots=True)
class Material:
    """What names are made of: `keys` best first, `hints` in the order that the source gives them in."""

    keys: tuple[str, ...]
    hints: tuple[str, ...]
    longest: int = LONGEST
    avoid: tuple[str, ...] = ()


def invent(strategy: str, material: Material) -> list[Candidate]:
    """Up to three different names of one strategy; fewer, or none, where the parts don't sound."""
    found: dict[str, Candidate] = {}
    for name in _WAYS[strategy](material):
        if name is not None and not any(word in name.label for word in material.avoid):
            found.setdefault(name.label, name)
        if len(found) >= MAX_NAMES:
            break
    return list(found.values())


def _meetings(material: Material) -> Iterator[tuple[str, tuple[str, ...]]]:
    """Each hint with the keys that it may meet: the one of its own place first, then the others in order."""
    for at, hint in enumerate(material.hints):
        first = at % len(material.keys)
        yield hint, (*material.keys[first:], *material.keys[:first])


def _first(names: Iterator[Candidate | None]) -> Candidate | None:
    return next((name for name in names if name is not None), None)


def _compounds(material: Material) -> Iterator[Candidate | None]:
    for hint, keys in _meetings(material):
        yield _first(naming.paired("compound", key, hint, material.longest) for key in keys)


def _blends(material: Material) -> Iterator[Candidate | None]:
    for hint, keys in _meetings(material):
        yield _first(
            name
            for key in keys
            for name in (naming.blend(key, hint, material.longest), naming.blend(hint, key, material.longest))
        )


def _affixes(material: Material) -> Iterator[Candidate | None]:
    *endings, image = material.hints
    for ending, keys in _meetings(Material(material.keys, tuple(endings))):
        yield _first(naming.affix(root, ending, material.longest) for root in (*keys, image))


def _coinages(material: Material) -> Iterator[Candidate | None]:
    *endings, image = material.hints
    for ending, keys in _meetings(Material(material.keys, tuple(endings))):
        yield _first(naming.coined(root, ending, material.longest) for root in (*keys, image))


def _metaphors(material: Material) -> Iterator[Candidate | None]:
    """Two images, then an image and a key; the reason says what the first image stands for."""
    hints, keys = material.hints, material.keys
    pairs = [(hints[0], hints[1])] if len(hints) > 1 else []
    pairs += [(hint, key) for hint, key in zip_longest(hints[2:], keys[:2], fillvalue=keys[0]) if hint != key]
    for at, (image, other) in enumerate(pairs):
        name = naming.paired("metaphor", image, other, material.longest)
        meant = next((key for key in (*keys[at:], *keys) if key != other), "")
        yield naming.explained(name, f"{image} for {meant}") if name and meant else name


def _realwords(material: Material) -> Iterator[Candidate | None]:
    modifier, *images = material.hints
    keys = material.keys
    yield _first(naming.modified(modifier, key, material.longest) for key in keys)
    yield _first(naming.linked(key, image, material.longest) for image in images for key in keys)
    yield _first(naming.modified(modifier, image, material.longest) for image in images)
    yield _first(naming.linked(one, other, material.longest) for one, other in pairwise(images))


_WAYS = {
    "compound": _compounds,
    "blend": _blends,
    "affix": _affixes,
    "coined": _coinages,
    "metaphor": _metaphors,
    "realword": _realwords,
}
