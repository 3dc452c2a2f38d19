"""Named leases in the database, with fencing tokens: one beat, one retraining, over any number of hosts."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass

from sqlalchemy import Connection, insert, or_, select, update
from sqlalchemy.exc import IntegrityError, SQLAlchemyError

from domaingen.errors import StoreError
from domaingen.store.database import Database, now_s
from domaingen.store.schema import Lock


@dataclass(frozen=True, slots=True)
class Held:
    """A lock that is held. `fence` grows with every change of holder."""

    name: str
    holder: str
    fence: int


def acquire(database: Database, name: str, holder: str, *, ttl_s: float) -> Held | None:
    """Take, keep or take over a lock for `ttl_s` seconds; None while another holder is alive."""
    try:
        with database.begin() as connection:
            return _acquire(connection, name, holder, ttl_s)
    except IntegrityError:
        # Two came first at once; the other one has it.
        return None


def _acquire(connection: Connection, name: str, holder: str, ttl_s: float) -> Held | None:
    row = connection.execute(
        select(Lock.holder, Lock.fence).where(Lock.name == name).with_for_update()
    ).one_or_none()
    if row is None:
        connection.execute(insert(Lock).values(name=name, holder=holder, fence=1, until=now_s() + ttl_s))
        return Held(name, holder, 1)
    fence = row.fence if row.holder == holder else row.fence + 1
    taken = connection.execute(
        update(Lock)
        .where(Lock.name == name, or_(Lock.holder == holder, Lock.until < now_s()))
        .values(holder=holder, fence=fence, until=now_s() + ttl_s)
    )
    return Held(name, holder, fence) if taken.rowcount else None


def release(database: Database, held: Held) -> None:
    """Give a lock up at once, if it is still held under the same fence."""
    with database.begin() as connection:
        connection.execute(update(Lock).where(Lock.name == held.name, Lock.fence == held.fence).values(until=0.0))


@contextmanager
def keeping(database: Database, held: Held, *, ttl_s: float) -> Iterator[None]:
    """Renew a lock from a thread while the block runs, then release it. So the time to live can be short, and the
    lock of a process that was killed is free within seconds."""
    stop = threading.Event()

    def renew() -> None:
        while not stop.wait(ttl_s / 4):
            # The next round tries again; whoever takes over has a higher fence.
            with suppress(SQLAlchemyError):
                acquire(database, held.name, held.holder, ttl_s=ttl_s)

    thread = threading.Thread(target=renew, name=f"keep-{held.name}", daemon=True)
    thread.start()
    try:
        yield
    finally:
        stop.set()
        thread.join()
        release(database, held)


def require_fence(connection: Connection, name: str, fence: int) -> None:
    """Make sure that a lock is still held under this fence. Its row stays locked until the caller's transaction ends,
    so nobody takes it over in between.

    Raises:
        StoreError: It is not; another holder may be at work.
    """
    held = connection.scalar(select(Lock.fence).where(Lock.name == name, Lock.until > now_s()).with_for_update())
    if held != fence:
        raise StoreError(
            f"the lock {name} is no longer held under fence {fence}: another run took over, or this one showed no "
            "sign of life"
        )
