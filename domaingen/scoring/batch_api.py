"""Judging through OpenAI's Batch API (`--judge openai-batch`): half the price for those who can wait a day.

A round, called by beat, does three things under one lock of the whole fleet: it looks after batches that a crash
left half sent, collects those that have ended, and sends what is due. Rows belong to their file by its id, which is
their token; requests are told apart by `row:part`, so that answers may come in any order. What expired, failed or
was answered badly goes back to the waiting rows with its cause and travels in a later file.
"""

import json
import os
import secrets
import socket
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from typing import IO, Any

import openai
import structlog
from openai import OpenAI
from sqlalchemy import Connection, insert, select, update

from domaingen.judging.openai_judge import Dialect, JudgeRequest, read_payload, reply_from_status, request_body
from domaingen.judging.replies import TREATMENTS, Cause, Reply, Treatment
from domaingen.scoring.ledger import Ledger
from domaingen.scoring.prices import find_price
from domaingen.scoring.work import RowInHand
from domaingen.settings import Settings
from domaingen.store.database import Database, now_s
from domaingen.store.named_locks import acquire, keeping
from domaingen.store.scores import load_held
from domaingen.store.scoring_schema import PendingScore, ProviderBatch

log = structlog.get_logger(__name__)

_MOST_BYTES = 190_000_000
"""OpenAI takes files of 200 MB."""
_HELD_S = 7 * 86_400.0
_LATER_S = 60.0
_ROWS_PER_WRITE = 500
_ENDED = {"completed", "expired", "cancelled", "failed"}


@dataclass(frozen=True, slots=True)
class BatchRound:
    """What one round did: requests sent, batches collected, names scored."""

    sent: int = 0
    collected: int = 0
    names: int = 0


def judge_batches(database: Database, settings: Settings, client: OpenAI | None = None) -> BatchRound | None:
    """One round; None where another process is at it.

    Raises:
        openai.OpenAIError: The provider can't be reached; the next round tries again.
    """
    holder = f"{socket.gethostname()}:{os.getpid()}:{secrets.token_hex(4)}"
    held = acquire(database, "judge-batches", holder, ttl_s=settings.lease_s)
    if held is None:
        return None
    with keeping(database, held, ttl_s=settings.lease_s):
        return _Round(database, settings, client or make_sync_client(settings)).run()


def make_sync_client(settings: Settings) -> OpenAI:
    """A client for files and batches; few requests, so its own retries are welcome."""
    key = settings.openai_api_key.get_secret_value() if settings.openai_api_key else None
    return OpenAI(api_key=key or ("none" if settings.openai_base_url else None), base_url=settings.openai_base_url)


