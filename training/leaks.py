"""Whether (nearly) the same text stands in two parts of the safety rows, or among rows that measure."""

import itertools
from collections.abc import Sequence

from domaingen.moderation.normalise import fold, normalise
from training.safety_rows import SafetyRow, split_of

NEAR_DUPLICATE = 0.6
"""Jaccard similarity of token pairs from which two rows of different parts count as a leak."""


def _grams(text: str) -> frozenset[tuple[str, ...]]:
    tokens = fold(normalise(text)).split()
    return frozenset(itertools.pairwise(tokens)) or frozenset({(token,) for token in tokens})


def find_leaks(rows: Sequence[SafetyRow], measuring: Sequence[str] = ()) -> list[tuple[str, str, float]]:
    """Pairs of texts of different parts that are (nearly) the same: Jaccard similarity of token pairs. `measuring` are
    texts of other files that measure, a part of their own."""
    texts = [*(row.text for row in rows), *measuring]
    parts: list[str] = [*(split_of(row.category, row.topic) for row in rows), *(["measuring"] * len(measuring))]
    grams = [_grams(text) for text in texts]
    # Rows of the largest part are looked up and never held: each pair of two parts has one row that is held.
    largest = max(dict.fromkeys(parts), key=parts.count, default="")
    holders: dict[tuple[str, ...], list[int]] = {}
    leaks = []
    for number in sorted(range(len(texts)), key=lambda row: parts[row] == largest):
        own = grams[number]
        shared: dict[int, int] = {}
        for gram in own:
            for other in holders.get(gram, ()):
                if parts[other] != parts[number]:
                    shared[other] = shared.get(other, 0) + 1
            if parts[number] != largest:
                holders.setdefault(gram, []).append(number)
        for other, count in shared.items():
            likeness = count / (len(own) + len(grams[other]) - count)
            if likeness >= NEAR_DUPLICATE:
                leaks.append((texts[other], texts[number], likeness))
    return leaks
