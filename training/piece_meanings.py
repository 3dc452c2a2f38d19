"""First embeddings with meaning for a new model: what the bundled sentence encoder makes of each whole word.

With random vectors a small model must learn from its examples alone that bread and oven belong together. Half of each
whole word's first vector comes from the encoder instead (its 384 numbers, turned and cut to the model's width by
principal components), the other half stays random, so that words of like meaning can still be told apart when copied.
"""

import numpy as np
import torch
from tokenizers import Tokenizer

from domaingen.encoder import bundled_encoder

SHARE = 0.5
"""Part of the variance that carries meaning."""
_SPACE = "\u2581"


def meaningful_embeddings(tokenizer: Tokenizer, random: torch.Tensor) -> torch.Tensor:
    """`random` (pieces x width, values of a new model) with meaning mixed into the rows of whole words. A vocabulary of
    fewer words than the width, as tests have, stays random."""
    # By id: the vocabulary comes in another order in every process.
    pieces = sorted(tokenizer.get_vocab().items(), key=lambda pair: pair[1])
    words = [
        (at, piece.removeprefix(_SPACE))
        for piece, at in pieces
        if piece.startswith(_SPACE) and piece[1:].isalpha() and len(piece) > 2
    ]
    if len(words) < random.shape[1]:
        return random
    vectors = bundled_encoder().encode([word for _, word in words])
    vectors = vectors - vectors.mean(axis=0)
    _, _, axes = np.linalg.svd(vectors, full_matrices=False)
    axes = axes[: random.shape[1]]
    # The sign of a principal axis is arbitrary; fixed here so that a seed stands for the same weights everywhere.
    axes = axes * np.sign(axes[np.arange(len(axes)), np.abs(axes).argmax(axis=1)])[:, None]
    reduced = vectors @ axes.T
    reduced = reduced / np.maximum(np.linalg.norm(reduced, axis=1, keepdims=True), 1e-9)
    mixed = random.clone()
    rows = torch.tensor([at for at, _ in words])
    width = reduced.shape[1]
    size = random[rows, :width].norm(dim=1, keepdim=True)
    meaning = torch.from_numpy(np.ascontiguousarray(reduced)) * size
    mixed[rows, :width] = SHARE**0.5 * meaning + (1 - SHARE) ** 0.5 * random[rows, :width]
    return mixed
