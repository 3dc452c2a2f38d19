"""Runs a process within limits of memory and time, and ends it when asked."""

import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from domaingen.errors import DomaingenError

_LOOK_S = 0.25
_STOP_S = 5.0


class LimitError(DomaingenError):
    """A process took more memory or time than it may, or failed."""


class StoppedError(DomaingenError):
    """The work was asked to stop; what it had done is kept and continued later."""


@dataclass(frozen=True, slots=True)
class Limits:
    """`memory_mb` of resident memory (megabytes) and `time_s` (seconds) that a process may take."""

    memory_mb: int
    time_s: float


def resident_mb(pid: int) -> float:
    """Resident memory of a process in megabytes; 0 where it is gone. From /proc, else from ps."""
    try:
        pages = int(Path(f"/proc/{pid}/statm").read_text(encoding="ascii").split()[1])
        return pages * os.sysconf("SC_PAGE_SIZE") / 1e6
    except (OSError, IndexError):
        pass
    if Path("/proc/self/statm").exists():
        return 0.0
    told = subprocess.run(
        ["ps", "-o", "rss=", "-p", str(pid)], capture_output=True, text=True, check=False
    ).stdout.strip()
    return int(told) * 1024 / 1e6 if told.isdigit() else 0.0


def run_within(
    arguments: Sequence[str], limits: Limits, *, stop: threading.Event, say: Callable[[str], None]
) -> None:
    """Run `python ARGUMENTS` to its end. Resident memory is watched and not limited by the kernel: torch reserves
    several times the address space that it uses, so a limit of that would say nothing. What the process writes to
    standard error goes to `say` line by line.

    Raises:
        LimitError: It failed, or took more than its limits; says which.
        StoppedError: `stop` was set; the process is gone.
    """
    process = subprocess.Popen(
        [sys.executable, *arguments],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
    )
    last: list[str] = []
    reader = threading.Thread(target=_follow, args=(process, last, say), daemon=True)
    reader.start()
    begun = time.monotonic()
    try:
        while process.poll() is None:
            if stop.wait(_LOOK_S):
                raise StoppedError("stopped before it was done; the next retrain goes on from the last checkpoint")
            taken = resident_mb(process.pid)
            if taken > limits.memory_mb:
                raise LimitError(
                    f"training took {taken:.0f} MB, more than the {limits.memory_mb} MB that it may; train on fewer "
                    "rows or raise DOMAINGEN_RETRAIN_MEMORY_MB"
                )
            if time.monotonic() - begun > limits.time_s:
                raise LimitError(
                    f"training took more than {limits.time_s / 60:.0f} minutes, the most that it may; raise "
                    "DOMAINGEN_RETRAIN_TIME_LIMIT_MINUTES or train for less"
                )
        reader.join(timeout=2)
        if process.returncode:
            told = last[-1] if last else "it said nothing"
            raise LimitError(f"training ended with status {process.returncode}: {told}")
    finally:
        _end(process)


def _follow(process: "subprocess.Popen[str]", last: list[str], say: Callable[[str], None]) -> None:
    for line in process.stderr or ():
        if line.strip():
            last[:] = [*last[-4:], line.strip()]
            say(line.rstrip())


def _end(process: "subprocess.Popen[str]") -> None:
    """The process and whatever it started are gone afterwards."""
    if process.poll() is None:
        process.terminate()
        try:
            process.wait(timeout=_STOP_S)
        except subprocess.TimeoutExpired:
            os.killpg(process.pid, signal.SIGKILL)
            process.wait()
    if process.stderr:
        process.stderr.close()
