"""The batches in which the moderator's encoder reads an epoch's rows."""

import random
from collections import defaultdict

from training.moderator_rows import Example

Reading = tuple[Example, str]
"""A row and its text as this epoch reads it."""
_UNITS = 16
"""Pairs or single rows of a batch."""
_BLOCK = 64 * _UNITS
"""Units among which those of like length are put together."""


def batches_of(rows: list[Reading], rng: random.Random) -> list[list[Reading]]:
    """Shuffled batches of 16 pairs or single rows of like length. A harmful row travels with a lawful one of its topic, so
    that what both share can't tell them apart, and of its length, so that length can't either and little is padded."""
    topics: dict[tuple[str, str], tuple[list[Reading], list[Reading]]] = defaultdict(lambda: ([], []))
    units: list[list[Reading]] = []
    for row, text in rng.sample(rows, len(rows)):
        if row.topic:
            topics[row.category, row.topic][row.harmful].append((row, text))
        else:
            units.append([(row, text)])
    for sides in topics.values():
        pairs = min(map(len, sides))
        lawful, harmful = (sorted(side[:pairs], key=_length) for side in sides)
        units += [[one, other] for one, other in zip(lawful, harmful, strict=True)]
        units += [[single] for side in sides for single in side[pairs:]]
    rng.shuffle(units)
    batches = []
    for start in range(0, len(units), _BLOCK):
        block = sorted(units[start : start + _BLOCK], key=lambda unit: max(map(_length, unit)))
        batches += [
            [reading for unit in block[i : i + _UNITS] for reading in unit] for i in range(0, len(block), _UNITS)
        ]
    rng.shuffle(batches)
    return batches


def _length(reading: Reading) -> int:
    return len(reading[1])
