"""The CTranslate2 engine: int8 weights, one model in memory for all threads of a process, no torch.

For models with an encoder; `causal_engine` has the other kind, and `engines` chooses.
"""

import os
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import ctranslate2
from tokenizers import Tokenizer

from domaingen.errors import EngineError, ModelError
from domaingen.generation.engine import Completion, Prompt
from domaingen.generation.model_files import ModelFiles, read_model
from domaingen.processor import open_model

BATCH = 64
"""Examples in one decoding batch; measured on 2 cores (docs/benchmarks.md): 32 to 64 are equally fast, 16 and 128
are slower."""
MAX_SOURCE_TOKENS = 128
"""Pieces of a source that are read. 48 words are about 70; other scripts take a piece for each byte."""
END = "</s>"


def available_cores() -> int:
    """Cores that this process may use; a container's or `taskset`'s limit counts, where the system tells it."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


class Ctranslate2Engine:
    """A loaded model. CTranslate2 releases the GIL, so one engine a process is enough; it is thread-safe."""

    _runner_class: Any = ctranslate2.Translator

    def __init__(self, files: ModelFiles, *, threads: int = 0, compute_type: str = "int8") -> None:
        """Load the model. `threads` is the number of cores to use, 0 for all: two translators with one thread each
        are faster than one with two at every batch size (measured).

        Raises:
            ModelError: The files can't be loaded.
        """
        self._name, self._digest = files.name, files.digest
        try:
            self._tokenizer = Tokenizer.from_file(str(files.tokenizer_path))
            self._runner = open_model(
                self._runner_class,
                files.ct2_path,
                compute_type=compute_type,
                inter_threads=threads or available_cores(),
                intra_threads=1,
            )
        except Exception as error:  # both libraries raise bare Exception or RuntimeError
            raise ModelError(f"{files.path} can't be loaded ({error}); copy or train the model again") from error

    @classmethod
    def open(cls, folder: Path, *, threads: int = 0) -> "Ctranslate2Engine":
        """Read, verify and load a model folder.

        Raises:
            ModelError: The folder is no model, was changed or can't be loaded.
        """
        return cls(read_model(folder), threads=threads)

    @property
    def name(self) -> str:
        """Name of the model version."""
        return self._name

    @property
    def digest(self) -> str:
        """SHA-256 over the model's files, hexadecimal."""
        return self._digest

    def complete(self, prompts: Sequence[Prompt], *, max_tokens: int = 64) -> list[Completion]:
        """Greedy completions, in order; a completion does not depend on its neighbours.

        Raises:
            EngineError: CTranslate2 failed.
        """
        if not prompts:
            return []
        try:
            return self._decode(prompts, max_tokens)
        except (RuntimeError, ValueError) as error:
            raise EngineError(f"CTranslate2 failed on {len(prompts)} prompts: {error}") from error

    def _decode(self, prompts: Sequence[Prompt], max_tokens: int) -> list[Completion]:
        """CTranslate2 sorts the prompts by length, cuts them into batches and spreads these over its threads."""
        sources = [[*self._pieces(prompt.source)[: MAX_SOURCE_TOKENS - 1], END] for prompt in prompts]
        prefixes = [self._pieces(prompt.prefix) for prompt in prompts]
        results = self._runner.translate_batch(
            sources,
            target_prefix=prefixes,
            beam_size=1,
            max_batch_size=BATCH,
            max_decoding_length=max_tokens,
            return_scores=True,
            length_penalty=0,  # the plain sum of log-probabilities
        )
        return [
            self._completion(result.hypotheses[0], result.scores[0], len(prefix), max_tokens)
            for result, prefix in zip(results, prefixes, strict=True)
        ]

    def _pieces(self, text: str) -> list[str]:
        pieces: list[str] = self._tokenizer.encode(text, add_special_tokens=False).tokens
        return pieces

    def _completion(self, pieces: list[str], total: float, prefix: int, max_tokens: int) -> Completion:
        ids = [at for piece in pieces if (at := self._tokenizer.token_to_id(piece)) is not None]
        # The score counts the end token too, unless decoding was cut off before it.
        counted = len(pieces) - prefix + (len(pieces) < max_tokens)
        return Completion(
            self._tokenizer.decode(ids, skip_special_tokens=True), total / counted if counted > 0 else None
        )
