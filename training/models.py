"""The model that training begins with: a new small T5 with our tokenizer, or a checkpoint with the missing tokens."""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import Any

import torch
import transformers
from tokenizers import Tokenizer

from domaingen.errors import ModelError
from domaingen.generation.model_files import MANIFEST, read_model
from domaingen.lexicon import bundled_lexicon
from training.examples import Example, all_texts
from training.piece_meanings import meaningful_embeddings
from training.tokenizer import END, PAD, add_tokens, save_tokenizer, train_tokenizer

SMALL: dict[str, Any] = {
    "d_model": 256,
    "d_kv": 64,
    "num_heads": 4,
    "d_ff": 640,
    "num_layers": 4,
    "num_decoder_layers": 2,
    "feed_forward_proj": "gated-gelu",
}
"""7 M parameters with 8,192 pieces. Gated as in T5 1.1, but with input and output embeddings tied and the output
scaled as in T5 1.0: with one vector for a piece on both sides, copying it needs no learning."""
_TOKENIZER_TEXTS = 120_000
_SMALLEST_PEAK, _LARGEST_PEAK = 2e-5, 1e-2


@dataclass(frozen=True, slots=True)
class Start:
    """`parent` names the model that training begins from, None for a new one."""

    model: Any
    tokenizer: Tokenizer
    parent: str | None


def load_or_make(
    base: str | None, examples: Sequence[Example], work: Path, *, resume: bool, dropout: float, seed: int
) -> Start:
    """Make a new small model, its tokenizer trained on the examples and kept in `work`, or load `base`.

    Raises:
        ModelError: `base` is no T5 that can be loaded.
    """
    if base:
        return load_base(base, dropout)
    kept = work / "tokenizer.json"
    if resume and kept.exists():
        tokenizer = Tokenizer.from_file(str(kept))
    else:
        tokenizer = train_tokenizer(islice(all_texts(examples), _TOKENIZER_TEXTS), bundled_lexicon())
        save_tokenizer(tokenizer, kept)
    torch.manual_seed(seed)
    return Start(new_model(tokenizer, dropout=dropout), tokenizer, None)


def new_model(tokenizer: Tokenizer, *, dropout: float = 0.0, **shape: Any) -> Any:
    """A T5 with random weights for this tokenizer, but for the embeddings of whole words (`training.piece_meanings`);
    `shape` overrides `SMALL`."""
    config = transformers.T5Config(
        **{**SMALL, **shape},
        vocab_size=tokenizer.get_vocab_size(),
        dropout_rate=dropout,
        pad_token_id=tokenizer.token_to_id(PAD),
        eos_token_id=tokenizer.token_to_id(END),
        decoder_start_token_id=tokenizer.token_to_id(PAD),
    )
    model = transformers.T5ForConditionalGeneration(config)
    with torch.no_grad():
        model.shared.weight.copy_(meaningful_embeddings(tokenizer, model.shared.weight))
    return model


def load_base(base: str, dropout: float = 0.0) -> Start:
    """Load one of our model folders, another local folder or a hub name, and teach its tokenizer our tokens.

    Raises:
        ModelError: It is missing, no T5, or has no fast tokenizer.
    """
    folder = Path(base)
    try:
        if (folder / MANIFEST).exists():
            files = read_model(folder)
            tokenizer, weights, parent = (
                Tokenizer.from_file(str(files.tokenizer_path)),
                str(files.weights_path),
                files.name,
            )
        else:
            tokenizer = transformers.AutoTokenizer.from_pretrained(base).backend_tokenizer
            weights, parent = base, folder.name if folder.is_dir() else base
        model = transformers.AutoModelForSeq2SeqLM.from_pretrained(
            weights, dtype=torch.float32, dropout_rate=dropout
        )
    except (OSError, ValueError, RuntimeError, AttributeError) as error:
        raise ModelError(
            f"{base} can't be trained from ({error}); give a folder that `domaingen train` wrote, a folder with a T5 "
            "checkpoint and its tokenizer, or a hub name such as google/flan-t5-base"
        ) from error
    add_tokens(tokenizer)
    if tokenizer.get_vocab_size() > model.config.vocab_size:
        model.resize_token_embeddings(tokenizer.get_vocab_size())
    return Start(model, tokenizer, parent)


def relative_groups(model: Any, rate: float) -> list[dict[str, Any]]:
    """Parameter groups, each with `peak`: `rate` times the root mean square of its values, within limits."""
    groups: dict[float, list[Any]] = {}
    for parameter in model.parameters():
        size = float(parameter.detach().float().square().mean().sqrt())
        # Two digits are enough, and keep the groups few: fused Adam runs once for each.
        peak = float(f"{min(max(rate * size, _SMALLEST_PEAK), _LARGEST_PEAK):.1g}")
        groups.setdefault(peak, []).append(parameter)
    return [{"params": parameters, "peak": peak, "lr": peak} for peak, parameters in groups.items()]
