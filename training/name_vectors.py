"""Make `data/names/vectors.npy` and `data/names/vectors.txt.gz`: a meaning for each word that names are made of.

    python -m training.name_vectors

Each word goes alone through the bundled sentence encoder (all-MiniLM-L6-v2, Apache-2.0, tuned for moderation, in `data/encoder`); principal
components cut its 384 numbers to 64, kept in 8 bits. That is the distillation of model2vec (Minish, 2024) without its
tokenizer: at run time a word costs a look-up, a text the mean of its words' vectors, and no model is loaded.

Words: English down to one in 10^5.55 (wordfreq, `data/moderation`), the lexicon's, and parts of curated names that
are words of any language.
"""

import gzip
import re
from pathlib import Path

import numpy as np

from domaingen.encoder import SentenceEncoder
from domaingen.lexicon import bundled_lexicon
from domaingen.moderation.words import bundled_words
from training.curated import read_curated

DIMENSIONS = 64
RAREST = 5.55
"""Minus log10 of the frequency of the rarest English word that is kept for its frequency alone."""
RAREST_PART = 6.6
"""The same for words that the lexicon or a curated name uses."""
CHOSEN_LENGTHS = range(3, 15)


def choose_words(data: Path) -> list[str]:
    """The words that get a vector, in alphabetical order."""
    words = bundled_words()
    chosen = {
        word
        for word, cost in words.cost.items()
        if cost <= RAREST and len(word) in CHOSEN_LENGTHS and "en" in words.languages[word].split(",")
    }
    used: set[str] = set()
    for industry in bundled_lexicon().industries:
        texts = (industry.name, *industry.aliases, *industry.services, *industry.words, *industry.associations)
        used.update(re.findall(r"[a-z]{3,14}", " ".join(texts).lower()))
    for row in read_curated(data / "curated")[0]:
        for name in row.names:
            used.update(name.segments)
    chosen |= {word for word in used if words.knows(word, most=RAREST_PART) and len(word) in CHOSEN_LENGTHS}
    return sorted(chosen)


def distill(words: list[str], encoder: SentenceEncoder) -> np.ndarray[tuple[int, int], np.dtype[np.int8]]:
    """One row of `DIMENSIONS` bytes a word; the cosine of two rows is about that of the encoder's vectors less
    what all words have in common."""
    full = np.concatenate([encoder.encode(words[start : start + 2048]) for start in range(0, len(words), 2048)])
    centred = full - full.mean(axis=0)
    _, _, axes = np.linalg.svd(centred.T @ centred)
    # The sign of a principal axis is arbitrary; fixed here so that the file is the same on every machine.
    axes = axes[:DIMENSIONS]
    axes *= np.sign(axes[np.arange(DIMENSIONS), np.abs(axes).argmax(axis=1)])[:, None]
    reduced = centred @ axes.T
    reduced /= np.maximum(np.linalg.norm(reduced, axis=1, keepdims=True), 1e-9)
    # The largest number that occurs becomes 127; lengths differ by rounding alone.
    return np.asarray(np.rint(reduced / np.abs(reduced).max() * 127), dtype=np.int8)


def write_vectors(data: Path) -> int:
    """Write both files; returns the number of words."""
    words = choose_words(data)
    vectors = distill(words, SentenceEncoder(data / "encoder"))
    target = data / "names"
    target.mkdir(exist_ok=True)
    temporary = target / "vectors.tmp"
    with temporary.open("wb") as file:
        np.save(file, vectors)
    temporary.rename(target / "vectors.npy")
    with temporary.open("wb") as raw, gzip.GzipFile("", "wb", 9, raw, mtime=0) as packed:
        packed.write("\n".join(words).encode("ascii"))
    temporary.rename(target / "vectors.txt.gz")
    return len(words)


if __name__ == "__main__":
    root = Path(__file__).parents[1] / "data"
    print(f"{write_vectors(root)} words -> {root / 'names'}")  # noqa: T201
