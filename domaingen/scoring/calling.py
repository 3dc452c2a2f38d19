"""Calling the scoring workers: after rows were recorded, and again and again while rows are due."""

from collections.abc import Sequence
from typing import Protocol

import structlog
from sqlalchemy import select

from domaingen.errors import BrokerError
from domaingen.store.database import Database
from domaingen.store.scores import due_rows
from domaingen.store.scoring_schema import ProviderBatch

log = structlog.get_logger(__name__)


class ScorerCaller(Protocol):
    """Whoever can call a scoring worker; see `domaingen.queueing.CeleryPublisher`."""

    def call_scorer(self, batch_id: str | None = None, item_ids: Sequence[int] = ()) -> None:
        """Call it to what is due, beginning with these rows.

        Raises:
            BrokerError: The broker can't be reached.
        """
        ...


def call_for_rows(caller: ScorerCaller, batch_id: str, item_ids: Sequence[int]) -> None:
    """Tell that rows wait for the judge. Never fails: `call_if_due` finds them too."""
    try:
        caller.call_scorer(batch_id, item_ids)
    except BrokerError as error:
        log.warning("rows wait for the judge; not announced now", batch=batch_id, error=str(error))


def call_if_due(database: Database, caller: ScorerCaller) -> bool:
    """Call a scoring worker where any row is due: new, due again, or left behind by a process that died.

    Raises:
        BrokerError: The broker can't be reached.
    """
    with database.read() as connection:
        due = due_rows(connection)
    if due:
        caller.call_scorer()
    return due


def has_batch_work(database: Database) -> bool:
    """Whether there is anything for the Batch API: rows to send or files to collect. Needs no OpenAI client."""
    with database.read() as connection:
        if due_rows(connection, mode="batch"):
            return True
        open_batches = select(ProviderBatch.id).where(ProviderBatch.state.in_(["preparing", "submitted"]))
        return connection.execute(open_batches.limit(1)).first() is not None
