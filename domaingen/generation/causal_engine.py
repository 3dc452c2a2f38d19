"""The CTranslate2 engine for causal models (GPT-2): int8 weights, one model in memory for all threads, no torch.

The prompt is one sequence, «source, separator, prefix», and the model goes on from there.

Independence of the batch. Given prompts of unlike length, CTranslate2 (4.8.5, `DecoderReplica::run_generation`)
reads them together up to the length of the shortest and the rest piece by piece; the two ways round differently, and in
int8 the difference grows until another piece wins. Measured on one core with random weights: in the shape of
DialoGPT-small (12 layers, width 768) 13 of 64 texts differed from the same prompt decoded alone, at width 256 14 of 200.
So prompts are decoded together only where they are equally long: then no text differed and every score was the same
bit for bit (464 prompts, widths 32, 256 and 768). In float32 texts are the same too, scores to 4e-5. The price, where
few prompts are equally long (64 of 30 lengths, width 768): about 3.5 times as long as mixed, half as long as singly.
"""

from collections import defaultdict
from collections.abc import Sequence
from typing import Any

import ctranslate2

from domaingen.generation.ctranslate2_engine import BATCH, MAX_SOURCE_TOKENS, Ctranslate2Engine
from domaingen.generation.engine import Completion, Prompt
from domaingen.generation.text_format import SEPARATOR


class CausalEngine(Ctranslate2Engine):
    """A loaded causal model; thread-safe. Completions are greedy and do not depend on their neighbours."""

    _runner_class: Any = ctranslate2.Generator

    def _decode(self, prompts: Sequence[Prompt], max_tokens: int) -> list[Completion]:
        """Batches of prompts that are equally long, spread over CTranslate2's threads."""
        # CTranslate2 would return a prompt of one piece with what it wrote, so there are always two.
        sources = [self._pieces(prompt.source)[: MAX_SOURCE_TOKENS - 1] or [SEPARATOR] for prompt in prompts]
        prefixes = [self._pieces(prompt.prefix) for prompt in prompts]
        alike: dict[tuple[int, int], list[int]] = defaultdict(list)
        for at, (source, prefix) in enumerate(zip(sources, prefixes, strict=True)):
            alike[len(source), len(prefix)].append(at)
        started: dict[int, Any] = {}
        for (_, prefix_length), rows in alike.items():
            results = self._runner.generate_batch(
                [[*sources[at], SEPARATOR, *prefixes[at]] for at in rows],
                beam_size=1,
                max_batch_size=BATCH,
                max_length=max(1, max_tokens - prefix_length),
                include_prompt_in_result=False,
                return_scores=True,
                length_penalty=0,  # the plain sum of log-probabilities
                asynchronous=True,
            )
            started.update(zip(rows, results, strict=True))
        completions = []
        for at, prefix in enumerate(prefixes):
            result = started[at].result()
            pieces = [*prefix, *result.sequences[0]]
            completions.append(self._completion(pieces, result.scores[0], len(prefix), max_tokens))
        return completions
