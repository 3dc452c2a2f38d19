"""The model that training begins with: a new small T5 with our tokenizer, or a checkpoint, T5 or GPT-2, whose
tokenizer is given the missing tokens."""

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
TRAINABLE = ("t5", "gpt2")
"""Types of models that can be converted in the end; others are refused before any time is spent on them."""
_DROPOUTS = {"t5": ("dropout_rate",), "gpt2": ("resid_pdrop", "embd_pdrop", "attn_pdrop")}
_POSITIONS = 192
"""What a causal model must reach over: 128 pieces of a source and 64 of a target, which engines read and write."""
_WHAT_TO_GIVE = (
    "give a folder that `domaingen train` wrote, a folder with a T5 or GPT-2 checkpoint and its tokenizer, or a hub "
    "name such as google/flan-t5-base or microsoft/DialoGPT-small"
)
_TOKENIZER_TEXTS = 120_000
_SMALLEST_PEAK, _LARGEST_PEAK = 2e-5, 1e-2


@dataclass(frozen=True, slots=True)
class Start:
    """`parent` names the model that training begins from, None for a new one; `knows_format` says that it was trained
    here, and so reads and writes our text already."""

    model: Any
    tokenizer: Tokenizer
    parent: str | None
    knows_format: bool = False


def load_or_make(
    base: str | None, examples: Sequence[Example], work: Path, *, resume: bool, dropout: float, seed: int
) -> Start:
    """Make a new small model, its tokenizer trained on the examples and kept in `work`, or load `base`.

    Raises:
        ModelError: `base` is no T5 or GPT-2 that can be loaded.
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
    """Load one of our model folders, another local folder or a hub name, and teach its tokenizer our tokens. Its
    configuration says whether it is seq2seq or causal.

    Raises:
        ModelError: It is missing, neither T5 nor GPT-2, or has no fast tokenizer.
    """
    folder = Path(base)
    try:
        files = read_model(folder) if (folder / MANIFEST).exists() else None
        weights, parent = (
            (str(files.weights_path), files.name) if files else (base, folder.name if folder.is_dir() else base)
        )
        config = transformers.AutoConfig.from_pretrained(weights)
        if config.model_type not in TRAINABLE:
            raise ModelError(f"{base} is a {config.model_type} model, which can't be converted; {_WHAT_TO_GIVE}")
        tokenizer = (
            Tokenizer.from_file(str(files.tokenizer_path))
            if files
            else transformers.AutoTokenizer.from_pretrained(base).backend_tokenizer
        )
        kind = (
            transformers.AutoModelForSeq2SeqLM if config.is_encoder_decoder else transformers.AutoModelForCausalLM
        )
        model = kind.from_pretrained(
            weights, dtype=torch.float32, **dict.fromkeys(_DROPOUTS[config.model_type], dropout)
        )
    except (OSError, ValueError, RuntimeError, AttributeError) as error:
        raise ModelError(f"{base} can't be trained from ({error}); {_WHAT_TO_GIVE}") from error
    causal = not config.is_encoder_decoder
    if causal:
        _check_causal(base, config, tokenizer)
    add_tokens(tokenizer, causal=causal)
    if tokenizer.get_vocab_size() > model.config.vocab_size:
        model.resize_token_embeddings(tokenizer.get_vocab_size())
    return Start(model, tokenizer, parent, knows_format=files is not None)


def _check_causal(base: str, config: Any, tokenizer: Tokenizer) -> None:
    end = config.eos_token_id
    if not isinstance(end, int) or tokenizer.id_to_token(end) is None:
        raise ModelError(f"{base} has no end token (eos_token_id is {end}) in its tokenizer; {_WHAT_TO_GIVE}")
    if config.max_position_embeddings < _POSITIONS:
        raise ModelError(
            f"{base} reaches over {config.max_position_embeddings} positions, and {_POSITIONS} are needed; "
            f"{_WHAT_TO_GIVE}"
        )


def relative_groups(model: Any, rate: float) -> list[dict[str, Any]]:
    """Parameter groups, each with `peak`: `rate` times the root mean square of its values, within limits."""
    groups: dict[float, list[Any]] = {}
    for parameter in model.parameters():
        size = float(parameter.detach().float().square().mean().sqrt())
        # Two digits are enough, and keep the groups few: fused Adam runs once for each.
        peak = float(f"{min(max(rate * size, _SMALLEST_PEAK), _LARGEST_PEAK):.1g}")
        groups.setdefault(peak, []).append(parameter)
    return [{"params": parameters, "peak": peak, "lr": peak} for peak, parameters in groups.items()]
