"""Files and the Batch API: requests from a JSON Lines file, answered after a delay, with parts that expire."""

import asyncio
import json
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from tests.support.fake_openai import wire
from tests.support.fake_openai.faults import Fault
from tests.support.fake_openai.journal import Entry, key_of, names_in

if TYPE_CHECKING:
    from tests.support.fake_openai.server import FakeOpenAI


@dataclass
class _Batch:
    id: str
    input_file_id: str
    endpoint: str
    metadata: dict[str, str]
    ready_at: float
    status: str = "in_progress"
    output_file_id: str | None = None
    error_file_id: str | None = None
    counts: dict[str, int] = field(default_factory=lambda: {"total": 0, "completed": 0, "failed": 0})


class BatchRoom:
    """`expire_next` requests of the next batch are left undone and the batch ends as expired; `fail_next`
    requests end up in its error file. `create_pause_s` is how long the answer to a creation takes, after the batch
    was made."""

    def __init__(self, server: "FakeOpenAI", *, delay_s: float) -> None:
        self._server, self.delay_s = server, delay_s
        self.expire_next = self.fail_next = 0
        self.create_pause_s = 0.0
        self.files: dict[str, bytes] = {}
        self.batches: dict[str, _Batch] = {}

    def routes(self) -> Iterator[Route]:
        yield Route("/v1/files", self._upload, methods=["POST"])
        yield Route("/v1/files/{id}/content", self._content)
        yield Route("/v1/batches", self._create, methods=["POST"])
        yield Route("/v1/batches", self._list, methods=["GET"])
        yield Route("/v1/batches/{id}", self._retrieve)

    def _store(self, content: bytes) -> str:
        name = f"file-{len(self.files) + 1}"
        self.files[name] = content
        return name

    async def _upload(self, request: Request) -> Response:
        body = await request.body()
        boundary = request.headers["content-type"].partition("boundary=")[2].strip('"').encode()
        for part in body.split(b"--" + boundary):
            head, _, content = part.partition(b"\r\n\r\n")
            if b'name="file"' in head:
                name = self._store(content.removesuffix(b"\r\n"))
                return JSONResponse(
                    {
                        "id": name,
                        "object": "file",
                        "bytes": len(content),
                        "created_at": 0,
                        "filename": "batch.jsonl",
                        "purpose": "batch",
                        "status": "processed",
                    }
                )
        return JSONResponse(
            {"error": {"message": "no file", "type": "invalid_request_error", "code": None, "param": None}}, 400
        )

    async def _content(self, request: Request) -> Response:
        return Response(self.files[request.path_params["id"]], media_type="application/octet-stream")

    async def _create(self, request: Request) -> Response:
        body = await request.json()
        batch = _Batch(
            f"batch_{len(self.batches) + 1}",
            body["input_file_id"],
            body["endpoint"],
            body.get("metadata") or {},
            time.monotonic() + self.delay_s,
        )
        self.batches[batch.id] = batch
        await asyncio.sleep(self.create_pause_s)
        return JSONResponse(self._shape(batch))

    async def _list(self, request: Request) -> Response:
        data = [self._shape(batch) for batch in reversed(self.batches.values())]
        return JSONResponse({"object": "list", "data": data, "has_more": False, "first_id": None, "last_id": None})

    async def _retrieve(self, request: Request) -> Response:
        batch = self.batches[request.path_params["id"]]
        if batch.status == "in_progress" and time.monotonic() >= batch.ready_at:
            self._work(batch)
        return JSONResponse(self._shape(batch))

    def _work(self, batch: _Batch) -> None:
        lines = [json.loads(line) for line in self.files[batch.input_file_id].splitlines()]
        undone, self.expire_next = self.expire_next, 0
        failing, self.fail_next = self.fail_next, 0
        good, bad = [], []
        for position, line in enumerate(lines[: len(lines) - undone]):
            if position < failing:
                error = {"error": {"message": "The server had an error", "type": "server_error", "code": None}}
                bad.append(
                    {
                        "id": f"r{position}",
                        "custom_id": line["custom_id"],
                        "response": {"status_code": 500, "request_id": "q", "body": error},
                        "error": None,
                    }
                )
                continue
            good.append(self._line(position, line))
        batch.counts = {"total": len(lines), "completed": len(good), "failed": len(bad)}
        batch.output_file_id = self._store(_lines(good)) if good else None
        batch.error_file_id = self._store(_lines(bad)) if bad else None
        batch.status = "expired" if undone else "completed"

    def _line(self, position: int, line: dict[str, Any]) -> dict[str, Any]:
        body = line["body"]
        system, user = wire.texts_of(body)
        text, refused = wire.speak(body, user, Fault.OK)
        usage = wire.usage(system, user, text)
        journal = self._server.journal
        journal.add(
            Entry(len(journal.entries), time.monotonic(), "batch", "ok", key_of(user), names_in(user), *usage)
        )
        payload = wire.payload(
            "responses" if line["url"] == "/v1/responses" else "chat", body, text, refused, usage
        )
        return {
            "id": f"r{position}",
            "custom_id": line["custom_id"],
            "response": {"status_code": 200, "request_id": "q", "body": payload},
            "error": None,
        }

    @staticmethod
    def _shape(batch: _Batch) -> dict[str, Any]:
        return {
            "id": batch.id,
            "object": "batch",
            "endpoint": batch.endpoint,
            "errors": None,
            "input_file_id": batch.input_file_id,
            "completion_window": "24h",
            "status": batch.status,
            "output_file_id": batch.output_file_id,
            "error_file_id": batch.error_file_id,
            "created_at": 0,
            "request_counts": batch.counts,
            "metadata": batch.metadata,
        }


def _lines(records: list[dict[str, Any]]) -> bytes:
    return "".join(json.dumps(record) + "\n" for record in records).encode()
