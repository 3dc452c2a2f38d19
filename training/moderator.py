"""Fit what the local moderator adds to the encoder, and choose its thresholds; only dev rows are read.

    python -m training.moderator_encoder      first: the encoder and its head
    python -m training.moderator              then: the weight of clauses and the thresholds

Writes `data/moderation/classifier.npz` and `data/moderation/thresholds.json`.
"""

import argparse
import json
import random
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import numpy.typing as npt
import torch
from torch.nn import functional

from domaingen.encoder import SentenceEncoder
from domaingen.moderation.classifier import Classifier
from training.moderator_rows import DATA, choosing_examples, innocent_texts, training_examples

BENIGN_REFUSED = 0.02
"""Share of dev's benign contrasts that the refusing threshold may reach."""
BENIGN_UNCERTAIN = 0.04
"""Share of dev's benign contrasts at or above the uncertain threshold."""
BENIGN_CONSULTED = 0.10
"""The same for the wider band that is worth a second opinion where there is one."""

JOINTS = (". ", "; ", ". Also: ", ", and ", " - ")
ORDINARY = 25
"""Letters of an ordinary sentence, at least."""

Floats = npt.NDArray[np.float32]


def fit_mix(parts: Floats, harm: npt.NDArray[np.bool_]) -> Floats:
    """Non-negative logistic weights of whole text and clauses, and a bias."""
    inputs = torch.tensor(parts)
    target = torch.tensor(harm.astype(np.float32))
    raw = torch.tensor([0.5, -1.0], requires_grad=True)
    bias = torch.zeros(1, requires_grad=True)
    optimizer = torch.optim.LBFGS([raw, bias], max_iter=200, line_search_fn="strong_wolfe")

    def closure() -> torch.Tensor:
        optimizer.zero_grad()
        weights = functional.softplus(raw)
        loss = functional.binary_cross_entropy_with_logits(inputs @ weights + bias, target)
        loss = loss + 1e-3 * (weights**2).sum()
        loss.backward()
        return loss

    optimizer.step(closure)
    return np.concatenate([functional.softplus(raw).detach().numpy(), bias.detach().numpy()]).astype(np.float32)


def in_company(texts: Sequence[str], innocents: Sequence[str]) -> list[str]:
    """Each text with an ordinary sentence in front or behind, in turn; the same ones every time."""
    rng = random.Random(0)
    ordinary = [text for text in innocents if len(text) >= ORDINARY]
    joined = []
    for number, text in enumerate(texts):
        pair = [text, rng.choice(ordinary)]
        first, last = pair if number % 2 else reversed(pair)
        joined.append(first.rstrip(" .!?") + rng.choice(JOINTS) + last)
    return joined


def save(path: Path, **arrays: npt.NDArray[np.generic]) -> None:
    """Write an .npz under a temporary name, then rename."""
    temporary = path.with_suffix(".tmp.npz")
    np.savez_compressed(temporary, **arrays)  # type: ignore[arg-type]
    temporary.rename(path)


def main() -> None:
    """Fit, choose, write, print what was chosen."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--encoder", type=Path, default=DATA / "encoder")
    parser.add_argument("--out", type=Path, default=DATA / "moderation")
    parser.add_argument("--threads", type=int, default=1)
    flags = parser.parse_args()
    torch.set_num_threads(flags.threads)
    categories = sorted({example.category for example in training_examples() if example.harmful})
    with np.load(flags.encoder / "head.npz") as head:
        arrays = {
            "categories": np.array(categories),
            "head": head["head"].astype(np.float32),
            "kinds": head["kinds"].astype(np.float16),
        }
    path = flags.out / "classifier.npz"
    save(path, mix=np.array([1, 0, 0], dtype=np.float32), **arrays)
    encoder = SentenceEncoder(flags.encoder)
    dev = choosing_examples()
    harm = np.array([row.harmful for row in dev])
    # With innocent company, so that the clauses' weight is learnt from texts in which one clause decides.
    texts = [row.text for row in dev] + in_company([row.text for row in dev], innocent_texts())
    parts, _ = Classifier(path, encoder).parts(texts)
    mix = fit_mix(parts, np.concatenate([harm, harm]))
    save(path, mix=mix, **arrays)
    classifier = Classifier(path, encoder)
    risk = np.array([one.probability for one in classifier.score([row.text for row in dev])])
    at = {
        name: float(np.quantile(risk[~harm], 1 - allowed))
        for name, allowed in (
            ("refuse", BENIGN_REFUSED),
            ("uncertain", BENIGN_UNCERTAIN),
            ("consult", BENIGN_CONSULTED),
        )
    }
    chosen = {
        **{name: round(threshold, 4) for name, threshold in at.items()},
        "chosen_on": f"dev part and dev.jsonl, {len(dev)} rows: {BENIGN_REFUSED:.0%}, {BENIGN_UNCERTAIN:.0%} and "
        f"{BENIGN_CONSULTED:.0%} of benign contrasts at or above",
        "dev_recall": {name: round(float((risk[harm] >= value).mean()), 4) for name, value in at.items()},
        "mix": [round(float(value), 3) for value in mix],
    }
    (flags.out / "thresholds.json").write_text(json.dumps(chosen, indent=1) + "\n", encoding="utf-8")
    print(json.dumps(chosen, indent=1))  # noqa: T201


if __name__ == "__main__":
    main()
