"""Training, one way for all: from scratch with our own tokenizer, or from any T5 or GPT-2 checkpoint; then convert,
measure, write a model folder.

Reads top to bottom: options, model, data, loop, checkpoint, end.
"""

import json
import time
from collections.abc import Callable, Mapping
from copy import deepcopy
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import torch

from domaingen.generation.model_files import ModelFiles
from training.batches import TURN, Curriculum
from training.checkpoints import load_checkpoint, save_checkpoint
from training.examples import data_digest, read_examples
from training.export import write_model
from training.models import load_or_make, relative_groups
from training.precision import mixed_precision
from training.sequences import IGNORED, Encoded, collate, encode, mean_loss, predict, preserving_loss

Say = Callable[[str], None]


@dataclass(frozen=True, slots=True)
class Options:
    """How to train. `base`: folder or hub name to begin from, None for a new small model. It ends after `steps`
    batches or `minutes`, whichever comes first, or when dev has not improved for `patience` evaluations.

    `learning_rate` is relative to the root mean square of each weight matrix, as Adafactor scales it (arXiv
    1804.04235, section 8): T5's matrices differ in size by two orders of magnitude and one absolute rate suits none.
    None stands for 0.02 from scratch (arXiv 2309.02373) and 0.002 from a base.

    `preserve`: examples of other styles than this one keep the base's answers instead of learning their targets
    (`training.sequences.preserving_loss`); None learns all alike.

    `curriculum`: broad synthetic rows first, curated ones at the end (`training.batches`). A base that was trained here
    knows the broad ones, so it begins where the shares turn.
    """

    data: Path
    out: Path
    base: str | None = None
    name: str | None = None
    steps: int = 3000
    minutes: float | None = None
    batch: int = 64
    learning_rate: float | None = None
    warmup: int = 200
    dropout: float = 0.05
    curriculum: bool = True
    threads: int = 0
    seed: int = 0
    resume: bool = False
    evaluate_every: int = 250
    patience: int = 8
    precision: str = "auto"
    preserve: str | None = None

    def flags(self) -> dict[str, Any]:
        """For `model.json`: everything that shaped the weights."""
        return {
            key: str(value) if isinstance(value, Path) else value
            for key, value in asdict(self).items()
            if key != "resume"
        }


def fine_tune(options: Options, say: Say = print) -> ModelFiles:
    """Train, and write the model of the best dev loss to `options.out`.

    Raises:
        ModelError: The base can't be loaded or converted.
        InputFileError: A line of the training set can't be read.
    """
    if options.threads:
        torch.set_num_threads(options.threads)
    torch.manual_seed(options.seed)
    device = "cuda" if torch.cuda.is_available() else "cpu"
    work = options.out.parent / f".{options.out.name}.training"
    work.mkdir(parents=True, exist_ok=True)
    train, dev = list(read_examples(options.data / "train.jsonl")), list(read_examples(options.data / "dev.jsonl"))
    start = load_or_make(
        options.base, train, work, resume=options.resume, dropout=options.dropout, seed=options.seed
    )
    model, tokenizer = start.model.to(device), start.tokenizer
    say(f"{sum(p.numel() for p in model.parameters()):,} parameters on {device}, {len(train):,} examples")
    encoded, held_out = encode(train, tokenizer, model), encode(dev[:1200], tokenizer, model)
    begin = TURN if start.knows_format else 0.0
    run = _Run(options, model, encoded, held_out, device, work, say, begin)
    run.loop(work / "checkpoint.pt")
    model.load_state_dict(run.best_state)
    return write_model(
        model,
        tokenizer,
        options.out,
        dev,
        name=options.name or options.out.name,
        flags=options.flags(),
        data_digest=data_digest(options.data),
        metrics=run.metrics(),
        parent=start.parent,
        say=say,
    )


