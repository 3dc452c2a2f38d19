"""From torch to CTranslate2, guarded by a comparison of per-token log-probabilities.

transformers 5 sets `tie_word_embeddings` of every T5 to True and keeps its old meaning in `scale_decoder_outputs`,
while CTranslate2's converter (4.8.5) still reads the former: models that don't scale (T5 1.1, flan-t5) come out with
logits divided by the square root of d_model. Greedy text is the same, every probability is wrong. The converter is
therefore given the flag's real meaning, and no conversion is accepted unless both sides agree.

The same guard stands over GPT-2: its converter reads neither `scale_attn_by_inverse_layer_idx` nor
`layer_norm_epsilon`, so a checkpoint that uses them comes out wrong, and is refused.
"""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager, nullcontext
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import ctranslate2
import torch
from ctranslate2.converters.transformers import GPT2Loader, T5Loader
from tokenizers import Encoding, Tokenizer
from transformers import PreTrainedTokenizerFast

from domaingen.errors import ModelError
from training.sequences import MAX_SOURCE, MAX_TARGET, architecture_of, endings
from training.tokenizer import END, PAD, UNKNOWN

TOLERANCE = 2e-3
"""Largest difference of a token's natural-log probability, float32 on both sides; wrong scaling gives 1 and more."""


_LOADERS = {"t5": T5Loader, "gpt2": GPT2Loader}


def fast_tokenizer(tokenizer: Tokenizer) -> PreTrainedTokenizerFast:
    """The tokenizer as transformers wants it."""
    return PreTrainedTokenizerFast(tokenizer_object=tokenizer, pad_token=PAD, eos_token=END, unk_token=UNKNOWN)


def convert(
    model: Any,
    tokenizer: Tokenizer,
    folder: Path,
    pairs: Sequence[tuple[str, str]],
    *,
    quantization: str = "int8",
    mend_scaling: bool = True,
) -> float:
    """Write the CTranslate2 model of a torch T5 or GPT-2 into `folder` (it must not exist) and return the largest
    difference found on `pairs` of source and target. The torch model is spent: the converter rounds its weights where
    they lie. `mend_scaling` is False only in the test that shows the guard at work.

    Raises:
        ModelError: The architecture can't be converted, or the two sides disagree; nothing is left in `folder`.
    """
    if model.config.model_type not in _LOADERS:
        raise ModelError(
            f"a {model.config.model_type} model can't be converted; train from a T5 (google/flan-t5-base) or a GPT-2 "
            "(microsoft/DialoGPT-small)"
        )
    # Parity is checked on float32: int8 has rounding of its own, which is no error.
    exact = folder.with_name(folder.name + ".float32")
    try:
        _write(model, tokenizer, exact, "float32", mend_scaling=mend_scaling)
        difference = largest_difference(model, tokenizer, exact, pairs)
    finally:
        _remove(exact)
    if difference > TOLERANCE:
        raise ModelError(
            f"the converted model disagrees with torch by {difference:.3g} in log-probability (at most {TOLERANCE} is "
            "rounding); it is not written. The converter of this CTranslate2 release misreads the model: pin the "
            "versions of pyproject.toml"
        )
    _write(model, tokenizer, folder, quantization, mend_scaling=mend_scaling)
    return difference


def _write(model: Any, tokenizer: Tokenizer, folder: Path, quantization: str, *, mend_scaling: bool) -> None:
    loader = _LOADERS[model.config.model_type]()
    with torch.no_grad(), _real_meaning(model.config) if mend_scaling else nullcontext():
        spec = loader.get_model_spec(model)
    if architecture_of(model) == "causal":
        end = tokenizer.id_to_token(endings(model, tokenizer)[1])
        # As GPT-2's own tokenizer has it; bytes are all known, so nothing is unknown.
        named: Any = SimpleNamespace(bos_token=end, eos_token=end, unk_token=end)
    else:
        named = fast_tokenizer(tokenizer)
    loader.set_config(spec.config, model, named)
    pieces = [tokenizer.id_to_token(at) for at in range(tokenizer.get_vocab_size())]
    # Checkpoints pad their vocabulary to a round number.
    pieces += [f"<unused_{at}>" for at in range(len(pieces), model.config.vocab_size)]
    loader.set_vocabulary(spec, pieces)
    spec.validate()
    spec.optimize(quantization=quantization)
    folder.mkdir(parents=True)
    spec.save(str(folder))


