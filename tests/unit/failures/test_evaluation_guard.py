"""Nothing that sits in an evaluation set trains: not as it is, not disguised, not nearly, not inside another text."""

import json
from pathlib import Path

import pytest

from domaingen.errors import DomaingenError
from training.evaluation_guard import EvaluationGuard
from training.safety_rows import read_safety, split_of

COFFEE = "organic coffee shop in downtown area"


@pytest.fixture(scope="module")
def guard() -> EvaluationGuard:
    return EvaluationGuard.read()


@pytest.mark.parametrize(
    "text",
    [
        COFFEE,
        "  ORGANIC coffee-shop, in downtown area!! ",
        "or\u200bganic coff\u00e9e shop in downtown area",
        "organic cofee shop in downtown area",
        "in downtown area organic coffee shop",
        "Hello, please find me a name for this: organic coffee shop in downtown area. Thank you very much indeed.",
        "bakery",
        "Bakery.",
    ],
)
def test_an_evaluation_row_is_found_in_any_dress(guard: EvaluationGuard, text: str) -> None:
    assert guard.reason(text)


@pytest.mark.parametrize(
    "text",
    [
        "organic tea house in the suburbs",
        "a bakery for dogs",
        "coffee shop with a terrace",
        "",
        "!!!",
        "\u5bff\u53f8",
        "hvac repair in Ohio",
    ],
)
def test_other_texts_may_train(guard: EvaluationGuard, text: str) -> None:
    assert guard.reason(text) is None


def test_every_row_of_every_evaluation_set_and_held_out_safety_part_is_guarded(guard: EvaluationGuard) -> None:
    data = Path(__file__).parents[3] / "data"
    texts = [
        json.loads(line)["input"]
        for path in (*(data / "evaluation").glob("*.jsonl"), data / "moderation" / "dev.jsonl")
        for line in path.read_text(encoding="utf-8").splitlines()
    ]
    texts += [row.text for row in read_safety(data / "safety") if split_of(row.category, row.topic) != "train"]
    assert len(texts) > 1000
    # Rows of signs alone have no words to compare; every rejected row would equal them.
    unguarded = [text for text in texts if any(char.isalnum() for char in text) and not guard.reason(text)]
    assert unguarded == []


def test_the_reason_names_the_row(guard: EvaluationGuard) -> None:
    assert "downtown_coffee" in (guard.reason(COFFEE) or "")


def test_the_threshold_is_a_jaccard_similarity_of_four_fifths() -> None:
    guard = EvaluationGuard([("x", "one two three four")])
    assert guard.reason("four three two one")
    # 4 of 5 words are shared: exactly 0.8.
    assert guard.reason("five four three two one")
    assert guard.reason("six five four three two one") is None


def test_a_file_that_is_no_evaluation_set_is_named_with_its_line(tmp_path: Path) -> None:
    (tmp_path / "evaluation").mkdir()
    (tmp_path / "evaluation" / "odd.jsonl").write_text(
        '{"id": "a", "input": "bakery"}\n{"id": "b"}\n', encoding="utf-8"
    )
    with pytest.raises(DomaingenError, match=r"odd\.jsonl, line 2"):
        EvaluationGuard.read(tmp_path)
