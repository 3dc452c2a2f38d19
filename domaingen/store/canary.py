"""A canary: a candidate that names a share of the new batches, so that it can be compared before it is promoted.

Which batches it gets depends on the input file and the candidate's name alone: a submission that was interrupted
and is given again finds its batch, and the same file always goes to the same side.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from hashlib import sha256

from sqlalchemy import ColumnElement, Connection, case, exists, func, select

from domaingen.errors import StoreError
from domaingen.generation.model_files import BUNDLED_MODEL
from domaingen.outcomes import Judge, Status
from domaingen.store.model_changes import current_canary, log_canary
from domaingen.store.models import active_version, lock_versions, usable_version
from domaingen.store.schema import Batch, OutcomeRow, SuggestionRow


@dataclass(frozen=True, slots=True)
class BatchTally:
    """What one model did with one batch: rows by kind of outcome, and the sum of the best scores of its `scored`
    rows (those with names that no judge is still to see)."""

    model: str
    batch_id: str
    rows: int
    suggested: int
    refused: int
    rejected: int
    failed: int
    scored: int
    score_sum: float


def start_canary(connection: Connection, name: str, share: float) -> None:
    """Give a candidate `share` (0 to 1, neither included) of the batches that are submitted from now on.

    Raises:
        StoreError: It is unknown, changed, missing, rejected or active already; or the share is none.
    """
    if not 0 < share < 1:
        raise StoreError(f"a share of {share} is no canary's; give one between 0 and 1, e.g. 0.1")
    version = usable_version(lock_versions(connection), name)
    if version.state == "active":
        raise StoreError(f"{name} is active and gets every batch; a canary is a version that is not")
    log_canary(connection, name, share)


def canary_for(connection: Connection, source_digest: str) -> str | None:
    """The canary, if a file with this SHA-256 (hexadecimal) is one of its share; else None."""
    current = current_canary(connection)
    if current is None:
        return None
    name, share, _ = current
    # 53 bits: every one of them survives in a float.
    drawn = int.from_bytes(sha256(f"{name}/{source_digest}".encode()).digest()[:8]) >> 11
    return name if drawn / 2**53 < share else None


def tally_batches(connection: Connection, models: Sequence[str], since: float) -> list[BatchTally]:
    """What each of the models did with each batch that was submitted since then (Unix seconds), summed by the
    database, so that millions of rows cost no memory here."""
    best = (
        select(func.max(SuggestionRow.score))
        .where(SuggestionRow.item_id == OutcomeRow.item_id)
        .correlate(OutcomeRow)
        .scalar_subquery()
    )
    unjudged = exists().where(
        SuggestionRow.item_id == OutcomeRow.item_id, SuggestionRow.judge == Judge.PENDING.value
    )
    rows = (
        select(
            OutcomeRow.model.label("model"),
            OutcomeRow.batch_id.label("batch_id"),
            OutcomeRow.status.label("status"),
            case((unjudged, None), else_=best).label("score"),
        )
        .join(Batch, Batch.id == OutcomeRow.batch_id)
        .where(Batch.created_at >= since, OutcomeRow.model.in_(models))
        .subquery()
    )

    def count(status: Status) -> ColumnElement[int]:
        return func.sum(case((rows.c.status == status.value, 1), else_=0))

    found = connection.execute(
        select(
            rows.c.model,
            rows.c.batch_id,
            func.count(),
            count(Status.SUGGESTED),
            count(Status.REFUSED),
            count(Status.REJECTED),
            count(Status.FAILED),
            func.count(rows.c.score),
            func.coalesce(func.sum(rows.c.score), 0.0),
        )
        .group_by(rows.c.model, rows.c.batch_id)
        .order_by(rows.c.model, rows.c.batch_id)
    )
    return [BatchTally(*row) for row in found]


def canary_and_rival(connection: Connection) -> tuple[str, float, float, str]:
    """The canary, its share, since when it runs, and the version that it is compared with.

    Raises:
        StoreError: There is no canary.
    """
    current = current_canary(connection)
    if current is None:
        raise StoreError("there is no canary; `domaingen models canary NAME --share 0.1` starts one")
    return *current, active_version(connection) or BUNDLED_MODEL
