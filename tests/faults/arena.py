"""A small production system of a test's own: Redis, a database, workers with an instant generator, a reaper."""

import threading
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

from sqlalchemy.exc import SQLAlchemyError

from domaingen.errors import BrokerError
from domaingen.queueing import CeleryPublisher, make_app
from domaingen.reaper import reap
from domaingen.settings import load_settings
from domaingen.store.batches import progress
from domaingen.store.database import Database
from tests.support.rows import assert_all_ended_once, store_batch
from tests.support.servers import RedisServer, WorkerProcess, wait_until


class Arena:
    """Everything that a fault test breaks. `delay_s` is how long the generator takes for each chunk."""

    def __init__(self, folder: Path, database_url: str, *, delay_s: float = 0.03, **settings: str) -> None:
        self.folder = folder
        self.redis = RedisServer(folder / "redis")
        self.redis.start()
        self.environment = {
            "DOMAINGEN_HOME": str(folder / "home"),
            "DOMAINGEN_DATABASE_URL": database_url,
            "DOMAINGEN_BROKER_URL": self.redis.url,
            "DOMAINGEN_LEASE_S": "1",
            "DOMAINGEN_PUBLISH_GRACE_S": "0.5",
            "DOMAINGEN_REAP_INTERVAL_S": "0.5",
            "DOMAINGEN_CHUNK_SIZE": "16",
            "DOMAINGEN_VISIBILITY_TIMEOUT_S": "2",
            "DOMAINGEN_MAX_ATTEMPTS": "30",
            "DOMAINGEN_LOG_FORMAT": "json",
            "DOMAINGEN_TEST_DELAY_S": str(delay_s),
            **settings,
        }
        overrides = {
            key.removeprefix("DOMAINGEN_").lower(): value
            for key, value in self.environment.items()
            if not key.startswith("DOMAINGEN_TEST_")
        }
        self.settings = load_settings(**overrides)
        self.database = Database(database_url)
        self.publisher = CeleryPublisher(make_app(self.settings, self.redis.url))
        self.workers: list[WorkerProcess] = []
        self._stop = threading.Event()
        self._reaper = threading.Thread(target=self._reap_for_ever, daemon=True)
        self._reaper.start()

    def _reap_for_ever(self) -> None:
        while not self._stop.wait(0.5):
            self.reap()

    def reap(self) -> None:
        """One round, as beat would send it; what is away now is back for a later one."""
        with suppress(BrokerError, SQLAlchemyError):
            reap(
                self.database,
                self.publisher,
                chunk_size=self.settings.chunk_size,
                grace_s=self.settings.publish_grace_s,
            )

    def start_worker(self, *arguments: str) -> WorkerProcess:
        """One more worker process."""
        log = self.folder / f"worker{len(self.workers)}.log"
        worker = WorkerProcess(self.environment, *arguments, log=log).start()
        self.workers.append(worker)
        return worker

    def submit(
        self, rows: int, *, publish: bool = True, descriptions: list[str] | None = None
    ) -> tuple[str, list[int]]:
        """Store rows and, unless told otherwise, publish them."""
        batch_id, ids = store_batch(self.database, rows, descriptions=descriptions)
        if publish:
            size = self.settings.chunk_size
            self.publisher.publish(batch_id, [ids[start : start + size] for start in range(0, len(ids), size)])
        return batch_id, ids

    def done(self, batch_id: str) -> int:
        """Rows that have their outcome; -1 while the database is away."""
        try:
            return progress(self.database, batch_id).done
        except SQLAlchemyError:
            return -1

    def wait_for(self, batch_id: str, rows: int, *, timeout_s: float = 60) -> None:
        """Wait until every row ended, then check the store's promise."""
        wait_until(lambda: self.done(batch_id) == rows, timeout_s=timeout_s, what=f"{rows} outcomes")
        assert_all_ended_once(self.database, batch_id, rows)

    def wait_until_some(self, batch_id: str, rows: int, *, timeout_s: float = 40) -> None:
        """Wait until at least `rows` rows ended, so that a fault strikes in the middle."""
        wait_until(lambda: self.done(batch_id) >= rows, timeout_s=timeout_s, what=f"the first {rows} outcomes")

    def close(self) -> None:
        """End what was started here."""
        self._stop.set()
        self._reaper.join(timeout=20)
        for worker in self.workers:
            worker.kill()
        self.database.close()
        self.redis.stop()


MakeArena = Callable[..., Arena]
