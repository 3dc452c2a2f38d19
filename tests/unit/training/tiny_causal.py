"""A tiny GPT-2 with a byte-level tokenizer of its own, laid out as checkpoints of the hub are."""

import json
from pathlib import Path
from typing import Any

from tokenizers import Tokenizer, decoders, models, pre_tokenizers, trainers

from domaingen.generation.model_files import ModelFiles
from tests.unit.training.tiny import TEXTS

END = "<|endoftext|>"
SHAPE: dict[str, Any] = {"n_embd": 32, "n_layer": 2, "n_head": 4, "n_positions": 192, "initializer_range": 0.1}


def write_checkpoint(folder: Path, **shape: Any) -> Path:
    """Random weights as microsoft/DialoGPT-small comes from the hub: config.json, pytorch_model.bin with the buffers
    that GPT-2 once kept, vocab.json and merges.txt; no tokenizer.json, no padding token."""
    import torch
    import transformers

    folder.mkdir(parents=True, exist_ok=True)
    tokenizer = Tokenizer(models.BPE())
    tokenizer.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    tokenizer.decoder = decoders.ByteLevel()
    alphabet = pre_tokenizers.ByteLevel.alphabet()
    trainer = trainers.BpeTrainer(vocab_size=400, initial_alphabet=alphabet, show_progress=False)
    tokenizer.train_from_iterator(TEXTS, trainer)
    tokenizer.model.save(str(folder))
    vocabulary = json.loads((folder / "vocab.json").read_text(encoding="utf-8"))
    end = vocabulary[END] = len(vocabulary)
    (folder / "vocab.json").write_text(json.dumps(vocabulary), encoding="utf-8")
    config = transformers.GPT2Config(
        **{"vocab_size": len(vocabulary), **SHAPE, **shape}, bos_token_id=end, eos_token_id=end
    )
    torch.manual_seed(0)
    made = transformers.GPT2LMHeadModel(config)
    state = made.state_dict()
    for layer in range(config.n_layer):
        state[f"transformer.h.{layer}.attn.bias"] = torch.ones(1, 1, 8, 8, dtype=torch.uint8)
        state[f"transformer.h.{layer}.attn.masked_bias"] = torch.tensor(-1e4)
    torch.save(state, folder / "pytorch_model.bin")
    config.architectures = ["GPT2LMHeadModel"]
    config.save_pretrained(folder)
    return folder


def trained(folder: Path, *, steps: int = 60, **shape: Any) -> tuple[Any, Tokenizer]:
    """A model and its tokenizer, taught the two pairs of TEXTS long enough to end what it writes."""
    import torch

    from training.examples import Example
    from training.models import load_base
    from training.sequences import collate, encode

    start = load_base(str(write_checkpoint(folder, **shape)))
    pairs = [Example(TEXTS[0], TEXTS[1], "curated"), Example(TEXTS[2], TEXTS[3], "lexicon")]
    batch = collate(encode(pairs, start.tokenizer, start.model), [0, 1], "cpu")
    optimizer = torch.optim.AdamW(start.model.parameters(), lr=5e-3)
    for _ in range(steps):
        start.model(**batch).loss.backward()
        optimizer.step()
        optimizer.zero_grad()
    return start.model.eval(), start.tokenizer


def write(folder: Path, *, steps: int = 60, **shape: Any) -> ModelFiles:
    """A whole model folder; with no steps its weights are random."""
    from training.examples import Example
    from training.export import write_model

    model, tokenizer = trained(folder.with_name(folder.name + ".base"), steps=steps, **shape)
    dev = [Example(TEXTS[0], TEXTS[1], "curated"), Example(TEXTS[2], TEXTS[3], "lexicon")]
    return write_model(
        model,
        tokenizer,
        folder,
        dev,
        name="tiny-causal",
        flags={},
        data_digest=None,
        metrics={},
        parent=None,
        say=lambda _: None,
    )
