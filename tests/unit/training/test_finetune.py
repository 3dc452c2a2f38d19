"""Training: it learns, stops and resumes exactly, and what it writes can be generated with and trained from."""

import json
from collections.abc import Callable
from pathlib import Path

import pytest
from click.testing import CliRunner

from domaingen.errors import ModelError
from tests.unit.training import tiny, tiny_causal
from training.batches import TURN, Curriculum, shares_at
from training.examples import Example, write_examples


@pytest.fixture
def data(tmp_path: Path) -> Path:
    folder = tmp_path / "data"
    trades = ("coffee", "bakery", "garden", "cargo", "dental")
    examples = [
        Example(
            f"use {hint} ; for {trade} number {at}",
            f"<compound> {trade} {hint} .com",
            "lexicon" if at % 2 else "curated",
            trade,
        )
        for at in range(12)
        for trade in trades
        for hint in ("brew", "lantern")
    ]
    examples += [
        Example(f"for stolen {trade} {at}", "<compound> <none>", "harmful") for at in range(4) for trade in trades
    ]
    write_examples(folder / "train.jsonl", examples)
    write_examples(folder / "dev.jsonl", examples[:12])
    write_examples(folder / "test.jsonl", examples[:2])
    return folder


@pytest.fixture
def tiny_shape(monkeypatch: pytest.MonkeyPatch) -> None:
    from training import models

    monkeypatch.setattr(models, "SMALL", {**models.SMALL, **tiny.SHAPE})
    monkeypatch.setattr(models, "train_tokenizer", lambda texts, _: _tokenizer(list(texts)))


def _tokenizer(texts: list[str]):  # type: ignore[no-untyped-def]
    from training.tokenizer import train_tokenizer

    return train_tokenizer(texts, tiny.lexicon(), pieces=700)


@pytest.fixture(params=["scratch", "causal"])
def base(request: pytest.FixtureRequest, tmp_path: Path) -> str | None:
    """What training begins from: nothing, or a GPT-2."""
    return None if request.param == "scratch" else str(tiny_causal.write_checkpoint(tmp_path / "base"))


@pytest.mark.torch
@pytest.mark.usefixtures("tiny_shape")
def test_a_run_learns_and_its_model_generates_and_can_be_trained_on(
    data: Path, tmp_path: Path, base: str | None
) -> None:
    from domaingen.generation.engine import Prompt
    from domaingen.generation.engines import make_engine
    from training.finetune import Options, fine_tune

    lines: list[str] = []
    files = fine_tune(_options(Options, data, tmp_path / "one", steps=60, base=base), lines.append)
    first, *_, last = [json.loads(line)["loss"] for line in (tmp_path / ".one.training" / "log.jsonl").open()]
    assert last < first - 1
    assert any("examples/s" in line for line in lines)
    assert files.data_digest
    assert files.metrics["dev"]["loss"] == pytest.approx(last, abs=0.5)
    assert files.architecture == ("causal" if base else "seq2seq")
    (completion,) = make_engine(files, threads=1).complete([Prompt("for coffee", "<compound>")])
    assert completion.text.startswith("<compound>")
    again = fine_tune(_options(Options, data, tmp_path / "two", steps=3, base=str(files.path)), lines.append)
    assert (again.parent, again.architecture) == ("one", files.architecture)


@pytest.mark.torch
@pytest.mark.usefixtures("tiny_shape")
def test_a_resumed_run_ends_with_the_very_weights_of_one_that_never_stopped(
    data: Path, tmp_path: Path, base: str | None
) -> None:
    from safetensors.torch import load_file

    from training import finetune
    from training.finetune import Options, fine_tune

    quiet: Callable[[str], None] = lambda _: None  # noqa: E731
    values = {"steps": 24, "base": base, "dropout": 0.1}
    whole = fine_tune(_options(Options, data, tmp_path / "whole", **values), quiet)

    class StopError(Exception):
        pass

    saved = finetune.save_checkpoint

    def stop_after_first(path: Path, run: object) -> None:
        saved(path, run)  # type: ignore[arg-type]
        raise StopError

    finetune.save_checkpoint = stop_after_first  # type: ignore[assignment]
    try:
        with pytest.raises(StopError):
            fine_tune(_options(Options, data, tmp_path / "parted", **values), quiet)
    finally:
        finetune.save_checkpoint = saved
    parted = fine_tune(_options(Options, data, tmp_path / "parted", **values, resume=True), quiet)
    one, other = (load_file(files.weights_path / "model.safetensors") for files in (whole, parted))
    assert all((one[key] == other[key]).all() for key in one)


def _options(options, data: Path, out: Path, **values):  # type: ignore[no-untyped-def]
    return options(
        **{
            "data": data,
            "out": out,
            "batch": 16,
            "learning_rate": 0.02,
            "threads": 1,
            "evaluate_every": 12,
            "warmup": 5,
            "dropout": 0.0,
            "precision": "fp32",
            **values,
        }
    )


@pytest.mark.torch
def test_a_base_that_is_no_model_says_what_to_give(tmp_path: Path) -> None:
    from training.models import load_base

    with pytest.raises(ModelError, match="google/flan-t5-base"):
        load_base(str(tmp_path))


