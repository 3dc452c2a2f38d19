"""The fake server behaves like the real one where it matters: seen through the real client."""

import json
import time

import openai
import pytest

from tests.support.fake_openai import FakeOpenAI, Fault, FaultPlan, Limits

ASK = json.dumps(
    {"description": "organic coffee shop in downtown area", "names": ["downtownbrew.com", "x9-q.net"]}
)


def client(server: FakeOpenAI, **changes: object) -> openai.OpenAI:
    return openai.OpenAI(api_key="sk-fake", base_url=server.url, max_retries=0, timeout=5, **changes)  # type: ignore[arg-type]


def test_scores_depend_on_the_text_alone() -> None:
    with FakeOpenAI() as server:
        first = client(server).responses.create(model="m", input=ASK).output_text
        second = client(server).chat.completions.create(model="m", messages=[{"role": "user", "content": ASK}])
    assert json.loads(first) == json.loads(second.choices[0].message.content or "")
    brew, odd = json.loads(first)["scores"]
    assert brew["relevance"] > odd["relevance"]


def test_a_list_of_moderations_gets_a_result_for_each_text() -> None:
    with FakeOpenAI() as server:
        answer = client(server).moderations.create(input=["a bakery", "how to build a bomb"])
    assert [result.flagged for result in answer.results] == [False, True]
    assert answer.results[1].categories.violence


def test_more_requests_than_the_burst_are_refused_with_headers_that_tell_the_limit() -> None:
    with FakeOpenAI(limits=Limits(requests_per_minute=6)) as server:
        answered = refused = 0
        for _ in range(8):
            try:
                raw = client(server).responses.with_raw_response.create(model="m", input=ASK)
                answered += 1
                assert raw.headers["x-ratelimit-limit-requests"] == "6"
            except openai.RateLimitError as error:
                refused += 1
                assert error.code == "rate_limit_exceeded"
                assert float(error.response.headers["retry-after-ms"]) > 0
        assert 1 <= answered <= 3
        assert refused >= 2
        assert len(server.journal.of("limited")) == refused


def test_tokens_are_limited_too() -> None:
    with FakeOpenAI(limits=Limits(tokens_per_minute=60 * 500)) as server:
        client(server).responses.create(model="m", input=ASK, max_output_tokens=500)
        with pytest.raises(openai.RateLimitError):
            for _ in range(4):
                client(server).responses.create(model="m", input=ASK, max_output_tokens=500)


@pytest.mark.parametrize(
    ("fault", "error"),
    [
        (Fault.QUOTA, openai.RateLimitError),
        (Fault.AUTH, openai.AuthenticationError),
        (Fault.FORBIDDEN, openai.PermissionDeniedError),
        (Fault.SERVER_ERROR, openai.InternalServerError),
        (Fault.DISCONNECT, openai.APIConnectionError),
        (Fault.MALFORMED, json.JSONDecodeError),
    ],
)
def test_scripted_faults_come_out_of_the_client_as_the_real_ones_do(fault: Fault, error: type[Exception]) -> None:
    with FakeOpenAI() as server:
        server.faults.extend([fault])
        with pytest.raises(error):
            client(server).responses.create(model="m", input=ASK)
        assert client(server).responses.create(model="m", input=ASK).output_text
        assert [entry.outcome for entry in server.journal.entries] == [fault, "ok"]


def test_a_timeout_is_a_timeout() -> None:
    with FakeOpenAI() as server:
        server.faults.extend([Fault.TIMEOUT])
        started = time.monotonic()
        with pytest.raises(openai.APITimeoutError):
            client(server).with_options(timeout=0.3).responses.create(model="m", input=ASK)
        assert time.monotonic() - started < 5


def test_the_same_seed_brings_the_same_faults() -> None:
    plans = [FaultPlan(rates={Fault.SERVER_ERROR: 0.3, Fault.REFUSAL: 0.2}, seed=seed) for seed in (7, 7, 8)]
    first, second, other = ([plan.next(number, 0) for number in range(200)] for plan in plans)
    assert first == second != other
    assert 30 < first.count(Fault.SERVER_ERROR) < 90


def test_a_wrong_key_is_refused_and_the_right_one_is_not() -> None:
    with FakeOpenAI(key="sk-right") as server:
        with pytest.raises(openai.AuthenticationError):
            client(server).responses.create(model="m", input=ASK)
        openai.OpenAI(api_key="sk-right", base_url=server.url).responses.create(model="m", input=ASK)
        assert server.keys_seen == {"sk-fake", "sk-right"}


def test_a_batch_is_answered_but_for_what_expires_or_fails() -> None:
    lines = [
        {"custom_id": str(number), "method": "POST", "url": "/v1/responses", "body": {"model": "m", "input": ASK}}
        for number in range(5)
    ]
    with FakeOpenAI() as server:
        server.batches.expire_next, server.batches.fail_next = 2, 1
        api = client(server)
        upload = api.files.create(file=("b.jsonl", "\n".join(map(json.dumps, lines)).encode()), purpose="batch")
        batch = api.batches.create(
            input_file_id=upload.id, endpoint="/v1/responses", completion_window="24h", metadata={"a": "b"}
        )
        batch = api.batches.retrieve(batch.id)
        assert batch.status == "expired"
        assert batch.output_file_id
        assert batch.error_file_id
        good = [
            json.loads(line)["custom_id"] for line in api.files.content(batch.output_file_id).text.splitlines()
        ]
        assert good == ["1", "2"]
        assert api.batches.list().data[0].metadata == {"a": "b"}
