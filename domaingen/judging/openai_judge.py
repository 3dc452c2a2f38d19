"""The judge behind the OpenAI API: one request, one reply, every answer of the provider told apart.

Requests are built and replies read as plain JSON, so that the live calls and the Batch API share all of it, and
so that the usage of a bad answer is counted (the client's own `parse` raises before it shows the usage). Retrying
is not done here: the client's retries would hide from the pacer what the provider said (docs/judging.md).
"""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import IntEnum
from typing import Any

import openai
import structlog
from openai import AsyncOpenAI
from pydantic import ValidationError

from domaingen.judging.prompt import INSTRUCTIONS, PROMPT_VERSION, SCHEMA, Scores, most_output_tokens, user_message
from domaingen.judging.replies import Cause, RateLimits, Reply, Usage
from domaingen.settings import Settings
from domaingen.suggestion import Judgement

log = structlog.get_logger(__name__)

_LONGEST_WAIT_S = 120.0
_MOST_REASON_WORDS = 20


class Dialect(IntEnum):
    """How a server is spoken to, best first. A compatible server that can't do one is asked in the next."""

    RESPONSES = 0
    """Responses API with a JSON schema."""
    CHAT_SCHEMA = 1
    """Chat completions with a JSON schema."""
    CHAT_JSON = 2
    """Chat completions in JSON mode."""
    CHAT_PLAIN = 3
    """Chat completions; the prompt alone asks for JSON."""


@dataclass(frozen=True, slots=True)
class JudgeRequest:
    """Names of one description, judged together."""

    description: str
    names: tuple[str, ...]
    room: int = 1
    """Multiplies the length that the answer may have, for one that was cut off before."""


class Speech:
    """The dialect that a server understands; shared by all requests of a process and learned once."""

    def __init__(self, *, may_fall_back: bool) -> None:
        self.dialect = Dialect.RESPONSES
        self._may_fall_back = may_fall_back

    def fall_back(self, tried: Dialect, error: openai.APIStatusError) -> bool:
        """Whether the request is worth repeating in another dialect; says so once in the log."""
        if not self._may_fall_back or not _is_unsupported(error):
            return False
        if self.dialect == tried:
            if tried is Dialect.CHAT_PLAIN:
                return False
            self.dialect = Dialect(tried + 1)
            log.warning(
                "the server does not offer all of the OpenAI API; falling back",
                to=self.dialect.name.lower(),
                after=tried.name.lower(),
                status=error.status_code,
            )
        return True


def _is_unsupported(error: openai.APIStatusError) -> bool:
    if error.status_code in {404, 405, 501}:
        return error.code != "model_not_found"
    if error.status_code in {400, 422}:
        text = str(error).lower()
        return any(
            word in text
            for word in ("response_format", "json_schema", "json_object", "text.format", "not supported")
        )
    return False


def request_body(model: str, dialect: Dialect, request: JudgeRequest) -> dict[str, Any]:
    """The JSON of one request; the same for live calls and for lines of a batch file."""
    data = user_message(request.description, request.names)
    room = most_output_tokens(len(request.names)) * request.room
    if dialect is Dialect.RESPONSES:
        return {
            "model": model,
            "instructions": INSTRUCTIONS,
            "input": [{"role": "user", "content": data}],
            "store": False,
            "max_output_tokens": room,
            "text": {"format": {"type": "json_schema", "name": "scores", "strict": True, "schema": SCHEMA}},
        }
    body: dict[str, Any] = {
        "model": model,
        "max_tokens": room,
        "messages": [{"role": "system", "content": INSTRUCTIONS}, {"role": "user", "content": data}],
    }
    if dialect is Dialect.CHAT_SCHEMA:
        body["response_format"] = {
            "type": "json_schema",
            "json_schema": {"name": "scores", "strict": True, "schema": SCHEMA},
        }
    elif dialect is Dialect.CHAT_JSON:
        body["response_format"] = {"type": "json_object"}
    return body


class OpenAIJudge:
    """Sends requests through one client, which belongs to the event loop that it was first used in."""

    def __init__(self, settings: Settings, speech: Speech, client: AsyncOpenAI | None = None) -> None:
        self.model = settings.judge_model
        self._speech = speech
        self._client = client or make_client(settings)

    async def judge(self, request: JudgeRequest) -> Reply:
        """Ask once (again only to change the dialect). Never raises for anything that the provider can do."""
        while True:
            dialect = self._speech.dialect
            body = request_body(self.model, dialect, request)
            try:
                if dialect is Dialect.RESPONSES:
                    raw = await self._client.responses.with_raw_response.create(**body)
                else:
                    raw = await self._client.chat.completions.with_raw_response.create(**body)
                limits = read_limits(raw.headers)
                reply = read_payload(json.loads(raw.text), request.names)
                return Reply(reply.judgements, reply.cause, reply.usage, limits, None, reply.detail)
            except openai.APIStatusError as error:
                if self._speech.fall_back(dialect, error):
                    continue
                return reply_from_status(error)
            except openai.APIConnectionError as error:
                return Reply(cause=Cause.UNAVAILABLE, usage=Usage(requests=1), detail=type(error).__name__)
            except (ValueError, openai.OpenAIError) as error:
                # A 200 whose body is no JSON.
                return Reply(cause=Cause.MALFORMED, usage=Usage(requests=1), detail=type(error).__name__)

    async def close(self) -> None:
        """Close the client's connections."""
        await self._client.close()


