"""Conversion is guarded: both meanings of T5's scaling flag and GPT-2 come out right, and what goes wrong is caught."""

from pathlib import Path
from typing import Any

import pytest

from domaingen.errors import ModelError
from tests.unit.training import tiny, tiny_causal

pytestmark = pytest.mark.torch

PAIRS = [(tiny.TEXTS[0], tiny.TEXTS[1]), (tiny.TEXTS[2], tiny.TEXTS[3])]


@pytest.mark.parametrize("scaled", [True, False])
def test_log_probabilities_agree_token_by_token(tmp_path: Path, scaled: bool) -> None:
    from training.convert import TOLERANCE, convert

    assert convert(tiny.model(scaled=scaled), tiny.tokenizer(), tmp_path / "ct2", PAIRS) < TOLERANCE
    assert (tmp_path / "ct2" / "model.bin").exists()
    assert [path.name for path in tmp_path.iterdir()] == ["ct2"]


@pytest.mark.parametrize("shape", [{}, {"vocab_size": 512}])
def test_log_probabilities_of_a_causal_model_agree_token_by_token(tmp_path: Path, shape: dict[str, Any]) -> None:
    from training.convert import TOLERANCE, convert

    model, tokenizer = tiny_causal.trained(tmp_path / "base", **shape)
    long = ("for " + "very " * 300, "<compound> " + "brew " * 100)
    assert convert(model, tokenizer, tmp_path / "ct2", [*PAIRS, long]) < TOLERANCE
    assert sorted(path.name for path in tmp_path.iterdir()) == ["base", "ct2"]


@pytest.mark.parametrize("shape", [{"scale_attn_by_inverse_layer_idx": True}, {"layer_norm_epsilon": 0.05}])
def test_a_causal_model_that_the_converter_misreads_is_refused_and_not_written(
    tmp_path: Path, shape: dict[str, Any]
) -> None:
    from training.convert import convert

    model, tokenizer = tiny_causal.trained(tmp_path / "base", **shape)
    with pytest.raises(ModelError, match="disagrees with torch"):
        convert(model, tokenizer, tmp_path / "ct2", PAIRS)
    assert [path.name for path in tmp_path.iterdir()] == ["base"]


def test_without_the_remedy_an_unscaled_model_is_refused_and_not_written(tmp_path: Path) -> None:
    from training.convert import convert

    with pytest.raises(ModelError, match="disagrees with torch"):
        convert(tiny.model(scaled=False), tiny.tokenizer(), tmp_path / "ct2", PAIRS, mend_scaling=False)
    assert list(tmp_path.iterdir()) == []


def test_the_flag_keeps_its_meaning_over_saving_and_loading(tmp_path: Path) -> None:
    import transformers

    tiny.model(scaled=False).save_pretrained(tmp_path)
    assert transformers.T5ForConditionalGeneration.from_pretrained(tmp_path).config.scale_decoder_outputs is False


def test_another_architecture_is_refused_in_words(tmp_path: Path) -> None:
    from training.convert import convert

    model = tiny.model()
    model.config.model_type = "bart"
    with pytest.raises(ModelError, match="google/flan-t5-base"):
        convert(model, tiny.tokenizer(), tmp_path / "ct2", PAIRS)
