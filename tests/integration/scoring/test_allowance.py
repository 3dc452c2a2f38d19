"""The shared allowance: buckets that fill with the database's clock, and a breaker for the whole fleet."""

import time

from domaingen.judging.replies import Cause, RateLimits
from domaingen.scoring.allowance import BEST_FACTOR, Allowance, Feedback
from domaingen.store.database import Database
from tests.support.unjudged import judge_settings

LEARNED = Feedback(limits=RateLimits(requests_per_minute=6000, tokens_per_minute=6_000_000))


def taken_in(allowance: Allowance, seconds: float, tokens_each: float = 100) -> int:
    deadline, taken = time.monotonic() + seconds, 0
    while time.monotonic() < deadline:
        taken += allowance.take(50, tokens_each, Feedback()).requests
        time.sleep(0.02)
    return taken


def test_the_rate_is_what_the_headers_say(database: Database) -> None:
    allowance = Allowance(database, judge_settings())
    allowance.take(1, 100, LEARNED)
    taken_in(allowance, 0.7)
    assert 0.8 * 100 * BEST_FACTOR < taken_in(allowance, 1.0) <= 105


def test_after_a_rest_at_most_half_a_second_is_there(database: Database) -> None:
    allowance = Allowance(database, judge_settings())
    allowance.take(1, 100, LEARNED)
    time.sleep(1.5)
    taken, started = 0, time.monotonic()
    for _ in range(4):
        taken += allowance.take(100, 100, Feedback()).requests
    # What flows in during the four calls themselves is allowed.
    assert taken <= 55 + 100 * (time.monotonic() - started)


def test_tokens_that_were_not_used_come_back(database: Database) -> None:
    allowance = Allowance(
        database, judge_settings(judge_requests_per_minute=60_000, judge_tokens_per_minute=60_000)
    )
    time.sleep(0.1)
    before = sum(allowance.take(10, 200, Feedback()).requests for _ in range(5))
    after = sum(allowance.take(10, 200, Feedback(unused_tokens=200)).requests for _ in range(3))
    assert before <= 2
    assert after >= 2


def test_a_429_about_the_rate_stops_everybody_for_a_moment_and_lowers_the_rate(database: Database) -> None:
    allowance = Allowance(database, judge_settings())
    allowance.take(1, 100, LEARNED)
    time.sleep(0.3)
    grant = allowance.take(10, 100, Feedback(refused=1))
    assert (grant.requests, grant.wait_s > 0.05) == (0, True)
    assert taken_in(allowance, 1.0) < 100


def test_a_setting_caps_what_the_headers_allow(database: Database) -> None:
    allowance = Allowance(database, judge_settings(judge_requests_per_minute=600))
    allowance.take(1, 100, LEARNED)
    taken_in(allowance, 0.7)
    assert taken_in(allowance, 1.0) <= 12


def test_a_provider_without_headers_is_not_held_back(database: Database) -> None:
    allowance = Allowance(database, judge_settings())
    assert allowance.take(50, 100, Feedback()).requests <= 1
    time.sleep(0.05)
    allowance.take(1, 100, Feedback(silent=True))
    time.sleep(0.05)
    assert allowance.take(50, 100, Feedback()).requests == 50


def test_an_open_breaker_lets_one_probe_of_the_whole_fleet_pass_when_its_time_is_over(database: Database) -> None:
    first, second = Allowance(database, judge_settings()), Allowance(database, judge_settings())
    for_s = first.open(Cause.UNAVAILABLE)
    assert second.take(5, 100, Feedback()).open_cause is Cause.UNAVAILABLE
    assert second.open_for() is not None
    time.sleep(for_s + 0.05)
    assert second.open_for() is None
    probe = second.take(5, 100, Feedback())
    assert (probe.requests, probe.probe) == (1, True)
    assert first.take(5, 100, Feedback()).open_cause is Cause.UNAVAILABLE
    longer = second.open(Cause.UNAVAILABLE, after_probe=True)
    assert longer > for_s
    second.close()
    assert first.open_for() is None
    assert first.take(1, 100, Feedback()).probe is False


def test_a_block_from_the_database_costs_little(database: Database) -> None:
    allowance = Allowance(database, judge_settings())
    allowance.take(1, 100, LEARNED)
    started = time.monotonic()
    for _ in range(50):
        allowance.take(1, 100, Feedback())
    each_ms = (time.monotonic() - started) / 50 * 1000
    print(f"{each_ms:.2f} ms a block")
    assert each_ms < 50
