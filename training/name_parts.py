"""Make `data/names/parts.txt.gz` and `data/names/sound.npy` from curated names.

    python -m training.name_parts

`parts`: the words that hand-picked names are made of, and how often each came first, last, and in how many trades:
`word first last trades`. `sound`: how surprising a letter is after two others, over English words (wordfreq, down to
one in 10^5.3) and curated labels. Held-out industries enter neither.
"""

import gzip
from collections import Counter, defaultdict
from pathlib import Path

import numpy as np

from domaingen.lexicon import bundled_lexicon
from domaingen.moderation.words import bundled_words
from domaingen.names.sound import ALPHABET, UNIT
from training.curated import CuratedRow
from training.held_out import teaching_rows

RAREST = 5.3
"""Minus log10 of the frequency of the rarest English word that teaches the sound of words."""
SMOOTHING = 3.0
"""Weight of the shorter context in each longer one (Witten and Bell's backing off with a fixed weight)."""
RAREST_PART = 6.0


def count_parts(rows: list[CuratedRow]) -> list[str]:
    """Lines of `parts.txt`, sorted by word. Associations of the lexicon are parts too, with counts of 0."""
    first: Counter[str] = Counter()
    last: Counter[str] = Counter()
    trades: defaultdict[str, set[str]] = defaultdict(set)
    for row in rows:
        for name in row.names:
            content = [segment for segment in name.segments if len(segment) >= 3]
            if len(name.segments) >= 2 and name.strategy in {"compound", "metaphor", "realword"}:
                first[name.segments[0]] += 1
                last[name.segments[-1]] += 1
                for segment in content:
                    trades[segment].add(row.industry)
    for industry in bundled_lexicon().industries:
        for word in industry.associations:
            trades[word].add(industry.id)
    words = bundled_words()
    return [
        f"{word} {first[word]} {last[word]} {len(trades[word])}"
        for word in sorted(trades)
        if 3 <= len(word) <= 10
        and words.knows(word, most=RAREST_PART)
        and "en" in words.languages[word].split(",")
    ]


def fit_sound(rows: list[CuratedRow]) -> np.ndarray[tuple[int, int, int], np.dtype[np.uint8]]:
    """Surprise at a letter after two others, in units of 1/`UNIT` nat, as [before, last, letter]."""
    words = bundled_words()
    samples = [
        word
        for word, cost in words.cost.items()
        if cost <= RAREST and len(word) >= 3 and "en" in words.languages[word].split(",")
    ]
    samples += [name.label for row in rows for name in row.names]
    size = len(ALPHABET)
    counts = np.zeros((size, size, size))
    for sample in samples:
        text = f"^^{sample}^"
        for at in range(len(text) - 2):
            a, b, c = (ALPHABET.index(letter) for letter in text[at : at + 3])
            counts[a, b, c] += 1
    single = (counts.sum(axis=(0, 1)) + 1) / (counts.sum() + size)
    pairs = counts.sum(axis=0)
    double = (pairs + SMOOTHING * single) / (pairs.sum(axis=1, keepdims=True) + SMOOTHING)
    triple = (counts + SMOOTHING * double[None]) / (counts.sum(axis=2, keepdims=True) + SMOOTHING)
    return np.asarray(np.clip(np.rint(-np.log(triple) * UNIT), 0, 255), dtype=np.uint8)


def write_parts(data: Path) -> int:
    """Write both files; returns the number of parts."""
    rows = teaching_rows(data)
    lines = count_parts(rows)
    temporary = data / "names" / "parts.tmp"
    with temporary.open("wb") as raw, gzip.GzipFile("", "wb", 9, raw, mtime=0) as packed:
        packed.write("\n".join(lines).encode("ascii"))
    temporary.rename(data / "names" / "parts.txt.gz")
    with temporary.open("wb") as file:
        np.save(file, fit_sound(rows))
    temporary.rename(data / "names" / "sound.npy")
    return len(lines)


if __name__ == "__main__":
    root = Path(__file__).parents[1] / "data"
    print(f"{write_parts(root)} parts -> {root / 'names'}")  # noqa: T201