class _Run:
    """The state of one training run."""

    def __init__(
        self,
        options: Options,
        model: Any,
        encoded: Encoded,
        held_out: Encoded,
        device: str,
        work: Path,
        say: Say,
        begin: float,
    ) -> None:
        self.options, self.model, self.encoded, self.held_out = options, model, encoded, held_out
        self.device, self.work, self.say = device, work, say
        rate = options.learning_rate or (0.002 if options.base else 0.02)
        self.optimizer = torch.optim.AdamW(
            relative_groups(model, rate), lr=rate, betas=(0.9, 0.98), eps=1e-8, weight_decay=0.0, fused=True
        )
        self.curriculum = Curriculum(
            encoded.kinds,
            [len(source) for source in encoded.sources],
            batch=options.batch,
            seed=options.seed,
            weighted=options.curriculum,
            begin=begin,
        )
        self.step, self.elapsed_s, self.waited = 0, 0.0, 0
        self.best: dict[str, float] = {}
        self.best_step = 0
        self.best_state: Mapping[str, torch.Tensor] = {}
        self._mixed = mixed_precision(options.precision, device)
        # What the base said, before any step or checkpoint.
        self._before = deepcopy(model).eval() if options.preserve else None

    def progress(self) -> float:
        """0 to 1, by steps or by time, whichever is further."""
        by_time = self.elapsed_s / (self.options.minutes * 60) if self.options.minutes else 0.0
        return min(1.0, max(self.step / self.options.steps, by_time))

    def loop(self, checkpoint: Path) -> None:
        """Train until an end; prints a line for every fifth of an evaluation's interval."""
        if self.options.resume and checkpoint.exists():
            load_checkpoint(checkpoint, self)
            self.say(f"resumed at step {self.step}, {self.elapsed_s / 60:.1f} minutes in")
        shown_s, shown_step, losses = time.monotonic(), self.step, 0.0
        last = time.monotonic()
        while self.progress() < 1.0 and self.waited < self.options.patience:
            losses += self._train_step()
            now = time.monotonic()
            self.elapsed_s, last = self.elapsed_s + now - last, now
            if self.step % max(1, self.options.evaluate_every // 5) == 0:
                steps, seconds = self.step - shown_step, now - shown_s
                self.say(
                    f"step {self.step} ({self.progress():.0%}) loss {losses / steps:.3f} "
                    f"{steps * self.options.batch / seconds:.0f} examples/s"
                )
                shown_s, shown_step, losses = now, self.step, 0.0
            if self.step % self.options.evaluate_every == 0:
                self._evaluate()
                save_checkpoint(checkpoint, self)
                last = shown_s = time.monotonic()
        self._evaluate()
        save_checkpoint(checkpoint, self)

    def _train_step(self) -> float:
        self.model.train()
        progress = self.progress()
        scale = min(1.0, (self.step + 1) / self.options.warmup) * max(0.03, 1.0 - progress)
        for group in self.optimizer.param_groups:
            group["lr"] = group["peak"] * scale
        rows = self.curriculum.next(progress)
        batch = collate(self.encoded, rows, self.device)
        with self._mixed():
            if self._before is None:
                loss = mean_loss(self.model, batch)
            else:
                taught = [self.encoded.styles[row] == self.options.preserve for row in rows]
                loss = preserving_loss(self.model, self._before, batch, taught)
        loss.backward()
        torch.nn.utils.clip_grad_norm_(self.model.parameters(), 1.0)
        self.optimizer.step()
        self.optimizer.zero_grad(set_to_none=True)
        self.step += 1
        return float(loss.detach())

    def _evaluate(self) -> None:
        """Dev loss by kind; the mean of curated and the rest decides which weights are best."""
        measured = evaluate(self.model, self.held_out, self.device)
        if not self.best or measured["loss"] < self.best["loss"]:
            self.best, self.best_step, self.waited = measured, self.step, 0
            self.best_state = {key: value.detach().cpu().clone() for key, value in self.model.state_dict().items()}
        # While rate and shares still change much, a plateau says nothing.
        elif self.progress() > 0.6:
            self.waited += 1
        self.say(f"step {self.step} dev " + " ".join(f"{key} {value:.3f}" for key, value in measured.items()))
        with (self.work / "log.jsonl").open("a", encoding="utf-8") as log:
            log.write(json.dumps({"step": self.step, "minutes": round(self.elapsed_s / 60, 2), **measured}) + "\n")

    def metrics(self) -> dict[str, Any]:
        """For `model.json`."""
        dev = {key: round(value, 4) for key, value in self.best.items()}
        return {
            "dev": dev,
            "steps": self.step,
            "best_step": self.best_step,
            "train_minutes": round(self.elapsed_s / 60, 1),
        }


def evaluate(model: Any, held_out: Encoded, device: str, *, batch: int = 100) -> dict[str, float]:
    """Mean loss per token by kind (nats), `loss` over named examples and refusals, `accuracy` of the next token, and
    `per_character`, the loss of all targets by their length in characters (nats): tokens of two tokenizers differ in
    length, characters don't."""
    model.eval()
    order = sorted(range(len(held_out.kinds)), key=lambda row: (held_out.kinds[row], len(held_out.sources[row])))
    sums: dict[str, list[float]] = {}
    right = total = 0
    with torch.inference_mode():
        for start in range(0, len(order), batch):
            rows = order[start : start + batch]
            data = collate(held_out, rows, device)
            logits, labels = predict(model, data)
            counted = labels != IGNORED
            losses = torch.nn.functional.cross_entropy(
                logits.float().transpose(1, 2), labels, ignore_index=IGNORED, reduction="none"
            )
            right += int(((logits.argmax(-1) == labels) & counted).sum())
            total += int(counted.sum())
            for row, loss, count in zip(rows, losses.sum(1).tolist(), counted.sum(1).tolist(), strict=True):
                kind = sums.setdefault(held_out.kinds[row], [0.0, 0.0])
                kind[0] += loss
                kind[1] += count
    by_kind = {kind: loss / count for kind, (loss, count) in sorted(sums.items())}
    nats = sum(loss for loss, _ in sums.values())
    everything = nats / max(1.0, sum(count for _, count in sums.values()))
    # Curated rows are what the model is for: they count half.
    loss = (by_kind["curated"] + everything) / 2 if "curated" in by_kind else everything
    per_character = nats / max(1, sum(held_out.characters))
    return {"loss": loss, **by_kind, "accuracy": right / max(1, total), "per_character": per_character}
