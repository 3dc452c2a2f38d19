"""The server itself: routes, the fate of each request, and a thread that serves them on a real port."""

import asyncio
import itertools
import json
import threading
import time
from collections.abc import AsyncIterator, Collection, Mapping
from typing import Any

import uvicorn
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response, StreamingResponse
from starlette.routing import Route

from tests.support.fake_openai import answers
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
            return _error(400, "invalid_request_error", None, f"response_format {kind} is not supported")
        return await self._answer("chat", request, body)

    async def _moderations(self, request: Request) -> Response:
        body = await request.json()
        texts = [body["input"]] if isinstance(body["input"], str) else body["input"]
        refusal = self._gate(
            "moderations", request, key_of(json.dumps(texts)), 0, sum(map(answers.count_tokens, texts))
        )
        if refusal:
            return refusal[0]
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
            return (_error(401, "invalid_request_error", "invalid_api_key", "Incorrect API key provided"),)
        wait_s = self._limiter.admit(tokens)
        if wait_s is not None:
            self._note(endpoint, "limited", key, names)
            headers = {**self._headers(), "retry-after-ms": f"{wait_s * 1000:.0f}"}
            return (_error(429, "requests", "rate_limit_exceeded", "Rate limit reached", headers),)
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
        system, user = _texts(body)
        key, names = key_of(user), names_in(user)
        most = int(
            body.get("max_output_tokens") or body.get("max_completion_tokens") or body.get("max_tokens") or 256
        )
        estimate = answers.count_tokens(system + user) + most
        refusal = self._gate(endpoint, request, key, names, estimate)
        if refusal:
            return refusal[0]
        fault = self.faults.next(next(self._numbers), now - self._first_at)
        failure = self._failure(fault)
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
                    _half_a_body(), headers={"content-length": "100000"}, media_type="application/json"
                )
            return Response('{"id": "resp_1", "output": [', media_type="application/json")
        text, refused = self.speak(body, user, fault)
        usage = self.usage(system, user, text)
        self._limiter.settle(estimate, usage[0] + usage[2])
        self._note(endpoint, fault.value, key, names, usage)
        payload = self.payload(endpoint, body, text, refused, usage, truncated=fault is Fault.TRUNCATED)
        return JSONResponse(payload, headers=dict(self._headers()))

    def _failure(self, fault: Fault) -> Response | None:
        match fault:
            case Fault.RATE_LIMIT:
                return _error(429, "requests", "rate_limit_exceeded", "Rate limit reached", self._headers())
            case Fault.RATE_LIMIT_AFTER:
                return _error(
                    429,
                    "requests",
                    "rate_limit_exceeded",
                    "Rate limit reached",
                    {**self._headers(), "retry-after": "1"},
                )
            case Fault.QUOTA:
                return _error(429, "insufficient_quota", "insufficient_quota", "You exceeded your current quota")
            case Fault.AUTH:
                return _error(401, "invalid_request_error", "invalid_api_key", "Incorrect API key provided")
            case Fault.FORBIDDEN:
                return _error(403, "invalid_request_error", None, "You have no access to this model")
            case Fault.NO_MODEL:
                return _error(404, "invalid_request_error", "model_not_found", "The model does not exist")
            case Fault.SERVER_ERROR:
                return _error(500, "server_error", None, "The server had an error")
            case Fault.UNAVAILABLE:
                return _error(503, "server_error", None, "The engine is overloaded")
            case _:
                return None

    @staticmethod
    def usage(system: str, user: str, text: str) -> tuple[int, int, int]:
        """Input, cached and output tokens; prompts of 1024 tokens and more find their beginning in the cache."""
        prompt = answers.count_tokens(system + user)
        cached = answers.count_tokens(system) // 128 * 128 if prompt >= 1024 else 0
        return prompt, cached, answers.count_tokens(text)

    @staticmethod
    def speak(body: dict[str, Any], user: str, fault: Fault) -> tuple[str, bool]:
        """The model's text, and whether it is a refusal."""
        if fault is Fault.REFUSAL:
            return "I can't help with rating this.", True
        if fault is Fault.PROSE:
            return "These are lovely names, I would give most of them an eight.", False
        answer = answers.judge(user)
        if answer is None:
            shape = (
                (body.get("text") or {}).get("format")
                or (body.get("response_format") or {}).get("json_schema")
                or {}
            )
            return (
                json.dumps(answers.fill(shape["schema"], user)) if "schema" in shape else f"You said: {user[:60]}"
            ), False
        if fault is Fault.OUT_OF_RANGE:
            answer["scores"][0]["relevance"] = 11
        if fault is Fault.MISSING_NAME:
            answer["scores"].pop()
        text = json.dumps(answer)
        return (text[: len(text) // 2] if fault is Fault.TRUNCATED else text), False

    @staticmethod
    def payload(
        endpoint: str,
        body: dict[str, Any],
        text: str,
        refused: bool,
        usage: tuple[int, int, int],
        *,
        truncated: bool = False,
    ) -> dict[str, Any]:
        """The answer's body in the endpoint's shape."""
        prompt, cached, output = usage
        if endpoint == "chat":
            message = {
                "role": "assistant",
                "content": None if refused else text,
                "refusal": text if refused else None,
            }
            return {
                "id": "chatcmpl-1",
                "object": "chat.completion",
                "created": 0,
                "model": body["model"],
                "choices": [
                    {
                        "index": 0,
                        "message": message,
                        "finish_reason": "length" if truncated else "stop",
                        "logprobs": None,
                    }
                ],
                "usage": {
                    "prompt_tokens": prompt,
                    "completion_tokens": output,
                    "total_tokens": prompt + output,
                    "prompt_tokens_details": {"cached_tokens": cached},
                    "completion_tokens_details": {"reasoning_tokens": 0},
                },
            }
        content = (
            {"type": "refusal", "refusal": text}
            if refused
            else {"type": "output_text", "text": text, "annotations": []}
        )
        return {
            "id": "resp_1",
            "object": "response",
            "created_at": 0,
            "model": body["model"],
            "status": "incomplete" if truncated else "completed",
            "error": None,
            "incomplete_details": {"reason": "max_output_tokens"} if truncated else None,
            "output": [
                {
                    "id": "msg_1",
                    "type": "message",
                    "role": "assistant",
                    "status": "completed",
                    "content": [content],
                }
            ],
            "parallel_tool_calls": True,
            "tool_choice": "auto",
            "tools": [],
            "metadata": {},
            "instructions": None,
            "usage": {
                "input_tokens": prompt,
                "input_tokens_details": {"cached_tokens": cached, "cache_write_tokens": 0},
                "output_tokens": output,
                "output_tokens_details": {"reasoning_tokens": 0},
                "total_tokens": prompt + output,
            },
        }


def _texts(body: dict[str, Any]) -> tuple[str, str]:
    """Instructions and the last user message of a request of either kind."""
    if "messages" in body:
        system = "".join(
            str(each["content"]) for each in body["messages"] if each["role"] in {"system", "developer"}
        )
        user = next(str(each["content"]) for each in reversed(body["messages"]) if each["role"] == "user")
        return system, user
    given = body["input"]
    if isinstance(given, str):
        return body.get("instructions") or "", given
    content = given[-1]["content"]
    return body.get("instructions") or "", content if isinstance(content, str) else content[0]["text"]


def _error(
    status: int, kind: str, code: str | None, message: str, headers: Mapping[str, str] | None = None
) -> JSONResponse:
    return JSONResponse(
        {"error": {"message": message, "type": kind, "param": None, "code": code}},
        status,
        headers=dict(headers or {}),
    )


async def _half_a_body() -> AsyncIterator[bytes]:
    yield b'{"id": "resp_1", '
    raise ConnectionResetError("the fake server hangs up")
