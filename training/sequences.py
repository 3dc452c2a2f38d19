"""Examples as token ids, and batches of them, for both architectures.

seq2seq: the encoder reads «source, end» and the decoder learns «target, end». causal: one sequence, «source,
separator, target, end». The loss counts the same of both: the target's tokens after its strategy token, which is
forced when generating, and the end.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import torch
from tokenizers import Encoding, Tokenizer

from domaingen.generation.model_files import Architecture
from domaingen.generation.text_format import SEPARATOR
from training.examples import Example
from training.tokenizer import end_id

MAX_SOURCE, MAX_TARGET = 112, 56
"""Tokens of an example; longer ones are cut (under 1 %)."""
IGNORED = -100
"""Label of a position that does not count towards the loss."""


@dataclass(frozen=True, slots=True)
class Encoded:
    """Examples as token ids. A source ends with the end token or the separator, a target with the end token;
    `characters` of a target's text after its strategy token, as far as it was not cut."""

    sources: list[list[int]]
    targets: list[list[int]]
    kinds: list[str]
    styles: list[str]
    characters: list[int]
    architecture: Architecture


def architecture_of(model: Any) -> Architecture:
    """By the configuration."""
    return "seq2seq" if model.config.is_encoder_decoder else "causal"


def endings(model: Any, tokenizer: Tokenizer) -> tuple[int, int]:
    """Ids of what ends a source and a target.

    Raises:
        ModelError: The tokenizer lacks them.
    """
    if architecture_of(model) == "seq2seq":
        end = end_id(tokenizer)
        return end, end
    return end_id(tokenizer, SEPARATOR), int(model.config.eos_token_id)


def encode(examples: Sequence[Example], tokenizer: Tokenizer, model: Any) -> Encoded:
    """Token ids as this model reads them, each part ended and cut at its limit."""
    ends = endings(model, tokenizer)
    sources = tokenizer.encode_batch([example.source for example in examples], add_special_tokens=False)
    targets = tokenizer.encode_batch([example.target for example in examples], add_special_tokens=False)
    return Encoded(
        [[*each.ids[: MAX_SOURCE - 1], ends[0]] for each in sources],
        [[*each.ids[: MAX_TARGET - 1], ends[1]] for each in targets],
        [example.kind for example in examples],
        [example.style for example in examples],
        [_characters(example, each) for example, each in zip(examples, targets, strict=True)],
        architecture_of(model),
    )


def _characters(example: Example, target: Encoding) -> int:
    cut = len(target.ids) >= MAX_TARGET
    until = target.offsets[MAX_TARGET - 2][1] if cut else len(example.target)
    return until - len(f"<{example.strategy}>")


def collate(encoded: Encoded, rows: Sequence[int], device: str) -> dict[str, torch.Tensor]:
    """A padded batch of model inputs with `labels`, each (rows, longest)."""
    sources, targets = [encoded.sources[row] for row in rows], [encoded.targets[row] for row in rows]
    batch = _one_sequence(sources, targets) if encoded.architecture == "causal" else _two(sources, targets)
    return {key: tensor.to(device) for key, tensor in batch.items()}


def _two(sources: Sequence[list[int]], targets: Sequence[list[int]]) -> dict[str, torch.Tensor]:
    """input_ids and attention_mask of the encoder, decoder_input_ids and labels of the decoder."""
    inputs, mask = _padded(sources, 0)
    labels, _ = _padded(targets, IGNORED)
    decoder = torch.zeros_like(labels)
    decoder[:, 1:] = labels[:, :-1].clamp(min=0)
    labels[:, 0] = IGNORED
    return {"input_ids": inputs, "attention_mask": mask, "decoder_input_ids": decoder, "labels": labels}


def _one_sequence(sources: Sequence[list[int]], targets: Sequence[list[int]]) -> dict[str, torch.Tensor]:
    """input_ids, attention_mask and labels; a label stands where its token does (`predict` shifts it). Padding
    stands right, so positions count from each sequence's begin, and its id is of no matter."""
    inputs, mask = _padded([source + target for source, target in zip(sources, targets, strict=True)], 0)
    labels, _ = _padded(
        [
            [IGNORED] * (len(source) + 1) + target[1:]  # the strategy token is the one more
            for source, target in zip(sources, targets, strict=True)
        ],
        IGNORED,
    )
    return {"input_ids": inputs, "attention_mask": mask, "labels": labels}


def _padded(rows: Sequence[list[int]], filler: int) -> tuple[torch.Tensor, torch.Tensor]:
    """The rows filled up to the longest, and a mask of what is theirs."""
    wide = max(map(len, rows))
    filled = torch.tensor([row + [filler] * (wide - len(row)) for row in rows])
    return filled, torch.tensor([[1] * len(row) + [0] * (wide - len(row)) for row in rows])


def predict(model: Any, batch: dict[str, torch.Tensor]) -> tuple[torch.Tensor, torch.Tensor]:
    """Logits (rows, places, pieces) and labels (rows, places) of which each logit says what the label at its place is.

    A causal model is asked from the first label on only: over 50,000 pieces the logits of the sources would take more
    memory than the model.
    """
    inputs = {key: tensor for key, tensor in batch.items() if key != "labels"}
    labels = batch["labels"]
    if architecture_of(model) == "seq2seq":
        return model(**inputs).logits, labels
    first = int((labels != IGNORED).any(0).nonzero()[0])
    # What is said at one place is the next one's piece.
    places = torch.arange(first - 1, labels.shape[1] - 1, device=labels.device)
    return model(**inputs, logits_to_keep=places).logits, labels[:, first:]


def mean_loss(model: Any, batch: dict[str, torch.Tensor]) -> torch.Tensor:
    """The mean loss of the counted tokens, in nats."""
    logits, labels = predict(model, batch)
    return torch.nn.functional.cross_entropy(logits.float().flatten(0, 1), labels.flatten(), ignore_index=IGNORED)


def preserving_loss(
    model: Any, before: Any, batch: dict[str, torch.Tensor], taught: Sequence[bool]
) -> torch.Tensor:
    """Learning without forgetting (arXiv 1606.09282): the loss on rows that are taught; on all others how far the model
    has moved away from what it was, `before`, as KL divergence. The mean over counted tokens, in nats."""
    logits, labels = predict(model, batch)
    with torch.no_grad():
        kept, _ = predict(before, batch)
    new = torch.nn.functional.cross_entropy(
        logits.float().transpose(1, 2), labels, ignore_index=IGNORED, reduction="none"
    )
    losses = torch.where(torch.tensor(taught, device=labels.device)[:, None], new, _moved(logits, kept))
    return losses[labels != IGNORED].mean()


def divergence(before: Any, model: Any, encoded: Encoded, *, batch: int = 50) -> float:
    """How far a model's answers are from those of `before`: KL divergence, nats per counted token."""
    before.eval(), model.eval()
    moved = counted = 0.0
    with torch.inference_mode():
        for start in range(0, len(encoded.kinds), batch):
            data = collate(encoded, range(start, min(start + batch, len(encoded.kinds))), "cpu")
            (kept, labels), (logits, _) = predict(before, data), predict(model, data)
            each = _moved(logits, kept)[labels != IGNORED]
            moved, counted = moved + float(each.sum()), counted + len(each)
    return moved / max(1.0, counted)


def _moved(logits: torch.Tensor, kept: torch.Tensor) -> torch.Tensor:
    """KL divergence of each place's distribution from the one that is to be kept, nats."""
    old = kept.float().log_softmax(-1)
    return (old.exp() * (old - logits.float().log_softmax(-1))).sum(-1)
