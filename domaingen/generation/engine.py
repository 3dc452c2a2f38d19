"""What every inference engine offers: greedy decoding of prompts under forced decoder prefixes.

Greedy decoding under forced prefixes is the one kind of decoding whose output does not depend on what else is in
the batch (measured; sampling and beams do, and causal models take some care: `causal_engine`), and the prefixes give
variety by design.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol


@dataclass(frozen=True, slots=True)
class Prompt:
    """One sequence to decode: `source` is what the model reads, `prefix` the text that the output must begin with."""

    source: str
    prefix: str = ""


@dataclass(frozen=True, slots=True)
class Completion:
    """What the model wrote: `text` with the prefix, without special tokens; `log_prob` is the mean natural-log
    probability of its tokens after the prefix, None where the engine does not give one."""

    text: str
    log_prob: float | None = None


class Engine(Protocol):
    """A loaded model. Thread-safe: several threads may complete at once."""

    @property
    def name(self) -> str:
        """Name of the model version."""
        ...

    @property
    def digest(self) -> str:
        """SHA-256 over the model's files, hexadecimal."""
        ...

    def complete(self, prompts: Sequence[Prompt], *, max_tokens: int = 64) -> list[Completion]:
        """One completion for each prompt, in order.

        Raises:
            EngineError: The model failed as a whole.
        """
        ...
