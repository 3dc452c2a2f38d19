"""First embeddings with meaning for a new model: what the bundled sentence encoder makes of each piece.

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
    words = [
        (at, piece.removeprefix(_SPACE))
        for piece, at in tokenizer.get_vocab().items()
        if piece.startswith(_SPACE) and piece[1:].isalpha() and len(piece) > 2
    ]
    if len(words) < random.shape[1]:
        return random
    vectors = bundled_encoder().encode([word for _, word in words])
    vectors = vectors - vectors.mean(axis=0)
    _, _, axes = np.linalg.svd(vectors, full_matrices=False)
    reduced = vectors @ axes[: random.shape[1]].T
    reduced = reduced / np.linalg.norm(reduced, axis=1, keepdims=True)
    mixed = random.clone()
    rows = torch.tensor([at for at, _ in words])
    size = random[rows].norm(dim=1, keepdim=True)
    meaning = torch.from_numpy(np.ascontiguousarray(reduced)) * size
    mixed[rows] = SHARE**0.5 * meaning + (1 - SHARE) ** 0.5 * random[rows]
    return mixed
