"""Sentence embeddings on the CPU without torch: a small BERT (all-MiniLM-L6-v2) in CTranslate2, stored as int8.

The model's folder holds a CTranslate2 model, `tokenizer.json` and `card.json` (source, licence, SHA-256 of files).
"""

import hashlib
import json
from collections.abc import Sequence
from functools import lru_cache
from pathlib import Path
from typing import Any

import ctranslate2
import numpy as np
import numpy.typing as npt
from tokenizers import Tokenizer

from domaingen.assets import asset
from domaingen.errors import ModelError
from domaingen.processor import open_model

Vectors = npt.NDArray[np.float32]
"""One row for each text."""

SIZE = 384
MOST_TOKENS = 128
_BATCH_TOKENS = 2048


class SentenceEncoder:
    """Thread-safe: CTranslate2 releases the GIL and serves concurrent calls from one copy of the weights."""

    def __init__(self, folder: Path, *, threads: int = 1) -> None:
        if not (folder / "model.bin").exists():
            raise ModelError(f"{folder} holds no encoder; rebuild it with `python -m training.moderator_encoder`")
        self.folder = folder
        self._tokenizer: Any = Tokenizer.from_file(str(folder / "tokenizer.json"))
        self._tokenizer.no_padding()
        self._tokenizer.enable_truncation(MOST_TOKENS)
        self._model: Any = open_model(ctranslate2.Encoder, folder, inter_threads=1, intra_threads=threads)

    def encode(self, texts: Sequence[str]) -> Vectors:
        """Sentence embeddings: mean of the last layer over all tokens, scaled to length 1; 384 numbers a text."""
        mean = self.features(texts)[:, :SIZE]
        norms = np.linalg.norm(mean, axis=1, keepdims=True)
        return np.asarray(mean / np.maximum(norms, 1e-9), dtype=np.float32)

    def features(self, texts: Sequence[str]) -> Vectors:
        """Mean, first token and maximum of the last layer, side by side: 1,152 numbers a text, not scaled.

        Texts of the same number of tokens are encoded together and no others, so that no padding enters and a
        text's numbers do not depend on its neighbours.
        """
        encodings = self._tokenizer.encode_batch(list(texts))
        by_length: dict[int, list[int]] = {}
        for index, encoding in enumerate(encodings):
            by_length.setdefault(len(encoding.ids), []).append(index)
        vectors = np.zeros((len(encodings), 3 * SIZE), dtype=np.float32)
        for length, indices in by_length.items():
            step = max(1, _BATCH_TOKENS // length)
            for start in range(0, len(indices), step):
                chosen = indices[start : start + step]
                output = self._model.forward_batch([encodings[index].ids for index in chosen])
                hidden = np.array(output.last_hidden_state)
                vectors[chosen] = np.concatenate([hidden.mean(axis=1), hidden[:, 0], hidden.max(axis=1)], axis=1)
        return vectors

    def check(self) -> None:
        """Compare the files with the digests in `card.json`.

        Raises:
            ModelError: A file is missing or differs.
        """
        card = json.loads((self.folder / "card.json").read_text(encoding="utf-8"))
        for name, digest in card["files"].items():
            path = self.folder / name
            if not path.exists() or hashlib.sha256(path.read_bytes()).hexdigest() != digest:
                raise ModelError(
                    f"{path} is missing or altered; rebuild it with `python -m training.moderator_encoder`"
                )


@lru_cache(maxsize=1)
def bundled_encoder() -> SentenceEncoder:
    """The encoder that ships with domaingen; loaded once per process (about 0.1 s)."""
    return SentenceEncoder(asset("encoder"))
