"""Which numbers to multiply in: bfloat16 where it is faster, else float32.

That a processor has instructions for bfloat16 says little: with AMX they are several times as fast as float32, on a
machine that hides AMX half as fast. So the two are timed.
"""

import time
from collections.abc import Callable
from contextlib import nullcontext
from functools import lru_cache
from typing import Any

import torch

_SHAPE = (1024, 256, 640)
"""Rows, width and feed-forward width of a small model's largest product."""
_ROUNDS, _REPEATS = 5, 10


@lru_cache(maxsize=1)
def bfloat16_is_faster() -> bool:
    """Whether this processor multiplies faster in bfloat16; timed once, in some 50 ms."""
    if not torch.cpu._is_avx512_bf16_supported():
        return False
    rows, width, wide = _SHAPE
    took = {}
    for dtype in (torch.float32, torch.bfloat16):
        left, right = torch.ones(rows, width, dtype=dtype), torch.ones(width, wide, dtype=dtype)
        took[dtype] = min(_seconds(left, right) for _ in range(_ROUNDS))
    return took[torch.bfloat16] < took[torch.float32]


def _seconds(left: torch.Tensor, right: torch.Tensor) -> float:
    begun = time.perf_counter()
    for _ in range(_REPEATS):
        left @ right
    return time.perf_counter() - begun


def mixed_precision(choice: str, device: str) -> Callable[[], Any]:
    """A context to compute in, for `auto`, `bf16` or `fp32`: bfloat16 where that is chosen, or `auto` and faster."""
    able = torch.cuda.is_bf16_supported() if device == "cuda" else choice == "auto" and bfloat16_is_faster()
    if choice == "bf16" or (choice == "auto" and able):
        return lambda: torch.autocast(device, dtype=torch.bfloat16)
    return nullcontext
