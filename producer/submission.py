"""From a CSV to a batch: rows are committed first, their ids published afterwards.

A producer that dies between the two, or in the middle of the file, leaves a batch in state `receiving`. The same
submission continues it after the last committed row; the reaper publishes what was committed and not published.
"""

import hashlib
import json
from collections.abc import Callable, Iterable, Iterator
from dataclasses import asdict, dataclass
from itertools import islice
from pathlib import Path
from typing import Any, TypeVar

import structlog
from sqlalchemy import RowMapping
from sqlalchemy.exc import IntegrityError

from domaingen.assembly import model_for, resolve_model
from domaingen.errors import BrokerError, SettingsError, StoreError
from domaingen.outcomes import BatchState
from domaingen.queueing import Publisher
from domaingen.settings import Settings
from domaingen.store.batches import NewBatch, NewItem, add_items, close_reception, create_batch, find_batches
from domaingen.store.database import Database, retrying
from producer.csvfile import CsvSummary, inspect, read

log = structlog.get_logger(__name__)
T = TypeVar("T")

_ROWS_PER_TRANSACTION = 4800
"""Enough to make commits cheap, few enough that other writers of a SQLite file wait under a tenth of a second."""


@dataclass(frozen=True, slots=True)
class Plan:
    """A submission that was checked and not yet stored: the file, what is fixed for its batch, and earlier
    batches of the same file."""

    path: Path
    csv: CsvSummary
    settings: dict[str, Any]
    model: str
    fingerprint: str
    unfinished: str | None
    """Id of a batch of the same file and settings that still has rows without outcome."""
    earlier: tuple[str, ...]
    """Ids of all batches that were made from the same file, newest first."""


@dataclass(frozen=True, slots=True)
class BatchOptions:
    """What the submitter chose. `judge` is resolved (no auto). With `follow_active` each chunk is named by whichever
    model is active when it is claimed, so that the results depend on when that was. `budget_usd_micro` is what its
    judging may cost, in millionths of a dollar; None for no limit of its own."""

    count: int = 5
    judge: str = "local"
    seed: int = 0
    description_column: str = "description"
    follow_active: bool = False
    budget_usd_micro: int | None = None


def plan_submission(
    path: Path, options: BatchOptions, settings: Settings, database: Database, model: str | None = None
) -> Plan:
    """Read the whole file once, refuse it whole where it can't be read, and settle its model.

    `model` is by default the one that the settings name, the active one, or a canary (domaingen.store.canary).

    Raises:
        InputFileError: Names file, line and column.
        SettingsError: It shall follow the active model and is given one at the same time.
    """
    if options.follow_active and settings.model != "active":
        raise SettingsError(
            "a batch that follows the active model can't be given one: leave out --follow-active, or --model and "
            "DOMAINGEN_MODEL"
        )
    csv = inspect(path, options.description_column)
    if model is None:
        follows = options.follow_active
        model = resolve_model(settings, database) if follows else model_for(settings, database, csv.digest)
    fixed: dict[str, Any] = asdict(options) | {
        "max_description_length": settings.max_description_length,
        "refuse_uncertain": settings.uncertain == "refuse",
    }
    # A batch that follows the active model is continued under whichever is active now.
    named = "active" if options.follow_active else model
    fingerprint = hashlib.sha256(json.dumps([csv.digest, fixed, named], sort_keys=True).encode()).hexdigest()
    earlier = find_batches(database, source_digest=csv.digest)
    unfinished = next(
        (
            batch["id"]
            for batch in earlier
            if batch["fingerprint"] == fingerprint and batch["state"] != BatchState.FINISHED
        ),
        None,
    )
    return Plan(path, csv, fixed, model, fingerprint, unfinished, tuple(batch["id"] for batch in earlier))


def _pieces(rows: Iterable[T], size: int) -> Iterator[list[T]]:
    iterator = iter(rows)
    while piece := list(islice(iterator, size)):
        yield piece


def submit(
    plan: Plan,
    database: Database,
    publisher: Publisher,
    *,
    chunk_size: int,
    resume: bool = True,
    on_rows: Callable[[int], None] = lambda _: None,
) -> str:
    """Store the planned rows, publish their ids, and return the batch's id.

    An unfinished batch of the same file and settings is continued with `resume`. A broker that is away stops
    nothing: the rows are safe and the reaper publishes them. `on_rows` hears how many rows were stored.
    """
    batch_id = plan.unfinished if resume else None
    received = 0
    if batch_id is None:
        new = NewBatch(
            source_name=plan.path.name,
            source_digest=plan.csv.digest,
            fingerprint=plan.fingerprint,
            columns=plan.csv.columns,
            settings=plan.settings,
            model=plan.model,
            expected_rows=plan.csv.rows,
        )
        batch_id = retrying(lambda: _create(database, new))
    else:
        batch = _stored(database, plan, batch_id)
        received = batch["received_rows"]
        if batch["state"] != BatchState.RECEIVING:
            on_rows(received)
            return batch_id
    on_rows(received)
    broker_is_away = False
    for piece in _pieces(read(plan.path, plan.csv, start_row=received + 1), _ROWS_PER_TRANSACTION):
        ids = _add(database, batch_id, piece)
        if not broker_is_away:
            try:
                publisher.publish(batch_id, list(_pieces(ids, chunk_size)))
            except BrokerError as error:
                broker_is_away = True
                log.warning("rows are stored but not announced; the reaper does it later", error=str(error))
        on_rows(len(piece))
    closing = batch_id

    def close() -> None:
        with database.begin() as connection:
            close_reception(connection, closing)

    retrying(close)
    return batch_id


def _create(database: Database, new: NewBatch) -> str:
    with database.begin() as connection:
        return create_batch(connection, new)


def _stored(database: Database, plan: Plan, batch_id: str) -> RowMapping:
    return next(batch for batch in find_batches(database, fingerprint=plan.fingerprint) if batch["id"] == batch_id)


def _add(database: Database, batch_id: str, piece: list[NewItem]) -> list[int]:
    # Not retried: after an ambiguous commit the rows may be there. The command says so and is given again.
    try:
        with database.begin() as connection:
            return add_items(connection, batch_id, piece)
    except IntegrityError as error:
        raise StoreError(
            f"another producer is storing the same file into batch {batch_id} at this moment; follow it with "
            f"`domaingen status {batch_id}`, and give this command again only if it stops"
        ) from error
