"""A causal base goes the same way as a seq2seq one, and what is measured of both means the same."""

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from domaingen.errors import ModelError
from domaingen.generation.text_format import SEPARATOR, STRATEGY_TOKENS
from tests.unit.training import tiny, tiny_causal
from training.examples import Example

pytestmark = pytest.mark.torch

EXAMPLES = [
    Example(tiny.TEXTS[0], tiny.TEXTS[1], "curated"),
    Example("for bakery", "<coined> crumb .com", "curated"),
    Example("for " + "stolen goods " * 60, "<compound> <none>", "curated"),
    Example("for garden", "<compound> " + "clover trowel ; " * 40, "curated"),
]


@pytest.fixture(scope="module")
def start(tmp_path_factory: pytest.TempPathFactory) -> Any:
    """A checkpoint as training begins from it."""
    from training.models import load_base

    return load_base(str(tiny_causal.write_checkpoint(tmp_path_factory.mktemp("causal") / "base")))


def test_a_causal_tokenizer_is_taught_strategies_refusal_and_separator_and_keeps_its_own_end(start: Any) -> None:
    tokenizer = start.tokenizer
    assert tokenizer.encode("<blend> roast").tokens == ["<blend>", "Ġroast"]
    assert {SEPARATOR, "<none>", *STRATEGY_TOKENS} <= set(tokenizer.get_vocab())
    assert tokenizer.id_to_token(start.model.config.eos_token_id) == tiny_causal.END
    assert start.model.config.vocab_size == tokenizer.get_vocab_size()
    written = "<blend> brew + utopia = brew topia .com"
    ids = tokenizer.encode(f"{written}{SEPARATOR}<none>{tiny_causal.END}").ids
    assert tokenizer.decode(ids, skip_special_tokens=True) == written


def test_an_example_is_source_separator_target_end_and_cut_as_for_seq2seq(start: Any) -> None:
    from training.sequences import MAX_SOURCE, MAX_TARGET, collate, encode

    encoded = encode(EXAMPLES, start.tokenizer, start.model)
    batch = collate(encoded, [1], "cpu")
    pieces = [start.tokenizer.id_to_token(at) for at in batch["input_ids"][0].tolist()]
    read, written = (start.tokenizer.encode(text).tokens for text in (EXAMPLES[1].source, EXAMPLES[1].target))
    assert pieces == [*read, SEPARATOR, *written, tiny_causal.END]
    assert len(encoded.sources[2]) == MAX_SOURCE
    assert len(encoded.targets[3]) == MAX_TARGET
    assert encoded.characters[1] == len(" crumb .com")
    kept = start.tokenizer.decode(encoded.targets[3][1:-1])
    assert encoded.characters[3] == len(kept) < len(EXAMPLES[3].target) - len("<compound>")


def test_the_loss_is_that_of_the_target_alone_without_its_strategy(start: Any) -> None:
    import torch

    from training.sequences import collate, encode, mean_loss

    encoded = encode(EXAMPLES, start.tokenizer, start.model)
    batch = collate(encoded, [0, 1], "cpu")
    output = start.model.eval()(**batch)
    output.logits.retain_grad()
    output.loss.backward()
    pulled = output.logits.grad.abs().sum(-1) > 0
    log_probs = torch.log_softmax(output.logits.detach(), -1)
    by_hand: list[float] = []
    for row in (0, 1):
        source, target = encoded.sources[row], encoded.targets[row]
        # The place of the strategy token says what comes after it, and the last token but one says the end.
        places = range(len(source), len(source) + len(target) - 1)
        assert pulled[row].nonzero().flatten().tolist() == list(places)
        by_hand += [-float(log_probs[row, at, target[at - len(source) + 1]]) for at in places]
    assert float(output.loss.detach()) == pytest.approx(sum(by_hand) / len(by_hand), rel=1e-5)
    assert float(mean_loss(start.model, batch).detach()) == pytest.approx(float(output.loss.detach()), rel=1e-5)


def test_training_moves_no_weight_for_the_sake_of_the_source(start: Any) -> None:
    import torch

    from training.sequences import collate, encode, mean_loss

    batch = collate(encode(EXAMPLES, start.tokenizer, start.model), [0, 1], "cpu")
    weights = list(start.model.eval().parameters())
    ours = torch.autograd.grad(mean_loss(start.model, batch), weights)
    theirs = torch.autograd.grad(start.model(**batch).loss, weights)
    assert all(torch.allclose(one, other, atol=1e-6) for one, other in zip(ours, theirs, strict=True))


def test_a_shorter_neighbour_s_padding_changes_nothing(start: Any) -> None:
    import torch

    from training.sequences import collate, encode

    encoded = encode(EXAMPLES, start.tokenizer, start.model)
    alone, together = collate(encoded, [1], "cpu"), collate(encoded, [1, 2], "cpu")
    width = alone["input_ids"].shape[1]
    assert together["attention_mask"][0].tolist() == [1] * width + [0] * (together["input_ids"].shape[1] - width)
    together["input_ids"][0, width:] = 7  # whatever stands there
    with torch.inference_mode():
        logits = [start.model.eval()(**batch).logits[0, :width] for batch in (alone, together)]
    assert torch.allclose(*logits, atol=1e-5)


