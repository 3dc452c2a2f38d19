"""Advisory locks on files, for what one machine's processes must not do at once."""

import fcntl
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path


@contextmanager
def exclusive(path: Path, *, wait: bool = True) -> Iterator[bool]:
    """Hold the lock file at `path`; the kernel releases it when the process dies, however it dies.

    Yields whether the lock is held: always True with `wait`, False where another process holds it without.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("a") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | (0 if wait else fcntl.LOCK_NB))
        except BlockingIOError:
            yield False
            return
        yield True


@contextmanager
def shared(path: Path) -> Iterator[None]:
    """Hold the lock file at `path` together with others; keeps an `exclusive` holder out."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("a") as file:
        fcntl.flock(file, fcntl.LOCK_SH)
        yield
