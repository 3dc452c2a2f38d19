"""Causal models behind the same door: both engines write the same text, whatever else is in the batch."""

import shutil
from pathlib import Path

import pytest

from domaingen.errors import EngineError
from domaingen.generation.causal_engine import CausalEngine
from domaingen.generation.ctranslate2_engine import Ctranslate2Engine
from domaingen.generation.engine import Engine, Prompt
from domaingen.generation.engines import make_engine
from domaingen.generation.model_files import ModelFiles, read_model
from tests.unit.training import tiny_causal
from tests.unit.training.tiny import TEXTS

pytestmark = pytest.mark.torch

PROMPTS = [
    Prompt(source, prefix)
    for source in (
        *TEXTS[:5:2],
        "for bakery",
        "max 8 ; use crust ; for a village bakery with a long story to tell about rye",
        *(f"use brew ; for organic coffee shop {'in the garden ' * at}" for at in range(6)),
        "",
    )
    for prefix in ("<compound>", "<blend> brew", "<coined>", "")
]


@pytest.fixture(scope="module")
def files(tmp_path_factory: pytest.TempPathFactory) -> ModelFiles:
    """A model folder, taught two pairs."""
    return tiny_causal.write(tmp_path_factory.mktemp("causal") / "model")


@pytest.fixture(scope="module")
def engine(files: ModelFiles) -> Engine:
    return make_engine(files, threads=2)


def test_the_folder_s_architecture_chooses_the_engine(files: ModelFiles, tiny_model: Path) -> None:
    assert type(make_engine(files, threads=1)) is CausalEngine
    assert type(make_engine(read_model(tiny_model), threads=1)) is Ctranslate2Engine


def test_a_completion_and_its_probability_do_not_depend_on_the_batch(tmp_path: Path) -> None:
    # Wide and random enough for int8 to turn another rounding into another text, were lengths mixed in a batch.
    engine = make_engine(tiny_causal.write(tmp_path / "wide", steps=0, n_embd=128, n_layer=4), threads=2)
    together = engine.complete(PROMPTS * 2, max_tokens=20)
    alone = [engine.complete([prompt], max_tokens=20)[0] for prompt in PROMPTS] * 2
    assert [each.text for each in together] == [each.text for each in alone]
    assert [each.log_prob for each in together] == pytest.approx([each.log_prob for each in alone], abs=1e-5)


def test_both_engines_write_the_same_text_with_the_same_probability(files: ModelFiles, tmp_path: Path) -> None:
    from domaingen.generation.torch_engine import TorchEngine
    from training.convert import convert
    from training.models import load_base

    start = load_base(str(files.path))
    assert start.knows_format
    convert(start.model, start.tokenizer, tmp_path / "ct2", [(TEXTS[0], TEXTS[1])], quantization="float32")
    shutil.copy(files.tokenizer_path, tmp_path)
    exact = CausalEngine(ModelFiles(tmp_path, "exact", "", "", {}), threads=1, compute_type="float32")
    torch_engine = TorchEngine(files.path, threads=1, batch=8)
    ours, theirs = exact.complete(PROMPTS, max_tokens=10), torch_engine.complete(PROMPTS, max_tokens=10)
    assert [each.text for each in ours] == [each.text for each in theirs]
    for one, other in zip(ours, theirs, strict=True):
        assert one.log_prob == pytest.approx(other.log_prob, abs=1e-4)
    # Some ended and some were cut off, so the mean was taken over both kinds.
    assert len({len(start.tokenizer.encode(each.text).ids) == 10 for each in ours}) == 2
    assert (torch_engine.name, torch_engine.digest) == (files.name, files.digest)


def test_what_the_model_was_taught_comes_back_in_int8(engine: Engine) -> None:
    taught = engine.complete([Prompt(TEXTS[0], "<compound>"), Prompt(TEXTS[2], "<blend>")])
    assert [each.text for each in taught] == [TEXTS[1], TEXTS[3]]


def test_completions_begin_with_their_prefix_and_hold_neither_source_nor_special_token(engine: Engine) -> None:
    for prompt, completion in zip(PROMPTS, engine.complete(PROMPTS, max_tokens=12), strict=True):
        assert completion.text.startswith(prompt.prefix)
        assert "for" not in completion.text
        assert "<sep>" not in completion.text
        assert tiny_causal.END not in completion.text


def test_the_prefix_counts_among_the_tokens_that_may_be_written(files: ModelFiles) -> None:
    from tokenizers import Tokenizer

    tokenizer = Tokenizer.from_file(str(files.tokenizer_path))
    texts = [each.text for each in make_engine(files, threads=1).complete(PROMPTS, max_tokens=5)]
    assert max(len(tokenizer.encode(text).ids) for text in texts) == 5


def test_no_prompts_and_endless_prompts_are_completed(engine: Engine) -> None:
    assert engine.complete([]) == []
    assert len(engine.complete([Prompt("for " + "寿司" * 400, "<compound>")], max_tokens=64)) == 1


def test_the_torch_engine_takes_a_checkpoint_that_was_never_trained_here(tmp_path: Path) -> None:
    from domaingen.generation.torch_engine import TorchEngine

    engine = TorchEngine(tiny_causal.write_checkpoint(tmp_path / "raw"), threads=1)
    together = engine.complete([Prompt("for bakery", "brew"), Prompt("for a long bakery", "brew")], max_tokens=6)
    assert together[0].text == engine.complete([Prompt("for bakery", "brew")], max_tokens=6)[0].text
    assert together[0].text.startswith("brew")
    assert tiny_causal.END not in together[0].text


def test_a_prompt_beyond_the_model_s_positions_is_the_engine_s_failure(tmp_path: Path) -> None:
    from domaingen.generation.torch_engine import TorchEngine

    engine = TorchEngine(tiny_causal.write_checkpoint(tmp_path / "short", n_positions=16), threads=1)
    with pytest.raises(EngineError, match="torch failed on 1 prompts"):
        engine.complete([Prompt("for " + "bakery " * 20)])
