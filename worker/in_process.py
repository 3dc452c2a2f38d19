"""The last resort of `run`: broker and worker inside this process, where no Redis can be found.

Nothing is lost with it, since the database is the truth and the reaper announces again what was in memory.
"""

import threading

from celery import Celery
from celery.worker import WorkController

from domaingen.queueing import GENERATE, MAINTENANCE, SCORE
from domaingen.settings import Settings
from worker.app import create_app


class InProcessWorker:
    """A Celery worker on a thread, on kombu's memory transport."""

    def __init__(self, settings: Settings) -> None:
        self.app: Celery = create_app(settings, broker="memory://")
        # Options of Redis and RabbitMQ mean nothing here, and polling may be quick.
        self.app.conf.broker_transport_options = {"polling_interval": 0.05}
        self._worker = WorkController(
            app=self.app,
            pool="threads",
            concurrency=4,
            queues=[GENERATE, SCORE, MAINTENANCE],
            without_mingle=True,
            without_gossip=True,
            without_heartbeat=True,
            loglevel="WARNING",
        )
        self._thread = threading.Thread(target=self._worker.start, name="in-process-worker", daemon=True)

    def start(self) -> None:
        """Begin to take work."""
        self._thread.start()

    def stop(self) -> None:
        """Finish the chunks in hand."""
        self._worker.stop()
        self._thread.join(timeout=20)
