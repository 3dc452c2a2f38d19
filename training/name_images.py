"""Fit which images a naming agency reaches for: `data/names/images.npz` and `images.txt.gz`.

    python -m training.name_images

From the meaning of a description to the words that its curated names add to it: the logit of a word is the product of
the description's vector, a fitted 64 x 64 matrix and the word's vector, plus the word's own weight (words that suit
many trades). Softmax over all candidate words, weight decay towards the plain cosine. Held-out industries are left
out; the recall of true words among the 40 best is printed for unseen industries, beside that of the plain cosine.
Needs torch (the `train` extra).
"""

import gzip
from collections import Counter
from pathlib import Path

import numpy as np
import numpy.typing as npt
import torch

from domaingen.lexicon import bundled_lexicon
from domaingen.names.meaning import bundled_vectors
from domaingen.names.parts import bundled_parts
from domaingen.names.reading import read_description
from domaingen.names.vocabulary import base_form, is_filler, is_stop, is_tired, stem
from training.curated import CuratedRow
from training.held_out import teaching_rows
from training.name_salience import is_dev

Array = npt.NDArray[np.float32]
LEAST_USES = 3
NO_IMAGES = frozenset(
    [
        "second",
        "third",
        "five",
        "seven",
        "eight",
        "nine",
        "ten",
        "eleven",
        "twelve",
        "sixty",
        "hundred",
        "again",
        "any",
        "here",
        "there",
        "later",
        "sooner",
        "minute",
        "late",
        "early",
        "own",
        "big",
        "new",
        "old",
        "yes",
        "things",
        "thing",
        "sure",
        "able",
        "cool",
        "nice",
        "hello",
        "well",
        "ever",
    ]
)
"""Words that phrases need and that stand for nothing."""
SCALE = 12.0
"""Factor that makes logits of cosines to begin with."""
STEPS = 150
DECAY = 0.02
LEARNING_RATE = 0.02


def choose_images() -> list[str]:
    """Short plain words that several names use, or that the lexicon names as an association."""
    associations = {word for industry in bundled_lexicon().industries for word in industry.associations}
    vectors = bundled_vectors()
    chosen = []
    for word, part in bundled_parts().known.items():
        if not 3 <= len(word) <= 8 or is_filler(word) or is_tired(word) or vectors.find(word) is None:
            continue
        if word not in associations and part.first + part.last < LEAST_USES:
            continue
        if word in NO_IMAGES or is_stop(word):
            continue
        if word.endswith(("ed", "ing", "ies")) and len(word) > 5 and word not in associations:
            continue
        if base_form(word) != word and base_form(word) in bundled_parts().known:
            continue
        chosen.append(word)
    return sorted(chosen)


def pairs(rows: list[CuratedRow], images: list[str]) -> tuple[Array, npt.NDArray[np.int64], npt.NDArray[np.bool_]]:
    """Vectors of descriptions, numbers of the images that their names add, and which measure rather than fit."""
    number = {word: at for at, word in enumerate(images)}
    lexicon = bundled_lexicon()
    vectors, targets, dev = [], [], []
    for row in rows:
        reading = read_description(row.description, lexicon.match(row.description))
        if reading.vector is None:
            continue
        for name in row.names:
            for segment in name.segments:
                at = number.get(base_form(segment))
                if at is not None and stem(segment) not in reading.stems:
                    vectors.append(reading.vector)
                    targets.append(at)
                    dev.append(is_dev(row.industry))
    return np.array(vectors), np.array(targets), np.array(dev)


def fit(vectors: Array, targets: npt.NDArray[np.int64], words: Array, steps: int = STEPS) -> tuple[Array, Array]:
    """The matrix and the words' own weights."""
    torch.manual_seed(0)
    texts, goals, table = torch.tensor(vectors), torch.tensor(targets), torch.tensor(words)
    start = torch.eye(words.shape[1]) * SCALE
    matrix = start.clone().requires_grad_()
    own = torch.zeros(len(words), requires_grad=True)
    optimizer = torch.optim.Adam([matrix, own], lr=LEARNING_RATE)
    for _ in range(steps):
        optimizer.zero_grad()
        loss = torch.nn.functional.cross_entropy(texts @ matrix @ table.T + own, goals)
        (loss + DECAY * ((matrix - start).square().mean() + 0.1 * own.square().mean())).backward()
        optimizer.step()
    return matrix.detach().numpy(), own.detach().numpy()


def recall(
    vectors: Array, targets: npt.NDArray[np.int64], words: Array, matrix: Array, own: Array, top: int = 40
) -> float:
    """Share of true words among the `top` best."""
    logits = vectors @ matrix @ words.T + own
    ranks = (logits > np.take_along_axis(logits, targets[:, None], axis=1)).sum(axis=1)
    return float((ranks < top).mean())


def main() -> None:
    """Fit, measure, write."""
    torch.set_num_threads(2)
    data = Path(__file__).parents[1] / "data"
    rows = teaching_rows(data)
    images = choose_images()
    table = bundled_vectors()
    words = table.rows([at for word in images if (at := table.find(word)) is not None])
    vectors, targets, dev = pairs(rows, images)
    matrix, own = fit(vectors[~dev], targets[~dev], words)
    plain = recall(vectors[dev], targets[dev], words, np.eye(words.shape[1], dtype=np.float32), np.zeros_like(own))
    fitted = recall(vectors[dev], targets[dev], words, matrix, own)
    seen = recall(vectors[~dev], targets[~dev], words, matrix, own)
    uses = Counter(targets.tolist())
    print(  # noqa: T201
        f"{len(images)} images, {len(targets)} uses (most: {[(images[a], c) for a, c in uses.most_common(5)]}); "
        f"recall in 40 on unseen industries: cosine {plain:.3f}, fitted {fitted:.3f} (seen {seen:.3f})"
    )
    matrix, own = fit(vectors, targets, words)
    folder = data / "names"
    temporary = folder / "images.tmp"
    with temporary.open("wb") as file:
        np.savez_compressed(file, matrix=matrix.astype(np.float16), own=own.astype(np.float16))
    temporary.rename(folder / "images.npz")
    with temporary.open("wb") as raw, gzip.GzipFile("", "wb", 9, raw, mtime=0) as packed:
        packed.write("\n".join(images).encode("ascii"))
    temporary.rename(folder / "images.txt.gz")


if __name__ == "__main__":
    main()
