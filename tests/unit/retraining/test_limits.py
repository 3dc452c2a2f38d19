"""The training process stays within its limits and ends when asked."""

import os
import threading
import time

import pytest

from training.retraining.averaging import Tried, choose_alpha
from training.retraining.limits import LimitError, Limits, StoppedError, resident_mb, run_within


def run(
    code: str, *, memory_mb: int = 500, time_s: float = 60.0, stop: threading.Event | None = None
) -> list[str]:
    said: list[str] = []
    run_within(["-c", code], Limits(memory_mb, time_s), stop=stop or threading.Event(), say=said.append)
    return said


def test_what_it_says_is_passed_on() -> None:
    assert run("import sys; print('step 1', file=sys.stderr)") == ["step 1"]


def test_too_much_memory_ends_it() -> None:
    with pytest.raises(LimitError, match="MEMORY_MB"):
        run("x = bytearray(120_000_000); import time; time.sleep(60)", memory_mb=60)


def test_too_much_time_ends_it() -> None:
    with pytest.raises(LimitError, match="TIME_LIMIT"):
        run("import time; time.sleep(60)", time_s=0.3)


def test_its_error_is_told() -> None:
    with pytest.raises(LimitError, match="status 3: the disk is full"):
        run("import sys; print('the disk is full', file=sys.stderr); sys.exit(3)")


def test_it_is_gone_once_stopped() -> None:
    stop, pids = threading.Event(), []

    def note(line: str) -> None:
        pids.append(int(line))
        stop.set()

    code = "import os, sys, time; print(os.getpid(), file=sys.stderr, flush=True); time.sleep(60)"
    with pytest.raises(StoppedError):
        run_within(["-c", code], Limits(500, 60), stop=stop, say=note)
    deadline = time.monotonic() + 10
    while resident_mb(pids[0]) and time.monotonic() < deadline:
        time.sleep(0.05)
    assert resident_mb(pids[0]) == 0.0
    assert resident_mb(os.getpid()) > 5


def test_weights_that_cost_old_rows_are_not_taken() -> None:
    tried = [Tried(0.0, 0.0, 3.0, 4.0), Tried(0.5, 0.01, 3.1, 3.0), Tried(1.0, 0.04, 3.2, 2.0)]
    assert choose_alpha(tried) == 0.5
    assert choose_alpha(tried[:1]) == 0.0
    assert choose_alpha([Tried(0.0, 0.0, 3.0, None), Tried(1.0, 0.01, 2.9, None)]) == 1.0
    assert choose_alpha([Tried(1.0, None, 3.0, 4.0)]) == 1.0
    assert choose_alpha([Tried(1.0, 0.5, 3.0, 2.0)]) == 1.0
