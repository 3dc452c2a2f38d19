"""Weights between the old model and the new one.

Averaging what fine-tuning made with what it began from keeps old skills at little cost of new ones (WiSE-FT, arXiv
2109.01903), and the mean of several seeds forgets less than each of them (model soups, arXiv 2203.05482). Each weight
of the new models' mean is tried on dev; the one that does best on lessons, among those that answer old rows nearly as
before, is taken.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tokenizers import Tokenizer

from domaingen.generation.model_files import ModelFiles, read_model
from training.examples import Example, read_examples
from training.export import write_model
from training.finetune import evaluate
from training.models import load_base
from training.sequences import divergence, encode

ALPHAS = (0.0, 0.25, 0.5, 0.75, 1.0)
"""Weights of the new model; 0 is the old one, 1 the new one."""
MOST_MOVED = 0.02
"""Divergence from the old model's answers to old dev rows, nats per token, that a candidate may have. At 0.017, 3.7 %
of the likeliest tokens are others, and the gate found no slice worse. The loss on those rows says less: it fell by 0.002
for candidates that lost slices and rose by 0.037 for one that lost none (docs/retraining.md)."""


@dataclass(frozen=True, slots=True)
class Tried:
    """One weight of the new model: how far its answers to old dev rows are from the old model's (KL divergence, nats per
    token; None where the two have no tokens in common), and the dev losses (nats per token) of old rows and of lessons,
    None without any."""

    alpha: float
    moved: float | None
    old_loss: float
    lessons_loss: float | None


def choose_alpha(tried: Sequence[Tried]) -> float:
    """The weight of the new model to take: of those that moved no further than `MOST_MOVED`, the one with the least loss
    on lessons (on old rows where there are none); where all moved further, the smallest that was tried."""
    near = [each for each in tried if each.moved is None or each.moved <= MOST_MOVED]
    if not near:
        return min(each.alpha for each in tried)
    return min(near, key=lambda each: each.old_loss if each.lessons_loss is None else each.lessons_loss).alpha


def same_shape(old: Path, new: Path) -> bool:
    """Whether two model folders can be averaged: the same tokenizer and the same weights by name and size."""
    left, right = read_model(old, verify=False), read_model(new, verify=False)
    # By pieces and ids: a tokenizer that is written again may round the scores of its pieces otherwise.
    vocabularies = [Tokenizer.from_file(str(files.tokenizer_path)).get_vocab() for files in (left, right)]
    if vocabularies[0] != vocabularies[1]:
        return False
    shapes = [
        {name: value.shape for name, value in load_base(str(folder)).model.state_dict().items()}
        for folder in (old, new)
    ]
    return shapes[0] == shapes[1]


def averaged(old: Path, new: Sequence[Path], alpha: float) -> tuple[Any, Any]:
    """A torch model with `alpha` of the new weights, the mean of several seeds', and the rest of the old, and its
    tokenizer."""
    start = load_base(str(new[0]))
    state = start.model.state_dict()
    for folder in new[1:]:
        for name, value in load_base(str(folder)).model.state_dict().items():
            state[name] = state[name] + value
    state = {name: value / len(new) for name, value in state.items()} if len(new) > 1 else state
    if alpha < 1:
        before = load_base(str(old)).model.state_dict()
        state = {name: (1 - alpha) * before[name] + alpha * value for name, value in state.items()}
    start.model.load_state_dict(state)
    return start.model, start.tokenizer


def sweep(
    old: Path,
    new: Sequence[Path],
    data: Path,
    lessons_dev: Sequence[Example],
    alphas: Sequence[float],
    say: Callable[[str], None],
) -> list[Tried]:
    """Dev losses for each weight of the seeds' mean; only 1 where old and new can't be averaged."""
    if not (comparable := same_shape(old, new[0])):
        say("the new model has another shape or tokenizer than the active one; its weights are taken as they are")
        alphas = (1.0,)
    # Refusals among the lessons would decide by their number; the old rows are those of the base set alone.
    lessons = set(lessons_dev)
    dev = [example for example in read_examples(data / "dev.jsonl") if example not in lessons]
    before = load_base(str(old)).model if comparable else None
    tried = []
    for alpha in alphas:
        model, tokenizer = averaged(old, new, alpha)
        rows = encode(dev, tokenizer, model)
        moved = None if before is None else round(divergence(before, model, rows), 4)
        old_loss = evaluate(model, rows, "cpu")["loss"]
        lessons_loss = (
            evaluate(model, encode(lessons_dev, tokenizer, model), "cpu")["loss"] if lessons_dev else None
        )
        tried.append(
            Tried(alpha, moved, round(old_loss, 4), None if lessons_loss is None else round(lessons_loss, 4))
        )
        told = "" if moved is None else f", old answers moved by {moved:.3f}"
        told += "" if lessons_loss is None else f", lessons {lessons_loss:.3f}"
        say(f"weight {alpha:.2f} of the new model: dev loss {old_loss:.3f}{told}")
    return tried


def write_averaged(
    old: Path,
    new: Sequence[Path],
    alpha: float,
    out: Path,
    dev: Sequence[Example],
    *,
    name: str,
    parent: str | None,
    say: Callable[[str], None],
) -> ModelFiles:
    """Write the model with this weight as a folder of its own."""
    trained = read_model(new[0])
    model, tokenizer = averaged(old, new, alpha)
    return write_model(
        model,
        tokenizer,
        out,
        dev,
        name=name,
        flags={
            **trained.flags,
            "averaged_with": read_model(old, verify=False).name,
            "new_weight": alpha,
            "seeds": len(new),
        },
        data_digest=trained.data_digest,
        metrics={"trained": dict(trained.metrics)},
        parent=parent,
        say=say,
    )
