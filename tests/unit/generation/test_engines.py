"""Both engines: the same greedy text, whatever else is in the batch."""

import random
import sys
from pathlib import Path

import pytest

from domaingen.errors import ModelError
from domaingen.generation.ctranslate2_engine import Ctranslate2Engine
from domaingen.generation.engine import Prompt
from tests.unit.training.tiny import TEXTS

pytestmark = pytest.mark.torch

PROMPTS = [
    Prompt(source, prefix)
    for source in (
        *TEXTS[:5:2],
        "for bakery",
        "max 8 ; use crust ; for a village bakery with a long story to tell about rye",
    )
    for prefix in ("<compound>", "<blend>", "<coined>")
]


@pytest.fixture(scope="module")
def engine(tiny_model: Path) -> Ctranslate2Engine:
    return Ctranslate2Engine.open(tiny_model, threads=2)


def test_a_prompt_s_completion_does_not_depend_on_its_batch(engine: Ctranslate2Engine) -> None:
    together = engine.complete(PROMPTS, max_tokens=20)
    alone = [engine.complete([prompt], max_tokens=20)[0] for prompt in PROMPTS]
    assert [completion.text for completion in together] == [completion.text for completion in alone]
    shuffled = random.Random(1).sample(range(len(PROMPTS)), len(PROMPTS))
    again = engine.complete([PROMPTS[at] for at in shuffled] * 5, max_tokens=20)
    assert [completion.text for completion in again[: len(PROMPTS)]] == [together[at].text for at in shuffled]


def test_completions_begin_with_their_prefix_and_hold_no_special_token(engine: Ctranslate2Engine) -> None:
    for prompt, completion in zip(PROMPTS, engine.complete(PROMPTS, max_tokens=12), strict=True):
        assert completion.text.startswith(prompt.prefix)
        assert "</s>" not in completion.text
        assert "<pad>" not in completion.text


def test_the_torch_engine_writes_the_same_text_with_the_same_probability(tiny_model: Path) -> None:
    from domaingen.generation.model_files import read_model
    from domaingen.generation.torch_engine import TorchEngine

    exact = Ctranslate2Engine(read_model(tiny_model), threads=1, compute_type="float32")
    # Weights on disk are int8; float32 computing leaves only their rounding.
    torch_engine = TorchEngine(tiny_model, threads=1)
    theirs = torch_engine.complete(PROMPTS, max_tokens=10)
    ours = exact.complete(PROMPTS, max_tokens=10)
    same = [a.text == b.text for a, b in zip(ours, theirs, strict=True)]
    assert sum(same) >= len(same) - 1
    for one, other in zip(ours, theirs, strict=True):
        if one.text == other.text:
            assert one.log_prob == pytest.approx(other.log_prob, abs=0.05)
    assert torch_engine.name == exact.name == "tiny"
    assert torch_engine.digest == exact.digest


def test_nothing_is_decoded_for_no_prompts(engine: Ctranslate2Engine) -> None:
    assert engine.complete([]) == []


def test_a_source_of_many_bytes_is_cut_and_completes(engine: Ctranslate2Engine) -> None:
    assert len(engine.complete([Prompt("for " + "寿司" * 400, "<compound>")], max_tokens=8)) == 1


def test_a_broken_model_says_what_to_do(tiny_model: Path, tmp_path: Path) -> None:
    from domaingen.generation.model_files import ModelFiles

    with pytest.raises(ModelError, match="copy or train"):
        Ctranslate2Engine(ModelFiles(tmp_path, "x", "", "", {}))


def test_the_torch_engine_without_torch_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    from domaingen.generation.torch_engine import TorchEngine

    monkeypatch.setitem(sys.modules, "torch", None)
    with pytest.raises(ModelError, match=r"domaingen\[train\]"):
        TorchEngine("anything")


def test_the_torch_engine_names_what_it_takes_when_there_is_no_such_folder() -> None:
    from domaingen.generation.torch_engine import TorchEngine

    with pytest.raises(ModelError, match="google/flan-t5-base"):
        TorchEngine("/no/such/folder")


def test_the_torch_engine_takes_a_plain_transformers_folder(tmp_path: Path) -> None:
    from domaingen.generation.torch_engine import TorchEngine
    from tests.unit.training import tiny
    from training.convert import fast_tokenizer

    tiny.model().save_pretrained(tmp_path)
    fast_tokenizer(tiny.tokenizer()).save_pretrained(tmp_path)
    (completion,) = TorchEngine(tmp_path, threads=1).complete([Prompt("for bakery", "<compound>")], max_tokens=6)
    assert completion.text.startswith("<compound>")