@pytest.mark.torch
def test_a_foreign_tokenizer_is_taught_the_strategy_tokens(tmp_path: Path) -> None:
    import transformers
    from tokenizers import Tokenizer, models, pre_tokenizers

    from training.models import load_base

    words = ["<pad>", "</s>", "<unk>", "coffee", "brew"]
    foreign = Tokenizer(models.WordLevel({word: at for at, word in enumerate(words)}, unk_token="<unk>"))
    foreign.pre_tokenizer = pre_tokenizers.Whitespace()
    config = transformers.T5Config(vocab_size=5, decoder_start_token_id=0, **tiny.SHAPE)
    transformers.T5ForConditionalGeneration(config).save_pretrained(tmp_path)
    transformers.PreTrainedTokenizerFast(
        tokenizer_object=foreign, pad_token="<pad>", eos_token="</s>", unk_token="<unk>"
    ).save_pretrained(tmp_path)
    start = load_base(str(tmp_path))
    assert not start.knows_format
    assert start.tokenizer.encode("<blend> coffee", add_special_tokens=False).tokens == ["<blend>", "coffee"]
    assert start.model.config.vocab_size == start.tokenizer.get_vocab_size()


def test_a_restored_curriculum_goes_on_with_the_same_batches() -> None:
    def make() -> Curriculum:
        return Curriculum(["lexicon", "curated", "harmful"] * 50, list(range(150)), batch=4, seed=3)

    one, other = make(), make()
    seen = [one.next(at / 40) for at in range(21)]
    assert len({tuple(batch) for batch in seen}) > 15
    other.restore(one.state())
    assert [one.next(0.9) for _ in range(20)] == [other.next(0.9) for _ in range(20)]


def test_the_curriculum_ends_on_curated_rows() -> None:
    first, last = shares_at(0.1), shares_at(1.0)
    assert max(first, key=first.__getitem__) == "lexicon"
    assert max(last, key=last.__getitem__) == "curated"
    assert sum(first.values()) == pytest.approx(1.0)
    assert sum(last.values()) == pytest.approx(1.0)
    assert last["harmful"] <= last["benign"]


def test_a_stream_that_begins_at_the_turn_has_more_curated_rows() -> None:
    kinds = ["lexicon", "curated"] * 4000
    streams = [Curriculum(kinds, [9] * 8000, batch=100, seed=0, begin=begin) for begin in (0.0, TURN)]
    halfway = [sum(kinds[at] == "curated" for _ in range(16) for at in stream.next(0.5)) for stream in streams]
    assert halfway[0] < 0.35 * 1600 < halfway[1]
    assert shares_at(TURN) == shares_at(0.0)


def test_without_a_curriculum_an_epoch_takes_every_example_once() -> None:
    stream = Curriculum(["lexicon"] * 64, [5] * 64, batch=4, seed=0, weighted=False)
    assert sorted(at for _ in range(16) for at in stream.next(0.0)) == list(range(64))


@pytest.mark.torch
def test_words_are_copied_piece_by_piece_and_any_word_can_be_written() -> None:
    tokenizer = tiny.tokenizer()
    source = tokenizer.encode("use brew ; for organic coffee shop").tokens
    target = tokenizer.encode("<compound> coffee brew .com").tokens
    assert target[0] == "<compound>"
    assert target[-1] == "▁.com"
    assert "▁coffee" in source
    assert "▁coffee" in target
    strange = "<coined> qzvxåß 寿司 .community"
    assert tokenizer.decode(tokenizer.encode(strange).ids) == strange
    assert tokenizer.decode(tokenizer.encode("<coined> <none>").ids).strip() == "<coined>"


@pytest.mark.parametrize(("command", "word"), [("synthesize", "--seed"), ("train", "google/flan-t5-base")])
def test_help_teaches_the_way_from_data_to_model(command: str, word: str) -> None:
    from training import cli

    text = CliRunner().invoke(getattr(cli, command), ["--help"]).output
    assert word in text
    assert "domaingen train --data" in text


def test_the_synthesize_command_writes_a_set_with_its_report(tmp_path: Path) -> None:
    from training.cli import synthesize

    small = tmp_path / "src"
    for folder in ("lexicon", "curated", "safety"):
        (small / folder).mkdir(parents=True)
    root = Path(__file__).parents[3] / "data"
    (small / "lexicon" / "life.toml").write_text(
        (root / "lexicon" / "life.toml").read_text(encoding="utf-8"), encoding="utf-8"
    )
    result = CliRunner().invoke(
        synthesize, ["--out", str(tmp_path / "set"), "--rows", "300", "--data", str(small), "--no-check"]
    )
    assert result.exit_code == 0, result.output
    report = json.loads((tmp_path / "set" / "report.json").read_text())
    assert report["counts"]["train"] > 200
    assert any("industries" in problem for problem in report["problems"])
    failed = CliRunner().invoke(synthesize, ["--out", str(tmp_path / "no"), "--rows", "300", "--data", str(small)])
    assert failed.exit_code == 1
    assert not (tmp_path / "no").exists()