def test_both_architectures_count_the_same_tokens_of_the_same_targets(start: Any) -> None:
    from training.sequences import IGNORED, collate, encode

    encoded = encode(EXAMPLES, start.tokenizer, start.model)
    rows = range(len(EXAMPLES))
    both = [
        collate(replace(encoded, architecture=architecture), rows, "cpu")["labels"]
        for architecture in ("causal", "seq2seq")
    ]
    counted = [[[each for each in row if each != IGNORED] for row in labels.tolist()] for labels in both]
    assert counted[0] == counted[1] == [target[1:] for target in encoded.targets]


@pytest.mark.parametrize("causal", [True, False])
def test_dev_figures_are_those_of_the_loss_that_is_trained(start: Any, causal: bool) -> None:
    import torch

    from training.finetune import evaluate
    from training.sequences import collate, encode

    model, tokenizer = (start.model, start.tokenizer) if causal else (tiny.model(), tiny.tokenizer())
    encoded = encode(EXAMPLES, tokenizer, model)
    measured = evaluate(model, encoded, "cpu", batch=3)
    with torch.inference_mode():
        loss = float(model.eval()(**collate(encoded, range(len(EXAMPLES)), "cpu")).loss)
    assert measured["loss"] == measured["curated"] == pytest.approx(loss, rel=1e-4)
    tokens = sum(len(target) - 1 for target in encoded.targets)
    assert measured["per_character"] == pytest.approx(loss * tokens / sum(encoded.characters), rel=1e-4)


def test_accuracy_is_one_for_a_model_that_knows_its_targets(tmp_path: Path) -> None:
    from training.finetune import evaluate
    from training.sequences import encode

    model, tokenizer = tiny_causal.trained(tmp_path / "base")
    known = [Example(tiny.TEXTS[0], tiny.TEXTS[1], "curated"), Example(tiny.TEXTS[2], tiny.TEXTS[3], "curated")]
    assert evaluate(model, encode(known, tokenizer, model), "cpu")["accuracy"] == 1.0


def test_a_base_that_could_not_be_converted_is_refused_before_it_is_trained(tmp_path: Path) -> None:
    import transformers

    from training.models import load_base

    transformers.GPTNeoXConfig(num_hidden_layers=1).save_pretrained(tmp_path)
    with pytest.raises(ModelError, match=r"gpt_neox.*DialoGPT"):
        load_base(str(tmp_path))


def test_a_base_of_too_few_positions_or_without_an_end_is_refused(tmp_path: Path) -> None:
    from training.models import load_base

    with pytest.raises(ModelError, match="reaches over 191 positions"):
        load_base(str(tiny_causal.write_checkpoint(tmp_path / "short", n_positions=191)))
    endless = tiny_causal.write_checkpoint(tmp_path / "endless")
    config = json.loads((endless / "config.json").read_text()) | {"eos_token_id": None}
    (endless / "config.json").write_text(json.dumps(config))
    with pytest.raises(ModelError, match="no end token"):
        load_base(str(endless))


def test_old_and_new_weights_of_a_causal_model_are_averaged_and_written(tmp_path: Path) -> None:
    from training.retraining.averaging import same_shape, write_averaged

    old, new = (tiny_causal.write(tmp_path / name, steps=steps).path for name, steps in (("old", 20), ("new", 60)))
    assert same_shape(old, new)
    assert not same_shape(old, tiny.write(tmp_path / "seq2seq").path)
    files = write_averaged(
        old, [new], 0.5, tmp_path / "mean", EXAMPLES, name="mean", parent="old", say=lambda _: None
    )
    assert files.architecture == "causal"
    assert files.metrics["parity"] < 1e-4


def test_several_seeds_count_equally_in_an_average(tmp_path: Path) -> None:
    import torch

    from training.models import load_base
    from training.retraining.averaging import averaged

    paths = [tiny_causal.write(tmp_path / str(steps), steps=steps).path for steps in (5, 10, 20)]
    one, two, three = (load_base(str(path)).model.state_dict() for path in paths)
    mean = averaged(paths[0], paths[1:], 0.5)[0].state_dict()
    for name, value in mean.items():
        expected = 0.5 * one[name] + 0.25 * two[name] + 0.25 * three[name]
        assert torch.allclose(value, expected, atol=1e-6), name


def test_a_shared_version_s_page_says_which_kind_it_is(tmp_path: Path) -> None:
    from domaingen.store.models import Version
    from training.hub import model_card

    pages = [
        model_card(Version("m", "d" * 64, tmp_path, None, "candidate", card, None, None))
        for card in ({}, {"architecture": "seq2seq"}, {"architecture": "causal"})
    ]
    assert ["\n- gpt2\n" in page for page in pages] == [False, False, True]
    assert ["encoder-decoder (T5)" in page for page in pages] == [True, True, False]
