"""One retrain at a time: a lease that is renewed while it works, and its line in the table of runs.

The lease carries a fencing token (Kleppmann, 2016, «How to do distributed locking»): a run that slept through the
end of its lease may wake up, but its promotion carries an old token and is refused.
"""

import os
import socket
import threading
import uuid
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import structlog
from sqlalchemy import Connection, insert, select, update
from sqlalchemy.exc import SQLAlchemyError

from domaingen.store.database import Database, now_s
from domaingen.store.named_locks import Held, acquire, release
from domaingen.store.schema import Lock, Run
from training.retraining.limits import LimitError

log = structlog.get_logger(__name__)

LOCK = KIND = "retrain"
TTL_S = 60.0
"""Seconds after which a run that shows no sign of life is taken for dead."""


@dataclass(frozen=True, slots=True)
class PastRun:
    """A line of the table; times in Unix seconds."""

    id: int
    state: str
    flags: Mapping[str, Any]
    result: Mapping[str, Any] | None
    started_at: float
    heartbeat_at: float
    finished_at: float | None


class Lease:
    """A held lock with its run. `lost` is set once another has taken over or the database stayed away too long."""

    def __init__(self, database: Database, held: Held, run_id: int, stop: threading.Event, ttl_s: float) -> None:
        self.held, self.run_id = held, run_id
        self.lost = False
        self._database, self._stop, self._ttl_s = database, stop, ttl_s
        self._done = threading.Event()
        self._thread = threading.Thread(target=self._beat, name="retrain-lease", daemon=True)

    @property
    def fence(self) -> tuple[str, int]:
        """What a promotion carries."""
        return self.held.name, self.held.fence

    def start(self) -> None:
        """Begin to renew."""
        self._thread.start()

    def end(self) -> None:
        """Renew no more."""
        self._done.set()
        self._thread.join(timeout=self._ttl_s)

    def _beat(self) -> None:
        missed_s = 0.0
        interval = self._ttl_s / 4
        while not self._done.wait(interval):
            try:
                renewed = acquire(self._database, LOCK, self.held.holder, ttl_s=self._ttl_s)
                if renewed is not None and renewed.fence == self.held.fence:
                    missed_s = 0.0
                    with self._database.begin() as connection:
                        connection.execute(update(Run).where(Run.id == self.run_id).values(heartbeat_at=now_s()))
                    continue
                missed_s = self._ttl_s
            except SQLAlchemyError as error:
                log.warning("the retrain's lease can't be renewed", error=type(error).__name__)
                missed_s += interval
            if missed_s >= self._ttl_s:
                self.lost = True
                self._stop.set()
                return


@contextmanager
def leased(
    database: Database, flags: Mapping[str, Any], stop: threading.Event, *, ttl_s: float = TTL_S
) -> Iterator[Lease | None]:
    """Hold the lock and a line in the table of runs for the block; None while another run is alive.

    Runs that still stand as running when the lock is free are dead, and are marked so. The block itself writes how
    its run ended (`finish`); one that ends by an error is marked as failed here.
    """
    holder = f"{socket.gethostname()}:{os.getpid()}:{uuid.uuid4().hex[:8]}"
    held = acquire(database, LOCK, holder, ttl_s=ttl_s)
    if held is None:
        yield None
        return
    try:
        with database.begin() as connection:
            mark_dead(connection)
            run_id = connection.execute(
                insert(Run)
                .values(kind=KIND, state="running", flags=dict(flags), started_at=now_s(), heartbeat_at=now_s())
                .returning(Run.id)
            ).scalar_one()
        lease = Lease(database, held, run_id, stop, ttl_s)
        lease.start()
        try:
            yield lease
        except BaseException as error:
            with database.begin() as connection:
                told = {"error": f"{type(error).__name__}: {error}"[:500]}
                # What broke its limits would break them again; anything else goes on from what is done.
                finish(connection, lease, "failed", {**told, "resumable": not isinstance(error, LimitError)})
            raise
        finally:
            lease.end()
    finally:
        release(database, held)


def mark_dead(connection: Connection) -> int:
    """Mark every run that stands as running as dead; only for the holder of the lock. How many there were."""
    return connection.execute(
        update(Run)
        .where(Run.kind == KIND, Run.state == "running")
        .values(state="dead", finished_at=now_s(), result={"error": "it showed no sign of life"})
    ).rowcount


def finish(connection: Connection, lease: Lease, state: str, result: Mapping[str, Any]) -> None:
    """Write how a run ended, once."""
    connection.execute(
        update(Run)
        .where(Run.id == lease.run_id, Run.state == "running")
        .values(state=state, result=dict(result), finished_at=now_s(), heartbeat_at=now_s())
    )


def note(database: Database, lease: Lease, flags: Mapping[str, Any]) -> None:
    """Replace a running run's flags: where it works, what it continues."""
    with database.begin() as connection:
        connection.execute(update(Run).where(Run.id == lease.run_id).values(flags=dict(flags)))


def past_runs(database: Database, *, limit: int = 20) -> list[PastRun]:
    """Retrains, the latest first."""
    query = (
        select(Run.id, Run.state, Run.flags, Run.result, Run.started_at, Run.heartbeat_at, Run.finished_at)
        .where(Run.kind == KIND)
        .order_by(Run.id.desc())
        .limit(limit)
    )
    with database.read() as connection:
        return [PastRun(*row) for row in connection.execute(query)]


def lock_holder(database: Database) -> str | None:
    """Who retrains now."""
    with database.read() as connection:
        return connection.scalar(select(Lock.holder).where(Lock.name == LOCK, Lock.until > now_s()))
