"""A producer that is killed after its first commit, before it publishes: python -m tests.support.dying_producer CSV."""

import os
import signal
import sys
from pathlib import Path

from domaingen.settings import load_settings
from domaingen.store.database import Database
from producer.submission import BatchOptions, plan_submission, submit


class KilledBeforePublishing:
    """Dies where a publisher would send."""

    def publish(self, batch_id: str, chunks: object) -> int:
        os.kill(os.getpid(), signal.SIGKILL)
        return 0

    def depth(self, queue: str = "") -> int:
        return 0


if __name__ == "__main__":
    settings = load_settings()
    database = Database(settings.database)
    plan = plan_submission(Path(sys.argv[1]), BatchOptions(), settings, database, settings.model)
    submit(plan, database, KilledBeforePublishing(), chunk_size=settings.chunk_size)
