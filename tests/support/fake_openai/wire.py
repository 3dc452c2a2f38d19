"""The shapes of the OpenAI API: reading requests, writing answers and errors."""

import json
from collections.abc import AsyncIterator, Mapping
from typing import Any

from starlette.responses import JSONResponse, Response

from tests.support.fake_openai import answers
from tests.support.fake_openai.faults import Fault


def failure(fault: Fault, limits: Mapping[str, str]) -> Response | None:
    match fault:
        case Fault.RATE_LIMIT:
            return error_answer(429, "requests", "rate_limit_exceeded", "Rate limit reached", limits)
        case Fault.RATE_LIMIT_AFTER:
            return error_answer(
                429,
                "requests",
                "rate_limit_exceeded",
                "Rate limit reached",
                {**limits, "retry-after": "1"},
            )
        case Fault.QUOTA:
            return error_answer(429, "insufficient_quota", "insufficient_quota", "You exceeded your current quota")
        case Fault.AUTH:
            return error_answer(401, "invalid_request_error", "invalid_api_key", "Incorrect API key provided")
        case Fault.FORBIDDEN:
            return error_answer(403, "invalid_request_error", None, "You have no access to this model")
        case Fault.NO_MODEL:
            return error_answer(404, "invalid_request_error", "model_not_found", "The model does not exist")
        case Fault.SERVER_ERROR:
            return error_answer(500, "server_error", None, "The server had an error")
        case Fault.UNAVAILABLE:
            return error_answer(503, "server_error", None, "The engine is overloaded")
        case _:
            return None


def usage(system: str, user: str, text: str) -> tuple[int, int, int]:
    """Input, cached and output tokens; prompts of 1024 tokens and more find their beginning in the cache."""
    prompt = answers.count_tokens(system + user)
    cached = answers.count_tokens(system) // 128 * 128 if prompt >= 1024 else 0
    return prompt, cached, answers.count_tokens(text)


def speak(body: dict[str, Any], user: str, fault: Fault) -> tuple[str, bool]:
    """The model's text, and whether it is a refusal."""
    if fault is Fault.REFUSAL:
        return "I can't help with rating this.", True
    if fault is Fault.PROSE:
        return "These are lovely names, I would give most of them an eight.", False
    answer = answers.judge(user)
    if answer is None:
        shape = (
            (body.get("text") or {}).get("format") or (body.get("response_format") or {}).get("json_schema") or {}
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


def texts_of(body: dict[str, Any]) -> tuple[str, str]:
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


def error_answer(
    status: int, kind: str, code: str | None, message: str, headers: Mapping[str, str] | None = None
) -> JSONResponse:
    return JSONResponse(
        {"error": {"message": message, "type": kind, "param": None, "code": code}},
        status,
        headers=dict(headers or {}),
    )


async def half_a_body() -> AsyncIterator[bytes]:
    yield b'{"id": "resp_1", '
    raise ConnectionResetError("the fake server hangs up")
