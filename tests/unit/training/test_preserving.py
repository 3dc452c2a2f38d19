"""Learning without forgetting: lessons are learnt, everything else is held where it was."""

from copy import deepcopy
from typing import Any

import pytest

from tests.unit.training import tiny
from training.examples import Example

pytestmark = pytest.mark.torch

OLD = [
    Example("for bakery", "<coined> crumb .com", "curated", style="note"),
    Example("for garden", "<compound> clover trowel .com", "lexicon", style="pitch"),
]
LESSON = Example("for coffee", "<compound> brew lantern .com", "replay", style="review")


def _batch(model: Any) -> tuple[Any, Any]:
    from training.sequences import collate, encode

    encoded = encode([*OLD, LESSON], tiny.tokenizer(), model)
    return encoded, collate(encoded, range(3), "cpu")


def test_taught_rows_have_the_usual_loss_and_others_none_before_the_first_step() -> None:
    from training.sequences import mean_loss, preserving_loss

    model = deepcopy(tiny.model()).eval()
    _, batch = _batch(model)
    before = deepcopy(model)
    everything = preserving_loss(model, before, batch, [True] * 3)
    assert float(everything.detach()) == pytest.approx(float(mean_loss(model, batch).detach()), rel=1e-5)
    nothing = preserving_loss(model, before, batch, [False] * 3)
    assert float(nothing.detach()) == pytest.approx(0.0, abs=1e-6)


def test_old_answers_stay_where_they_are_preserved() -> None:
    import torch

    from training.sequences import collate, divergence, encode, mean_loss, preserving_loss

    old = encode(OLD, tiny.tokenizer(), tiny.model())
    moved = {}
    for preserve in (True, False):
        torch.manual_seed(0)
        model = deepcopy(tiny.model()).eval()
        encoded, batch = _batch(model)
        before = deepcopy(model)
        optimizer = torch.optim.Adam(model.parameters(), lr=3e-3)
        lesson = collate(encoded, [2], "cpu")
        at_first = float(mean_loss(model, lesson).detach())
        for _ in range(60):
            loss = (
                preserving_loss(model, before, batch, [False, False, True])
                if preserve
                else mean_loss(model, lesson)
            )
            loss.backward()
            optimizer.step()
            optimizer.zero_grad()
        moved[preserve] = divergence(before, model, old)
        assert float(mean_loss(model, lesson).detach()) < at_first / 2
    assert moved[True] < moved[False] / 4


def test_divergence_is_none_from_itself_and_some_from_another() -> None:
    import torch

    from training.sequences import divergence

    model = deepcopy(tiny.model()).eval()
    encoded, _ = _batch(model)
    other = deepcopy(model)
    with torch.no_grad():
        other.shared.weight.mul_(1.5)
    assert divergence(model, deepcopy(model), encoded, batch=2) == pytest.approx(0.0, abs=1e-6)
    assert divergence(model, other, encoded, batch=2) > 0.01
