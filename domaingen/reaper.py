"""Heals what a crash, a lost message or a flushed broker left behind.

Two rules bring every row back, whatever happened:

1. A claimed row whose lease has run out is queued again and published at once.
2. A queued row whose message should have been delivered by now has lost it (never sent, or lost by the broker)
   and is published again. Queues are first in, first out: a message that was due longer ago, by more than the
   grace period, than that of a row which is being worked on now was overtaken, so it is gone; and while the
   queue is empty, so is every message older than the grace period. No guess at how long a queue may take is
   needed, a long queue causes no duplicates, and a duplicate claims nothing anyway.

Rows that were tried twice or more travel alone, so that one row that kills its worker can't take its
neighbours down to failed/poison with it.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import structlog
from sqlalchemy import Connection, func, select, update

from domaingen.outcomes import BatchState, ItemState
from domaingen.queueing import Publisher
from domaingen.store.batches import finish_if_done
from domaingen.store.claims import ALONE_AFTER_ATTEMPTS
from domaingen.store.database import Database, now_s
from domaingen.store.schema import Batch, Item

log = structlog.get_logger(__name__)

_MOST_ROWS = 50_000


@dataclass(frozen=True, slots=True)
class ReapReport:
    """What one round did."""

    expired_leases: int = 0
    republished_rows: int = 0
    messages: int = 0
    finished_batches: int = 0


def _expire_leases(connection: Connection) -> list[tuple[str, int, int]]:
    """Queue again what is held under a lease that has run out; returns (batch, id, attempts) of each."""
    return list(
        connection.execute(
            update(Item)
            .where(Item.state == ItemState.CLAIMED, Item.lease_until < now_s())
            .values(state=ItemState.QUEUED, token=None, lease_until=None, published_at=now_s())
            .returning(Item.batch_id, Item.id, Item.attempts)
        )
    )


def _lost_messages(connection: Connection, grace_s: float, *, queue_is_empty: bool) -> list[tuple[str, int, int]]:
    """Queued rows whose message is gone, marked as published anew."""
    newest = now_s() if queue_is_empty else _newest_in_work(connection)
    if newest is None:
        return []
    overdue = (
        select(Item.id)
        .where(Item.state == ItemState.QUEUED, Item.published_at < newest - grace_s)
        .order_by(Item.published_at)
        .limit(_MOST_ROWS)
    )
    return list(
        connection.execute(
            update(Item)
            .where(Item.id.in_(overdue))
            .values(published_at=now_s())
            .returning(Item.batch_id, Item.id, Item.attempts)
        )
    )


def _newest_in_work(connection: Connection) -> float | None:
    """When the youngest message that workers hold now was due; None where they hold none."""
    return connection.scalar(select(func.max(Item.published_at)).where(Item.state == ItemState.CLAIMED))


def _chunks(rows: Sequence[tuple[int, int]], chunk_size: int) -> Iterator[list[int]]:
    together = sorted(item_id for item_id, attempts in rows if attempts < ALONE_AFTER_ATTEMPTS)
    for start in range(0, len(together), chunk_size):
        yield together[start : start + chunk_size]
    for item_id, attempts in rows:
        if attempts >= ALONE_AFTER_ATTEMPTS:
            yield [item_id]


def reap(database: Database, publisher: Publisher, *, chunk_size: int, grace_s: float) -> ReapReport:
    """One round. Safe to run anywhere, any time, by several at once.

    Raises:
        BrokerError: The broker can't be reached. Rows stay queued and the next round finds them.
    """
    queue_is_empty = publisher.depth() == 0
    with database.begin() as connection:
        expired = _expire_leases(connection)
        lost = _lost_messages(connection, grace_s, queue_is_empty=queue_is_empty)
        open_batches = list(connection.scalars(select(Batch.id).where(Batch.state == BatchState.OPEN)))
    finished = 0
    for batch_id in open_batches:
        with database.begin() as connection:
            finished += finish_if_done(connection, batch_id)
    by_batch: dict[str, list[tuple[int, int]]] = {}
    for batch_id, item_id, attempts in expired + lost:
        by_batch.setdefault(batch_id, []).append((item_id, attempts))
    messages = sum(publisher.publish(batch_id, _chunks(rows, chunk_size)) for batch_id, rows in by_batch.items())
    report = ReapReport(len(expired), len(lost), messages, finished)
    if messages:
        log.info("reaped", expired_leases=len(expired), lost_rows=len(lost), messages=messages)
    return report