class _Round:
    def __init__(self, database: Database, settings: Settings, client: OpenAI) -> None:
        self._database, self._settings, self._client = database, settings, client
        self._price = find_price(settings)

    def run(self) -> BatchRound:
        collected = names = 0
        for id_, provider_id in self._open("preparing"):
            self._look_after(id_, provider_id)
        for id_, provider_id in self._open("submitted"):
            batch = self._client.batches.retrieve(str(provider_id))
            if batch.status in _ENDED:
                names += self._collect(id_, batch)
                collected += 1
        return BatchRound(self._send(), collected, names)

    def _open(self, state: str) -> list[tuple[str, str | None]]:
        with self._database.read() as connection:
            found = connection.execute(
                select(ProviderBatch.id, ProviderBatch.provider_id).where(ProviderBatch.state == state)
            )
            return [(row.id, row.provider_id) for row in found]

    def _ledger(self, id_: str) -> Ledger:
        return Ledger(self._database, self._settings, self._price, id_)

    # Sending

    def _send(self) -> int:
        id_ = secrets.token_hex(16)
        ledger = self._ledger(id_)
        rows = ledger.claim(self._settings.judge_batch_requests, (), mode="batch")
        if not rows:
            return 0
        for row in rows:
            if row.short_of_money:
                # Files that are away may use up the budget; asked again when more of them are back.
                row.fail(None, _LATER_S)
        ready = [row for row in rows if row.failed or all(name in row.known for name in row.row.pending)]
        asked = [row for row in rows if row not in ready]
        with tempfile.TemporaryFile() as file:
            requests = self._write(file, asked)
            ledger.record([*ready, *(row for row in asked if row.failed)], {})
            if not requests:
                return 0
            with self._database.begin() as connection:
                connection.execute(
                    insert(ProviderBatch).values(id=id_, state="preparing", requests=requests, created_at=now_s())
                )
                connection.execute(
                    update(PendingScore)
                    .where(PendingScore.token == id_)
                    .values(provider_batch_id=id_, lease_until=now_s() + _HELD_S)
                )
            file.seek(0)
            try:
                upload = self._client.files.create(file=("domaingen.jsonl", file), purpose="batch")
                batch = self._client.batches.create(
                    input_file_id=upload.id,
                    endpoint="/v1/responses",
                    completion_window="24h",
                    metadata={"domaingen": id_},
                )
            except openai.APIStatusError as error:
                # It was refused for certain; with a lost connection one can't know, and the next round looks.
                self._give_back(id_, reply_from_status(error).cause)
                log.warning("the batch was refused", status=error.status_code, requests=requests)
                return 0
        self._set(id_, provider_id=batch.id, state="submitted")
        log.info("batch sent", provider_batch=batch.id, requests=requests)
        return requests

    def _write(self, file: IO[bytes], rows: list[RowInHand]) -> int:
        requests = 0
        for row in rows:
            if file.tell() > _MOST_BYTES or requests >= self._settings.judge_batch_requests:
                row.fail(None, 0.0)
                continue
            for part, request in enumerate(self._requests(row)):
                line = {
                    "custom_id": f"{row.row.item_id}:{part}",
                    "method": "POST",
                    "url": "/v1/responses",
                    "body": request_body(self._settings.judge_model, Dialect.RESPONSES, request),
                }
                file.write(json.dumps(line).encode() + b"\n")
                requests += 1
        return requests

    def _requests(self, row: RowInHand) -> list[JudgeRequest]:
        """A row's requests; the same when its answers are read, whatever the cache has learned meanwhile."""
        return list(RowInHand(row.row).requests(self._settings.judge_names_per_call))

    # Collecting

    def _collect(self, id_: str, batch: Any) -> int:
        with self._database.read() as connection:
            rows = {row.item_id: RowInHand(row, attempts=row.attempts) for row in load_held(connection, id_)}
        answered: set[str] = set()
        for file_id in filter(None, (batch.output_file_id, batch.error_file_id)):
            for line in self._client.files.content(file_id).iter_lines():
                if line.strip():
                    self._read(json.loads(line), rows, answered)
        for item_id, row in rows.items():
            for part in range(len(self._requests(row))):
                if f"{item_id}:{part}" not in answered:
                    self._fail(row, Cause.BAD_REQUEST if batch.status == "failed" else Cause.EXPIRED)
        names = 0
        for piece in _pieces(list(rows.values())):
            names += self._ledger(id_).collect(piece)[0]
        self._set(id_, state="done", finished_at=now_s())
        log.info("batch collected", provider_batch=batch.id, status=batch.status, rows=len(rows), names=names)
        return names

    def _read(self, line: dict[str, Any], rows: dict[int, RowInHand], answered: set[str]) -> None:
        item_id, _, part = str(line["custom_id"]).partition(":")
        row = rows.get(int(item_id))
        if row is None:
            return
        answered.add(line["custom_id"])
        requests = self._requests(row)
        if int(part) >= len(requests):
            return
        request = requests[int(part)]
        response = line.get("response") or {}
        if response.get("status_code") == 200:
            reply = read_payload(response.get("body"), request.names)
        else:
            reply = Reply(
                cause=Cause.UNAVAILABLE if response.get("status_code", 500) >= 500 else Cause.BAD_REQUEST
            )
        row.usage += reply.usage
        if reply.judgements is not None:
            row.fresh.update(zip(request.names, reply.judgements, strict=True))
        elif reply.cause is not None:
            self._fail(row, reply.cause)

    def _fail(self, row: RowInHand, cause: Cause) -> None:
        if TREATMENTS[cause] is Treatment.ASK_AGAIN:
            row.attempts += 1
        row.fail(cause, None if row.attempts >= self._settings.judge_max_attempts else 0.0)

    # After a crash or a refusal

    def _look_after(self, id_: str, provider_id: str | None) -> None:
        """A batch that was about to be sent when its process died: adopt it if it arrived, else free its rows."""
        for batch in self._client.batches.list(limit=100).data:
            if (batch.metadata or {}).get("domaingen") == id_:
                log.info("adopting a batch", provider_batch=batch.id)
                self._set(id_, provider_id=batch.id, state="submitted")
                return
        self._give_back(id_, None, due_in_s=0.0)

    def _give_back(self, id_: str, cause: Cause | None, *, due_in_s: float = _LATER_S) -> None:
        with self._database.begin() as connection:
            connection.execute(
                update(PendingScore)
                .where(PendingScore.token == id_)
                .values(
                    token=None, lease_until=None, provider_batch_id=None, cause=cause, due_at=now_s() + due_in_s
                )
            )
            _update_batch(connection, id_, state="lost", finished_at=now_s())

    def _set(self, id_: str, **values: Any) -> None:
        with self._database.begin() as connection:
            _update_batch(connection, id_, **values)


def _update_batch(connection: Connection, id_: str, **values: Any) -> None:
    connection.execute(update(ProviderBatch).where(ProviderBatch.id == id_).values(**values))


def _pieces(rows: list[RowInHand]) -> Iterator[list[RowInHand]]:
    for start in range(0, len(rows), _ROWS_PER_WRITE):
        yield rows[start : start + _ROWS_PER_WRITE]
