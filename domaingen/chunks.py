"""The generating worker's use case: claim a chunk, name its rows, record them. Never holds a transaction while
the model works."""

from collections.abc import Callable, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from typing import Protocol

import structlog

from domaingen import metrics
from domaingen.errors import ModelError, ModerationUnavailableError
from domaingen.outcomes import Judge
from domaingen.pipeline import Options, Parts, Row, name_rows
from domaingen.settings import Settings
from domaingen.store.batches import finish_if_done
from domaingen.store.claims import LeaseKeeper, claim_and_commit, record_and_commit, release_and_commit
from domaingen.store.database import Database, retrying

log = structlog.get_logger(__name__)


class PartsSource(Protocol):
    """Where the pipeline's parts come from; see `domaingen.assembly.Assembly`."""

    def parts(self, model: str, judge: str) -> Parts:
        """The parts for a batch's model and judge."""
        ...


@dataclass(frozen=True, slots=True)
class ChunkReport:
    """What became of one message: rows claimed, rows written, rows whose lease was lost meanwhile."""

    claimed: int = 0
    written: int = 0

    @property
    def lost(self) -> int:
        """Rows that another worker took over."""
        return self.claimed - self.written


def generate_chunk(
    database: Database,
    settings: Settings,
    source: PartsSource,
    batch_id: str,
    ids: Sequence[int],
    *,
    on_unjudged: Callable[[str, Sequence[int]], None] = lambda batch_id, ids: None,
) -> ChunkReport:
    """Work on one message. A message that was delivered twice, or whose rows are done, does nothing.

    `on_unjudged` hears, after the commit, which rows wait for a judge; it must not raise.

    Raises:
        DomaingenError: The model or the database can't be used; the lease brings the rows back.
    """
    claim = claim_and_commit(database, batch_id, ids, lease_s=settings.lease_s, max_attempts=settings.max_attempts)
    if claim is None:
        _finish(database, batch_id)
        return ChunkReport()
    with ExitStack() as stack:
        stack.enter_context(structlog.contextvars.bound_contextvars(batch=batch_id))
        stack.enter_context(LeaseKeeper(database, claim, lease_s=settings.lease_s))
        try:
            parts = source.parts(claim.model, str(claim.settings["judge"]))
        except ModelError:
            # Not the rows' fault: they go back uncounted, and whoever mends the model loses none.
            release_and_commit(database, claim)
            raise
        options = Options(
            count=int(claim.settings["count"]),
            seed=int(claim.settings["seed"]),
            max_description_length=int(claim.settings["max_description_length"]),
            refuse_uncertain=bool(claim.settings["refuse_uncertain"]),
        )
        rows = [Row(item.row, item.external_id, item.description, item.cells) for item in claim.items]
        try:
            outcomes = name_rows(rows, parts, options, stage=metrics.timed_stage)
        except ModerationUnavailableError as error:
            # The reaper announces them again, until the service is back.
            log.warning("a chunk waits for moderation", batch=batch_id, rows=len(rows), error=str(error))
            release_and_commit(database, claim)
            return ChunkReport()
    with metrics.timed_stage("record"):
        held = record_and_commit(database, claim, list(zip(claim.items, outcomes, strict=True)))
        _finish(database, batch_id)
    unjudged = [
        item.id
        for item, outcome in zip(claim.items, outcomes, strict=True)
        if item.id in held and any(name.judge is Judge.PENDING for name in outcome.suggestions)
    ]
    if unjudged:
        on_unjudged(batch_id, unjudged)
    for item, outcome in zip(claim.items, outcomes, strict=True):
        if item.id not in held:
            continue
        metrics.ROWS.labels(outcome.status.value, outcome.failure_type.value if outcome.failure_type else "").inc()
    report = ChunkReport(len(claim.items), len(held))
    if report.lost:
        metrics.LOST_CLAIMS.inc(report.lost)
    log.info(
        "chunk",
        batch=batch_id,
        model=claim.model,
        first_row=claim.items[0].row,
        rows=report.claimed,
        lost=report.lost,
    )
    return report


def _finish(database: Database, batch_id: str) -> None:
    def work() -> bool:
        with database.begin() as connection:
            return finish_if_done(connection, batch_id)

    if retrying(work):
        log.info("batch finished", batch=batch_id)
