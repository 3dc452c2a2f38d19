"""bfloat16 is chosen where it is faster, or where it is asked for."""

from contextlib import nullcontext

import pytest

pytestmark = pytest.mark.torch


@pytest.mark.parametrize(
    ("choice", "faster", "mixed"),
    [("auto", True, True), ("auto", False, False), ("fp32", True, False), ("bf16", False, True)],
)
def test_auto_takes_what_is_faster(
    choice: str, faster: bool, mixed: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    import torch

    from training import precision

    monkeypatch.setattr(precision, "bfloat16_is_faster", lambda: faster)
    with precision.mixed_precision(choice, "cpu")() as context:
        product = torch.ones(2, 2) @ torch.ones(2, 2)
    assert (product.dtype is torch.bfloat16) is mixed
    assert isinstance(precision.mixed_precision(choice, "cpu")(), nullcontext) is not mixed
    assert mixed or context is None
