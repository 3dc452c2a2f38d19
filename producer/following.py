"""Watching a batch until every row has its outcome."""

import time
from collections.abc import Callable, Iterator

from domaingen.store.batches import Progress, progress
from domaingen.store.database import Database, retrying


def follow(
    database: Database,
    batch_id: str,
    *,
    interval_s: float = 0.5,
    between: Callable[[], None] = lambda: None,
) -> Iterator[Progress]:
    """Yield the batch's progress every `interval_s` seconds, the last one complete.

    `between` is called before each wait; `run` reaps there, and raises where its worker has died.
    """
    while True:
        now = retrying(lambda: progress(database, batch_id))
        yield now
        if now.complete:
            return
        between()
        # Counting a large batch costs more than a small one; look less often.
        time.sleep(interval_s if now.expected_rows < 100_000 else max(interval_s, 2.0))
