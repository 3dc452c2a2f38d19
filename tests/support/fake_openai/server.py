"""The server itself: routes, the fate of each request, and a thread that serves them on a real port."""

import asyncio
import itertools
import json
import threading
import time
from collections.abc import Collection, Mapping
from typing import Any

import uvicorn
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response, StreamingResponse
from starlette.routing import Route

from tests.support.fake_openai import answers, wire
from tests.support.fake_openai.batches import BatchRoom
from tests.support.fake_openai.faults import Fault, FaultPlan
from tests.support.fake_openai.journal import Entry, Journal, key_of, names_in
from tests.support.fake_openai.limits import Limiter, Limits
from tests.support.servers import free_port

EVERYTHING = frozenset({"responses", "chat", "schema", "json"})


class FakeOpenAI:
    """Start it with `with FakeOpenAI() as server`; `server.url` goes into OPENAI_BASE_URL.

    `latency_s` is the time of every answer, `supports` what the server can do (take away "responses" and
    "schema" for an older compatible server), `key` the only key that is let in (None lets any in).
    """

    def __init__(
        self,
        *,
        limits: Limits | None = None,
        faults: FaultPlan | None = None,
        latency_s: float = 0.0,
        supports: Collection[str] = EVERYTHING,
        key: str | None = None,
        batch_delay_s: float = 0.0,
        port: int | None = None,
        rate_headers: bool = True,
    ) -> None:
        self.limits = limits or Limits()
        self.faults = faults or FaultPlan()
        self.latency_s, self.supports, self.key = latency_s, frozenset(supports), key
        self.rate_headers = rate_headers
        self.journal = Journal()
        self.batches = BatchRoom(self, delay_s=batch_delay_s)
        self.port = port or free_port()
        self.bodies: list[dict[str, Any]] = []
        self.keys_seen: set[str] = set()
        self._limiter = Limiter(self.limits)
        self._first_at: float | None = None
        self._numbers = itertools.count()
        self._server: uvicorn.Server | None = None
        self._thread: threading.Thread | None = None

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}/v1"

    def app(self) -> Starlette:
        post = ["POST"]
        return Starlette(
            routes=[
                Route("/v1/responses", self._responses, methods=post),
                Route("/v1/chat/completions", self._chat, methods=post),
                Route("/v1/moderations", self._moderations, methods=post),
                Route("/v1/models", self._models),
                *self.batches.routes(),
                Route("/_journal", self._journal),
                Route("/_statistics", self._statistics),
                Route("/_script", self._script, methods=post),
            ]
        )

    def __enter__(self) -> "FakeOpenAI":
        config = uvicorn.Config(
            self.app(),
            host="127.0.0.1",
            port=self.port,
            log_level="critical",
            access_log=False,
            lifespan="off",
        )
        self._server = uvicorn.Server(config)
        self._thread = threading.Thread(target=self._server.run, name="fake-openai", daemon=True)
        self._thread.start()
        deadline = time.monotonic() + 20
        while not self._server.started:
            if time.monotonic() > deadline:
                raise AssertionError("the fake server did not start")
            time.sleep(0.01)
        return self

    def __exit__(self, *_: object) -> None:
        assert self._server
        assert self._thread
        self._server.should_exit = True
        self._server.force_exit = True
        self._thread.join(timeout=10)

    # Routes

    async def _responses(self, request: Request) -> Response:
        body = await request.json()
        if "responses" not in self.supports:
            return JSONResponse({"detail": "Not Found"}, 404)
        return await self._answer("responses", request, body)

    async def _chat(self, request: Request) -> Response:
        body = await request.json()
        kind = (body.get("response_format") or {}).get("type")
        if "chat" not in self.supports:
            return JSONResponse({"detail": "Not Found"}, 404)
        if (kind == "json_schema" and "schema" not in self.supports) or (
            kind == "json_object" and "json" not in self.supports
        ):
            return wire.error_answer(
                400, "invalid_request_error", None, f"response_format {kind} is not supported"
            )
        return await self._answer("chat", request, body)

    async def _moderations(self, request: Request) -> Response:
        body = await request.json()
        texts = [body["input"]] if isinstance(body["input"], str) else body["input"]
        refusal = self._gate(
            "moderations", request, key_of(json.dumps(texts)), 0, sum(map(answers.count_tokens, texts))
        )
        if refusal:
            return refusal[0]
        self._note("moderations", "ok", key_of(json.dumps(texts)), len(texts))
        return JSONResponse(
            {
                "id": "modr-1",
                "model": body.get("model", "omni-moderation-latest"),
                "results": [answers.moderate(text) for text in texts],
            },
            headers=self._headers(),
        )

    async def _models(self, request: Request) -> Response:
        return JSONResponse(
            {"object": "list", "data": [{"id": "fake-judge", "object": "model", "created": 0, "owned_by": "test"}]}
        )

    async def _journal(self, request: Request) -> Response:
        return JSONResponse(self.journal.dump())

    async def _statistics(self, request: Request) -> Response:
        return JSONResponse(self.journal.statistics())

    async def _script(self, request: Request) -> Response:
        self.faults.extend(await request.json())
        return JSONResponse({"waiting": len(self.faults.script)})

    # One request's way

    def _headers(self) -> Mapping[str, str]:
        return self._limiter.headers() if self.rate_headers else {}

    def _gate(self, endpoint: str, request: Request, key: str, names: int, tokens: int) -> tuple[Response] | None:
        """A refusal in a tuple, or None where the request may pass."""
        given = request.headers.get("authorization", "").removeprefix("Bearer ")
        self.keys_seen.add(given)
        if self.key is not None and given != self.key:
            self._note(endpoint, "auth", key, names)
            return (
                wire.error_answer(401, "invalid_request_error", "invalid_api_key", "Incorrect API key provided"),
            )
        wait_s = self._limiter.admit(tokens)
        if wait_s is not None:
            self._note(endpoint, "limited", key, names)
            headers = {**self._headers(), "retry-after-ms": f"{wait_s * 1000:.0f}"}
            return (wire.error_answer(429, "requests", "rate_limit_exceeded", "Rate limit reached", headers),)
        return None

    def _note(
        self, endpoint: str, outcome: str, key: str, names: int, usage: tuple[int, int, int] = (0, 0, 0)
    ) -> None:
        self.journal.add(Entry(len(self.journal.entries), time.monotonic(), endpoint, outcome, key, names, *usage))

    async def _answer(self, endpoint: str, request: Request, body: dict[str, Any]) -> Response:
        now = time.monotonic()
        self._first_at = self._first_at or now
        self.bodies.append(body)
        del self.bodies[:-50]
        system, user = wire.texts_of(body)
        key, names = key_of(user), names_in(user)
        most = int(
            body.get("max_output_tokens") or body.get("max_completion_tokens") or body.get("max_tokens") or 256
        )
        estimate = answers.count_tokens(system + user) + most
        refusal = self._gate(endpoint, request, key, names, estimate)
        if refusal:
            return refusal[0]
        fault = self.faults.next(next(self._numbers), now - self._first_at)
        failure = wire.failure(fault, self._headers())
        if failure is not None:
            self._note(endpoint, fault.value, key, names)
            return failure
        self.journal.enter()
        try:
            await asyncio.sleep(60 if fault is Fault.TIMEOUT else self.latency_s)
        finally:
            self.journal.leave()
        if fault in {Fault.DISCONNECT, Fault.MALFORMED, Fault.TIMEOUT}:
            self._note(endpoint, fault.value, key, names)
            if fault is Fault.DISCONNECT:
                return StreamingResponse(
                    wire.half_a_body(), headers={"content-length": "100000"}, media_type="application/json"
                )
            return Response('{"id": "resp_1", "output": [', media_type="application/json")
        text, refused = wire.speak(body, user, fault)
        usage = wire.usage(system, user, text)
        self._limiter.settle(estimate, usage[0] + usage[2])
        self._note(endpoint, fault.value, key, names, usage)
        payload = wire.payload(endpoint, body, text, refused, usage, truncated=fault is Fault.TRUNCATED)
        return JSONResponse(payload, headers=dict(self._headers()))
