"""The first embeddings of a new model."""

import pytest

torch = pytest.importorskip("torch")

from tokenizers import Tokenizer  # noqa: E402

from domaingen.generation.model_files import bundled_model_path, read_model  # noqa: E402
from tests.unit.training.tiny import tokenizer as tiny_tokenizer  # noqa: E402
from training.piece_meanings import meaningful_embeddings  # noqa: E402

pytestmark = pytest.mark.torch


def test_words_of_like_meaning_begin_close_together_and_stay_apart_enough_to_copy() -> None:
    tokenizer = Tokenizer.from_file(str(read_model(bundled_model_path()).tokenizer_path))
    random = torch.randn(tokenizer.get_vocab_size(), 256, generator=torch.Generator().manual_seed(0))
    vectors = torch.nn.functional.normalize(meaningful_embeddings(tokenizer, random), dim=1)

    def likeness(one: str, other: str) -> float:
        return float(vectors[tokenizer.token_to_id(f"▁{one}")] @ vectors[tokenizer.token_to_id(f"▁{other}")])

    assert likeness("bread", "oven") > likeness("bread", "lawyer") + 0.1
    assert likeness("dog", "puppy") < 0.8


def test_pieces_that_are_no_words_and_the_size_of_all_vectors_stay_as_they_were() -> None:
    tokenizer = Tokenizer.from_file(str(read_model(bundled_model_path()).tokenizer_path))
    random = torch.randn(tokenizer.get_vocab_size(), 256, generator=torch.Generator().manual_seed(0))
    mixed = meaningful_embeddings(tokenizer, random)
    assert torch.equal(mixed[tokenizer.token_to_id("</s>")], random[tokenizer.token_to_id("</s>")])
    assert float(mixed.std()) == pytest.approx(float(random.std()), rel=0.02)


def test_a_vocabulary_of_a_few_words_stays_random() -> None:
    tokenizer = tiny_tokenizer()
    random = torch.randn(tokenizer.get_vocab_size(), 256)
    assert torch.equal(meaningful_embeddings(tokenizer, random), random)