def make_client(settings: Settings) -> AsyncOpenAI:
    """A client without retries of its own. Servers that need no key get a placeholder.

    Raises:
        openai.OpenAIError: There is no key and no other server.
    """
    key = settings.openai_api_key.get_secret_value() if settings.openai_api_key else None
    return AsyncOpenAI(
        api_key=key or ("none" if settings.openai_base_url else None),
        base_url=settings.openai_base_url,
        timeout=settings.judge_timeout_s,
        max_retries=0,
    )


def reply_from_status(error: openai.APIStatusError) -> Reply:
    """The one treatment for each status; the request counts, tokens were not billed."""
    kinds = {error.code, error.type}
    cause = Cause.BAD_REQUEST
    retry_after_s = None
    if error.status_code == 429:
        broke = kinds & {"insufficient_quota", "billing_hard_limit_reached", "billing_not_active"}
        cause = Cause.QUOTA if broke else Cause.RATE_LIMITED
        retry_after_s = _read_retry_after(error.response.headers)
    elif error.status_code in {401, 403}:
        cause = Cause.KEY_REFUSED
    elif error.status_code == 404:
        cause = Cause.MODEL_MISSING
    elif error.status_code in {408, 409} or error.status_code >= 500:
        cause = Cause.UNAVAILABLE
        retry_after_s = _read_retry_after(error.response.headers)
    return Reply(
        cause=cause,
        usage=Usage(requests=1),
        limits=read_limits(error.response.headers),
        retry_after_s=retry_after_s,
        detail=f"{error.status_code} {error.code or error.type or ''}".strip(),
    )


def _read_retry_after(headers: Mapping[str, str]) -> float | None:
    for name, unit_s in (("retry-after-ms", 0.001), ("retry-after", 1.0)):
        try:
            return min(max(float(headers[name]) * unit_s, 0.0), _LONGEST_WAIT_S)
        except (KeyError, ValueError):
            continue
    return None


def read_limits(headers: Mapping[str, str]) -> RateLimits | None:
    """The provider's `x-ratelimit-*`; None where it says neither requests nor tokens."""
    found: list[float | None] = []
    for kind in ("limit", "remaining"):
        for what in ("requests", "tokens"):
            try:
                found.append(float(headers[f"x-ratelimit-{kind}-{what}"]))
            except (KeyError, ValueError):
                found.append(None)
    requests, tokens, left_requests, left_tokens = found
    if not requests and not tokens:
        return None
    return RateLimits(requests or None, tokens or None, left_requests, left_tokens)


def read_payload(payload: Any, names: Sequence[str]) -> Reply:
    """Read the JSON body of an answer of either API."""
    try:
        usage = _read_usage(payload.get("usage") or {})
        text, refused, truncated = _read_chat(payload) if "choices" in payload else _read_response(payload)
    except (AttributeError, KeyError, IndexError, TypeError, ValueError):
        return Reply(cause=Cause.MALFORMED, usage=Usage(requests=1), detail="unknown shape")
    if refused:
        return Reply(cause=Cause.REFUSED, usage=usage)
    if truncated:
        return Reply(cause=Cause.TRUNCATED, usage=usage)
    return _read_scores(text, names, usage)


def _read_usage(usage: Mapping[str, Any]) -> Usage:
    details = usage.get("input_tokens_details") or usage.get("prompt_tokens_details") or {}
    return Usage(
        1,
        int(usage.get("input_tokens", usage.get("prompt_tokens", 0))),
        int(details.get("cached_tokens") or 0),
        int(details.get("cache_write_tokens") or 0),
        int(usage.get("output_tokens", usage.get("completion_tokens", 0))),
    )


def _read_response(payload: Mapping[str, Any]) -> tuple[str, bool, bool]:
    reason = (payload.get("incomplete_details") or {}).get("reason")
    parts = [part for item in payload["output"] if item["type"] == "message" for part in item["content"]]
    text = "".join(part["text"] for part in parts if part["type"] == "output_text")
    refused = reason == "content_filter" or any(part["type"] == "refusal" for part in parts)
    return text, refused, payload.get("status") == "incomplete" and not refused


def _read_chat(payload: Mapping[str, Any]) -> tuple[str, bool, bool]:
    choice = payload["choices"][0]
    message, ending = choice["message"], choice.get("finish_reason")
    return (
        message.get("content") or "",
        bool(message.get("refusal")) or ending == "content_filter",
        ending == "length",
    )


def _read_scores(text: str, names: Sequence[str], usage: Usage) -> Reply:
    start, end = text.find("{"), text.rfind("}")
    try:
        answer = Scores.model_validate_json(text[start : end + 1])
    except ValidationError as error:
        ranges = {"greater_than_equal", "less_than_equal", "int_from_float", "int_parsing"}
        outside = all(problem["type"] in ranges for problem in error.errors())
        return Reply(cause=Cause.OUT_OF_RANGE if outside else Cause.MALFORMED, usage=usage)
    by_name = {score.name.strip().casefold(): score for score in answer.scores}
    if len(names) == 1 and len(answer.scores) == 1:
        # One question, one answer: however the model wrote the name.
        by_name = {names[0].casefold(): answer.scores[0]}
    judgements = []
    for name in names:
        score = by_name.get(name.casefold())
        if score is None:
            return Reply(cause=Cause.MALFORMED, usage=usage, detail="a name is missing")
        reason = " ".join(score.reason.split()[:_MOST_REASON_WORDS])
        judgements.append(Judgement(score.relevance, score.memorability, score.brandability, reason))
    return Reply(tuple(judgements), usage=usage)


__all__ = [
    "PROMPT_VERSION",
    "Dialect",
    "JudgeRequest",
    "OpenAIJudge",
    "Speech",
    "make_client",
    "read_payload",
    "reply_from_status",
    "request_body",
]
