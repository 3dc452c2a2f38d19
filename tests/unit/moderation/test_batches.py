"""How the rows of an epoch are put into batches for the moderator's encoder."""

import random
from itertools import pairwise

from training.moderator_batches import batches_of
from training.moderator_rows import Example


def test_each_row_is_read_once_and_harmful_ones_beside_lawful_ones_of_their_topic_and_length() -> None:
    rng = random.Random(0)
    rows = [
        (Example(f"{harmful} {topic} {number}", harmful, "drugs", topic), "x" * rng.randint(5, 200))
        for harmful in (True, False)
        for topic in ("street", "club")
        for number in range(300)
    ]
    rows += [(Example(f"innocent {number}", False, ""), "y" * rng.randint(5, 200)) for number in range(400)]
    batches = batches_of(rows, random.Random(1))
    read = [reading for batch in batches for reading in batch]
    assert sorted(row.text for row, _ in read) == sorted(row.text for row, _ in rows)
    pairs = [(one, other) for batch in batches for one, other in pairwise(batch) if other[0].harmful]
    assert len(pairs) == 600
    assert all(one[0].topic == other[0].topic and not one[0].harmful for one, other in pairs)
    padded = sum(len(batch) * max(len(text) for _, text in batch) for batch in batches)
    assert sum(len(text) for _, text in read) > 0.8 * padded
