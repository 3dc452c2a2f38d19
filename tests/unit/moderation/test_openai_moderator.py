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
    """Scripted answers: text -> (category, score); `broken` is a raw reply with its status instead, and a list with a
    text of `unreadable` gets that status."""

    def __init__(self) -> None:
        self.scores: dict[str, tuple[str, float]] = {}
        self.broken: tuple[int, bytes] | None = None
        self.unreadable: dict[str, int] = {}
        self.requests: list[dict[str, Any]] = []

    def answer(self, body: dict[str, Any]) -> tuple[int, bytes]:
        self.requests.append(body)
        if self.broken:
            return self.broken
        for text in body["input"]:
            if text in self.unreadable:
                return self.unreadable[text], b'{"error": {"message": "no"}}'
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
DOUBTED = Verdict(Decision.ALLOW, risk=0.3, doubt="violence")
DOUBTED_FRAUD = Verdict(Decision.ALLOW, risk=0.3, doubt="fraud")


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


def test_a_weak_flag_refuses_what_the_local_moderator_doubts_too(service: tuple[Service, OpenAI]) -> None:
    script, client = service
    local = {"fight": UNSURE, "scheme": UNSURE_FRAUD, "club": DOUBTED, "offer": DOUBTED_FRAUD}
    script.scores = dict.fromkeys([*local, "butcher"], ("violence", 0.55))
    verdicts = OpenAIModerator(Scripted(local), client).judge([*local, "butcher"])
    assert [verdict.decision for verdict in verdicts] == [Decision.REFUSE] * 4 + [Decision.UNCERTAIN]
    assert {verdict.category for verdict in verdicts} == {"violence"}


@pytest.mark.parametrize("score", [0.001, 0.09, 0.2, 0.49])
def test_without_a_flag_no_row_is_judged_more_strictly_than_without_a_key(
    service: tuple[Service, OpenAI], score: float
) -> None:
    script, client = service
    local = {
        "fight": UNSURE,
        "scheme": UNSURE_FRAUD,
        "club": DOUBTED,
        "offer": DOUBTED_FRAUD,
        "bakery": Verdict(Decision.ALLOW),
    }
    script.scores = dict.fromkeys(local, ("violence", score))
    fight, *others = OpenAIModerator(Scripted(local), client).judge(list(local))
    assert fight.decision is (Decision.ALLOW if score < 0.1 else Decision.UNCERTAIN)
    assert [verdict.decision for verdict in others] == [Decision.UNCERTAIN, *[Decision.ALLOW] * 3]


def test_who_both_doubt_and_who_both_allow_are_no_disagreement(service: tuple[Service, OpenAI]) -> None:
    script, client = service
    script.scores = {"fight": ("violence", 0.9), "scam": ("violence", 0.9), "club": ("violence", 0.9)}
    local = {"fight": UNSURE, "scam": REFUSED, "club": DOUBTED, "scheme": UNSURE_FRAUD}
    found = OpenAIModerator(Scripted(local), client).judge([*local, "bakery"])
    assert [each.disagreement for each in found] == [
        None, None, "local allow (0.30), service flags violence (0.90)", None, None,
    ]  # fmt: skip


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
    local = {"scam": REFUSED, "fight": UNSURE, "club": DOUBTED, "offer": DOUBTED_FRAUD}
    verdicts = OpenAIModerator(Scripted(local), client).judge(["bakery", *local])
    assert [verdict.decision for verdict in verdicts] == [
        Decision.ALLOW, Decision.REFUSE, Decision.REFUSE, Decision.ALLOW, Decision.ALLOW,
    ]  # fmt: skip


def test_when_it_is_down_the_uncertain_may_wait_instead(service: tuple[Service, OpenAI]) -> None:
    script, client = service
    script.broken = (503, b"{}")
    moderator = OpenAIModerator(Scripted({"fight": UNSURE}), client, when_down="wait")
    bakery, fight = moderator.consult(["bakery", "fight"])
    assert (bakery.pending, fight.pending) == (False, True)
    assert fight.verdict.decision is Decision.UNCERTAIN


@pytest.mark.parametrize("status", [400, 413, 422])
@pytest.mark.parametrize("place", [0, 17, 31, 33])
def test_a_row_that_it_will_not_read_is_found_and_does_not_wait(
    service: tuple[Service, OpenAI], status: int, place: int
) -> None:
    script, client = service
    texts = [f"row {number}" for number in range(34)]
    texts[place], texts[20] = "odd", "bad"
    script.unreadable["odd"] = status
    script.scores["bad"] = ("hate", 0.97)
    local = Scripted({"odd": UNSURE})
    found = OpenAIModerator(local, client, when_down="wait").consult(texts)
    assert [text for text, each in zip(texts, found, strict=True) if each.remote is None] == ["odd"]
    assert not any(each.pending for each in found)
    refused = {text for text, each in zip(texts, found, strict=True) if each.verdict.decision is Decision.REFUSE}
    assert refused == {"odd", "bad"}


def test_a_service_that_reads_no_row_at_all_keeps_none_waiting(service: tuple[Service, OpenAI]) -> None:
    script, client = service
    script.broken = (400, b"{}")
    moderator = OpenAIModerator(Scripted({"fight": UNSURE, "scam": REFUSED}), client, when_down="wait")
    for _ in range(3):
        verdicts = moderator.judge(["bakery", "fight", "scam"])
        assert [verdict.decision for verdict in verdicts] == [Decision.ALLOW, Decision.REFUSE, Decision.REFUSE]


@pytest.mark.parametrize("status", [401, 404, 429, 500])
def test_what_blames_no_row_is_an_outage_and_asked_once(service: tuple[Service, OpenAI], status: int) -> None:
    script, client = service
    script.broken = (status, b"{}")
    moderator = OpenAIModerator(Scripted({"fight": UNSURE}), client, when_down="wait")
    assert [each.pending for each in moderator.consult(["bakery", "fight"])] == [False, True]
    assert len(script.requests) == 1


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
