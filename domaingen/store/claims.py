"""Claiming rows for work and recording what came of it.

A claim writes a token and a lease into the rows. Results are accepted only from the holder of the token, so a
worker that was thought dead and comes back can't write over its successor. On Postgres rows that another
worker is claiming are skipped; SQLAlchemy drops SKIP LOCKED on SQLite silently, where BEGIN IMMEDIATE lets
one writer in at a time (store.database).
"""

import secrets
import threading
import time
from collections.abc import Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass, replace
from types import TracebackType
from typing import Any

import structlog
from sqlalchemy import Connection, and_, insert, or_, select, true, update
from sqlalchemy.exc import SQLAlchemyError

from domaingen.failures.filing import failures_of
from domaingen.failures.record import FailureRecord
from domaingen.generation.model_files import BUNDLED_MODEL
from domaingen.outcomes import FailureType, ItemState, Judge
from domaingen.store.database import Database, now_s, retrying
from domaingen.store.failures import file_failures
from domaingen.store.models import active_version
from domaingen.store.schema import Batch, Item, OutcomeRow, SuggestionRow
from domaingen.store.scores import await_scores
from domaingen.suggestion import Outcome, without_names

log = structlog.get_logger(__name__)

ALONE_AFTER_ATTEMPTS = 2
"""Attempts from which a row is claimed only by a message that names it alone."""


@dataclass(frozen=True, slots=True)
class ClaimedItem:
    """A row that this worker may work on."""

    id: int
    row: int
    external_id: str
    description: str
    cells: Mapping[str, str]
    attempts: int


@dataclass(frozen=True, slots=True)
class Claim:
    """Rows of one batch that are held under one token. `model` is the batch's, or for one that follows promotions
    (`follow_active` in its settings) the active one at the time of the claim."""

    batch_id: str
    token: str
    items: tuple[ClaimedItem, ...]
    settings: Mapping[str, Any]
    model: str


def claim_items(
    connection: Connection, batch_id: str, ids: Sequence[int], *, lease_s: float, max_attempts: int
) -> Claim | None:
    """Take those of `ids` that are free: queued, or held under a lease that has run out.

    Rows that were claimed `max_attempts` times before end here as failed/poison. Returns None where nothing is
    left to do, which is normal for a message that was delivered twice.
    """
    batch = connection.execute(select(Batch.settings, Batch.model).where(Batch.id == batch_id)).one_or_none()
    if batch is None:
        return None
    free = (
        select(Item.id)
        .where(
            Item.id.in_(ids),
            Item.batch_id == batch_id,
            # A row that was tried often travels alone; one that stands in a late duplicate of its first message
            # must not take its neighbours down with it.
            Item.attempts < ALONE_AFTER_ATTEMPTS if len(ids) > 1 else true(),
            or_(
                Item.state == ItemState.QUEUED,
                and_(Item.state == ItemState.CLAIMED, Item.lease_until < now_s()),
            ),
        )
        .with_for_update(skip_locked=True)
    )
    token = secrets.token_hex(16)
    taken = connection.execute(
        update(Item)
        .where(Item.id.in_(free))
        .values(state=ItemState.CLAIMED, token=token, attempts=Item.attempts + 1, lease_until=now_s() + lease_s)
        .returning(Item.id, Item.row, Item.external_id, Item.description, Item.cells, Item.attempts)
    )
    items = sorted((ClaimedItem(*row) for row in taken), key=lambda item: item.row)
    model = batch.model or ""
    if batch.settings.get("follow_active"):
        model = active_version(connection) or BUNDLED_MODEL
    claim = Claim(batch_id, token, tuple(items), batch.settings, model)
    poisoned = [item for item in items if item.attempts > max_attempts]
    if poisoned:
        reason = f"Workers died or stalled {max_attempts} times while they worked on this row."
        record_outcomes(
            connection,
            claim,
            # The claim that finds a row poisoned does not work on it, so it is no attempt.
            [
                (replace(item, attempts=max_attempts), without_names(FailureType.POISON, reason))
                for item in poisoned
            ],
        )
        remaining = tuple(item for item in items if item.attempts <= max_attempts)
        claim = Claim(batch_id, token, remaining, batch.settings, model)
    return claim if claim.items else None


def renew_lease(connection: Connection, claim: Claim, *, lease_s: float) -> int:
    """Show a sign of life; returns how many rows are still held under the claim's token."""
    return connection.execute(
        update(Item)
        .where(Item.id.in_([item.id for item in claim.items]), Item.token == claim.token)
        .values(lease_until=now_s() + lease_s)
    ).rowcount


def release_claim(connection: Connection, claim: Claim) -> int:
    """Hand rows back unworked, without counting the attempt; for a worker that is shutting down."""
    return connection.execute(
        update(Item)
        .where(Item.id.in_([item.id for item in claim.items]), Item.token == claim.token)
        .values(state=ItemState.QUEUED, token=None, lease_until=None, attempts=Item.attempts - 1)
    ).rowcount