@contextmanager
def _real_meaning(config: Any) -> Iterator[None]:
    """`tie_word_embeddings` as the converter understands it: whether the decoder's output is scaled."""
    forced = config.tie_word_embeddings
    config.tie_word_embeddings = bool(getattr(config, "scale_decoder_outputs", forced))
    try:
        yield
    finally:
        config.tie_word_embeddings = forced


def largest_difference(model: Any, tokenizer: Tokenizer, folder: Path, pairs: Sequence[tuple[str, str]]) -> float:
    """The largest difference between torch and the CTranslate2 model in `folder` of any target token's natural-log
    probability, the end token's included, under teacher forcing."""
    causal = architecture_of(model) == "causal"
    runner = (ctranslate2.Generator if causal else ctranslate2.Translator)(
        str(folder), device="cpu", compute_type="float32", inter_threads=1, intra_threads=1
    )
    compared = _causal_log_probs if causal else _seq2seq_log_probs
    largest = 0.0
    was_training = model.training
    model.eval()
    with torch.inference_mode():
        for source, target in pairs:
            read, written = (
                tokenizer.encode(source, add_special_tokens=False),
                tokenizer.encode(target, add_special_tokens=False),
            )
            expected, found = compared(model, tokenizer, runner, read, written)
            if len(found) != len(expected):
                raise ModelError(f"CTranslate2 scored {len(found)} tokens where torch scored {len(expected)}")
            largest = max(largest, *(abs(a - b) for a, b in zip(expected, found, strict=True)))
    model.train(was_training)
    return largest


def _seq2seq_log_probs(
    model: Any, tokenizer: Tokenizer, translator: Any, source: Encoding, target: Encoding
) -> tuple[list[float], list[float]]:
    """The log-probabilities of the target's tokens and the end, by torch and by CTranslate2."""
    device = next(model.parameters()).device
    source_end, end = endings(model, tokenizer)
    labels = torch.tensor([[*target.ids, end]], device=device)
    logits = model(input_ids=torch.tensor([[*source.ids, source_end]], device=device), labels=labels).logits
    expected = torch.log_softmax(logits.float(), -1).gather(-1, labels.unsqueeze(-1))[0, :, 0].tolist()
    (scored,) = translator.score_batch([[*source.tokens, END]], [target.tokens])
    return expected, scored.log_probs


def _causal_log_probs(
    model: Any, tokenizer: Tokenizer, generator: Any, source: Encoding, target: Encoding
) -> tuple[list[float], list[float]]:
    """The same of a causal model, the strategy token's included. It has only so many positions, so both parts are
    cut as in training."""
    separator, end = endings(model, tokenizer)
    ids = [*source.ids[: MAX_SOURCE - 1], separator, *target.ids[: MAX_TARGET - 1], end]
    counted = min(len(target.ids), MAX_TARGET - 1) + 1
    sequence = torch.tensor([ids], device=next(model.parameters()).device)
    log_probs = torch.log_softmax(model(input_ids=sequence).logits.float(), -1)
    expected = log_probs[:, :-1].gather(-1, sequence[:, 1:].unsqueeze(-1))[0, :, 0].tolist()
    (scored,) = generator.score_batch([[tokenizer.id_to_token(each) for each in ids]])
    return expected[-counted:], scored.log_probs[-counted:]


def _remove(folder: Path) -> None:
    if folder.exists():
        for path in folder.iterdir():
            path.unlink()
        folder.rmdir()
