"""The second opinion: lists, the stricter verdict, disagreement, and what happens when the service is down."""

import json
import threading
from collections.abc import Iterator, Sequence
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import pytest
from openai import OpenAI

from domaingen.moderation.openai_moderator import OpenAIModerator
from domaingen.moderation.verdict import Decision, Verdict

CATEGORIES = (
    "harassment", "harassment/threatening", "hate", "hate/threatening", "illicit", "illicit/violent", "self-harm",
    "self-harm/instructions", "self-harm/intent", "sexual", "sexual/minors", "violence", "violence/graphic",
)  # fmt: skip


class Service:
    """Scripted answers: text -> (category, score); `broken` is a raw reply with its status instead."""

    def __init__(self) -> None:
        self.scores: dict[str, tuple[str, float]] = {}
        self.broken: tuple[int, bytes] | None = None
        self.requests: list[dict[str, Any]] = []

    def answer(self, body: dict[str, Any]) -> tuple[int, bytes]:
        self.requests.append(body)
        if self.broken:
            return self.broken
        results = []
        for text in body["input"]:
            category, score = self.scores.get(text, ("violence", 0.001))
            scores = dict.fromkeys(CATEGORIES, 0.0001) | {category: score}
            flags = {name: value > 0.5 for name, value in scores.items()}
            results.append({
                "flagged": any(flags.values()), "categories": flags, "category_scores": scores,
                "category_applied_input_types": {name: ["text"] for name in CATEGORIES},
            })  # fmt: skip
        return 200, json.dumps({"id": "m1", "model": body["model"], "results": results}).encode()


class Scripted:
    """A local moderator with scripted verdicts."""

    def __init__(self, verdicts: dict[str, Verdict]) -> None:
        self._verdicts = verdicts

    def judge(self, descriptions: Sequence[str]) -> list[Verdict]:
        return [self._verdicts.get(text, Verdict(Decision.ALLOW, risk=0.01)) for text in descriptions]


@pytest.fixture
def service() -> Iterator[tuple[Service, OpenAI]]:
    script = Service()

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
            status, reply = script.answer(body)
            self.send_response(status)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(reply)))
            self.end_headers()
            self.wfile.write(reply)

        def log_message(self, format: str, *args: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
    thread.start()
    client = OpenAI(api_key="test", base_url=f"http://127.0.0.1:{server.server_port}/v1", max_retries=0)
    yield script, client
    client.close()
    server.shutdown()
    server.server_close()


UNSURE = Verdict(Decision.UNCERTAIN, "violence", "maybe", 0.6)
UNSURE_FRAUD = Verdict(Decision.UNCERTAIN, "fraud", "maybe", 0.6)
REFUSED = Verdict(Decision.REFUSE, "fraud", "no", 0.95)


def test_rows_are_sent_in_lists_and_answered_in_order(service: tuple[Service, OpenAI]) -> None:
    script, client = service
    script.scores["row 40"] = ("sexual/minors", 0.9)
    verdicts = OpenAIModerator(Scripted({}), client).judge([f"row {number}" for number in range(70)])
    assert [len(request["input"]) for request in script.requests] == [32, 32, 6]
    assert script.requests[0]["model"] == "omni-moderation-latest"
    refused = [number for number, verdict in enumerate(verdicts) if verdict.decision is Decision.REFUSE]
    assert (refused, verdicts[40].category) == ([40], "minors")


def test_the_stricter_verdict_wins_and_the_disagreement_is_kept(service: tuple[Service, OpenAI]) -> None:
    script, client = service
    script.scores["bad"] = ("hate", 0.97)
    bad, scam = OpenAIModerator(Scripted({"scam": REFUSED}), client).consult(["bad", "scam"])
    assert (bad.verdict.decision, bad.verdict.category) == (Decision.REFUSE, "hate")
    assert scam.verdict == REFUSED
    assert bad.disagreement
    assert scam.disagreement


def test_a_weak_flag_alone_makes_a_row_uncertain(service: tuple[Service, OpenAI]) -> None:
    script, client = service
    script.scores["butcher"] = ("violence", 0.55)
    (verdict,) = OpenAIModerator(Scripted({}), client).judge(["butcher"])
    assert verdict.decision is Decision.UNCERTAIN


def test_silence_clears_an_uncertain_row_only_where_the_service_knows_the_harm(
    service: tuple[Service, OpenAI],
) -> None:
    _, client = service
    verdicts = OpenAIModerator(Scripted({"fight": UNSURE, "scheme": UNSURE_FRAUD}), client).judge(
        ["fight", "scheme"]
    )
    assert [verdict.decision for verdict in verdicts] == [Decision.ALLOW, Decision.UNCERTAIN]


@pytest.mark.parametrize(
    "broken",
    [
        (500, b"{}"),
        (429, b'{"error": {"code": "insufficient_quota"}}'),
        (200, b"not json"),
        (200, b'{"results": 3}'),
    ],
)
def test_when_it_is_down_the_local_verdict_stands_and_the_uncertain_is_refused(
    service: tuple[Service, OpenAI], broken: tuple[int, bytes]
) -> None:
    script, client = service
    script.broken = broken
    moderator = OpenAIModerator(Scripted({"scam": REFUSED, "fight": UNSURE}), client)
    verdicts = moderator.judge(["bakery", "scam", "fight"])
    assert [verdict.decision for verdict in verdicts] == [Decision.ALLOW, Decision.REFUSE, Decision.REFUSE]


def test_when_it_is_down_the_uncertain_may_wait_instead(service: tuple[Service, OpenAI]) -> None:
    script, client = service
    script.broken = (503, b"{}")
    moderator = OpenAIModerator(Scripted({"fight": UNSURE}), client, when_down="wait")
    bakery, fight = moderator.consult(["bakery", "fight"])
    assert (bakery.pending, fight.pending) == (False, True)
    assert fight.verdict.decision is Decision.UNCERTAIN


def test_after_a_failure_it_is_left_alone_for_a_while(service: tuple[Service, OpenAI]) -> None:
    script, client = service
    script.broken = (503, b"{}")
    now = 0.0
    moderator = OpenAIModerator(Scripted({}), client, pause_s=30.0, clock=lambda: now)
    moderator.judge(["a"])
    moderator.judge(["b"])
    assert len(script.requests) == 1
    now = 31.0
    script.broken = None
    moderator.judge(["c"])
    assert len(script.requests) == 2


def test_it_is_paced_by_what_it_is_given(service: tuple[Service, OpenAI]) -> None:
    _, client = service
    asked: list[int] = []
    OpenAIModerator(Scripted({}), client, pace=asked.append).judge(["abc", "de"])
    assert asked == [5]