def record_outcomes(
    connection: Connection, claim: Claim, results: Sequence[tuple[ClaimedItem, Outcome]]
) -> frozenset[int]:
    """Write outcomes for the rows whose token is still the claim's; returns the ids of those rows.

    Rows whose lease was taken over meanwhile are left to their new holder. All in the caller's transaction:
    a row is written whole or not at all.
    """
    held = frozenset(
        connection.scalars(
            update(Item)
            .where(
                Item.id.in_([item.id for item, _ in results]),
                Item.token == claim.token,
                Item.state == ItemState.CLAIMED,
            )
            .values(state=ItemState.DONE, token=None, lease_until=None)
            .returning(Item.id)
        )
    )
    if not held:
        return held
    now = connection.scalar(select(now_s()))
    outcomes, suggestions = [], []
    failures: list[FailureRecord] = []
    for item, outcome in results:
        if item.id not in held:
            continue
        outcomes.append(
            {
                "item_id": item.id,
                "batch_id": claim.batch_id,
                "status": outcome.status.value,
                "failure_type": outcome.failure_type.value if outcome.failure_type else None,
                "category": outcome.category,
                "reason": outcome.reason,
                "model": outcome.model,
                "attempts": item.attempts,
                "recorded_at": now,
            }
        )
        for rank, suggestion in enumerate(outcome.suggestions, start=1):
            suggestions.append(
                {
                    "item_id": item.id,
                    "rank": rank,
                    "domain": suggestion.domain,
                    "score": suggestion.score,
                    "rule_score": suggestion.rule_score,
                    "judge": suggestion.judge.value,
                    "judge_score": suggestion.judge_score,
                    "relevance": suggestion.relevance,
                    "memorability": suggestion.memorability,
                    "brandability": suggestion.brandability,
                    "reason": suggestion.reason,
                    "source": suggestion.source.value,
                    "checks": dict(suggestion.checks),
                }
            )
        failures += failures_of(item.description, outcome, item_id=item.id, batch_id=claim.batch_id)
    connection.execute(insert(OutcomeRow), outcomes)
    if suggestions:
        connection.execute(insert(SuggestionRow), suggestions)
    file_failures(connection, failures)
    unjudged = [
        item.id
        for item, outcome in results
        if item.id in held and any(name.judge is Judge.PENDING for name in outcome.suggestions)
    ]
    if unjudged:
        mode = "batch" if claim.settings.get("judge") == "openai-batch" else "live"
        await_scores(connection, claim.batch_id, unjudged, mode)
    return held


class LeaseKeeper(AbstractContextManager["LeaseKeeper"]):
    """Renews a claim's lease from a thread while the work goes on, so that leases can be short.

    A process that is killed or stopped takes the thread with it, and the lease runs out. So does work that
    hangs: after `longest_s` seconds nothing is renewed any more.
    """

    def __init__(self, database: Database, claim: Claim, *, lease_s: float, longest_s: float = 900.0) -> None:
        self._database, self._claim, self._lease_s = database, claim, lease_s
        self._stop, self._end = threading.Event(), time.monotonic() + longest_s
        self._thread = threading.Thread(target=self._run, name="lease-keeper", daemon=True)

    def __enter__(self) -> "LeaseKeeper":
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._stop.set()
        self._thread.join()

    def _run(self) -> None:
        while not self._stop.wait(self._lease_s / 3) and time.monotonic() < self._end:
            try:
                with self._database.begin() as connection:
                    renew_lease(connection, self._claim, lease_s=self._lease_s)
            except SQLAlchemyError as error:
                # The next round tries again; if the lease runs out meanwhile, the token protects the rows.
                log.warning("lease not renewed", batch=self._claim.batch_id, error=type(error).__name__)


def claim_and_commit(
    database: Database, batch_id: str, ids: Sequence[int], *, lease_s: float, max_attempts: int
) -> Claim | None:
    """`claim_items` in a transaction of its own, patient with a database that is restarting."""

    def work() -> Claim | None:
        with database.begin() as connection:
            return claim_items(connection, batch_id, ids, lease_s=lease_s, max_attempts=max_attempts)

    return retrying(work)


def record_and_commit(
    database: Database, claim: Claim, results: Sequence[tuple[ClaimedItem, Outcome]]
) -> frozenset[int]:
    """`record_outcomes` in a transaction of its own, patient with a database that is restarting."""

    def work() -> frozenset[int]:
        with database.begin() as connection:
            return record_outcomes(connection, claim, results)

    return retrying(work)


def release_and_commit(database: Database, claim: Claim) -> int:
    """`release_claim` in a transaction of its own, patient with a database that is restarting."""

    def work() -> int:
        with database.begin() as connection:
            return release_claim(connection, claim)

    return retrying(work)
