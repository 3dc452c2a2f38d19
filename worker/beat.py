"""Beat that may be started twice: only the holder of a lock in the database sends anything."""

import os
import socket
import uuid
from typing import Any

import structlog
from celery.beat import Scheduler
from sqlalchemy.exc import SQLAlchemyError

from domaingen.settings import load_settings
from domaingen.store.database import Database
from domaingen.store.named_locks import Held, acquire, release

log = structlog.get_logger(__name__)

_TTL_S = 20.0


class LockedScheduler(Scheduler):  # type: ignore[misc]
    """Keeps its schedule in memory (every entry is an interval or a cron rule that needs no history) and sends
    only while it holds the lock `beat`; the others stand by and take over within `_TTL_S` seconds."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        self._holder = f"{socket.gethostname()}:{os.getpid()}:{uuid.uuid4().hex[:8]}"
        self._database = Database(load_settings().database)
        self._held: Held | None = None
        super().__init__(*args, **kwargs)

    def tick(self, *args: Any, **kwargs: Any) -> float:
        """Send what is due, or wait for the lock; returns seconds until the next tick."""
        try:
            held = acquire(self._database, "beat", self._holder, ttl_s=_TTL_S)
        except SQLAlchemyError as error:
            log.warning("beat can't reach the database", error=type(error).__name__)
            return _TTL_S / 4
        if held is None:
            if self._held is not None:
                log.warning("another beat took over")
            self._held = None
            return _TTL_S / 4
        if self._held is None:
            log.info("this beat is the active one", fence=held.fence)
        self._held = held
        return min(float(super().tick(*args, **kwargs)), _TTL_S / 4)

    def close(self) -> None:
        """Let a standby take over at once."""
        try:
            if self._held is not None:
                release(self._database, self._held)
        except SQLAlchemyError as error:
            log.warning("beat's lock is left to run out", error=type(error).__name__)
        self._database.close()
        super().close()
