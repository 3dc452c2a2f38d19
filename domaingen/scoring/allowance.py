"""What all processes together may ask of a provider: two token buckets and a circuit breaker in one database row.

Every process takes blocks of requests from the row about twenty times a second, which costs under a millisecond and
works the same on one machine and on many hosts; a second mechanism in Redis would bring nothing (docs/judging.md has
the measurement). A block is at most a quarter of a second's worth, the buckets hold half a second: providers
enforce limits over a second, and OpenAI counts refused requests too, so a larger burst loses calls.

The breaker: closed; open until a time after repeated failure; then one probe at a time for the whole fleet, whose
success closes it and whose failure opens it for longer.
"""

from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection, insert, select, text, update
from sqlalchemy.exc import IntegrityError

from domaingen.judging.replies import TREATMENTS, Cause, RateLimits, Treatment
from domaingen.settings import Settings
from domaingen.store.database import Database, now_s, retrying
from domaingen.store.scoring_schema import Allowance as AllowanceRow

BURST_S = 0.5
BLOCK_S = 0.25
UNLIMITED_PER_S = 1e9
"""Stands for a provider that announces no limit."""
UNKNOWN_PER_S = 10.0
"""Rate until the first answer says more."""
BEST_FACTOR = 0.985
_WORST_FACTOR = 0.3
_SLOW_DOWN = 0.95
_RECOVERY_PER_S = 0.02
_FORGET_AFTER_S = 3600.0
_PROBE_S = 5.0
_OPEN_S = (0.5, 2.0)
"""First and longest time that the breaker stays open after failures of the provider."""
_STOPPED_S = (15.0, 300.0)
"""The same where requests can't succeed before somebody does something (key, money, model)."""


@dataclass(frozen=True, slots=True)
class Feedback:
    """What a process learned since it last took a block: limits from headers (`silent` where an answer had none),
    tokens that were taken and not used (negative: used beyond), answers of 429 that were about the rate, and the
    rate at which it was sending then."""

    limits: RateLimits | None = None
    silent: bool = False
    unused_tokens: float = 0.0
    refused: int = 0
    sent_per_s: float = 0.0


@dataclass(frozen=True, slots=True)
class Grant:
    """Requests that may be sent now; where there are none, ask again in `wait_s`. `open_cause` while the breaker
    is open (for `wait_s` more seconds); `probe`: the one request that tries whether the provider is back."""

    requests: int = 0
    wait_s: float = 0.0
    open_cause: Cause | None = None
    probe: bool = False


def _rate(learned: float | None, setting: float | None) -> float:
    known = learned if learned is not None else (UNKNOWN_PER_S if setting is None else UNLIMITED_PER_S)
    return min(known, setting / 60) if setting is not None else known


class Allowance:
    """The shared row, by provider and model. Each call is one short transaction."""

    def __init__(
        self,
        database: Database,
        settings: Settings,
        *,
        model: str | None = None,
        tokens_per_minute: float | None = None,
    ) -> None:
        """The judge's allowance; with `model` that of another one, whose only limit of ours is `tokens_per_minute`."""
        self._database = database
        self.name = f"{settings.openai_base_url or 'openai'}|{model or settings.judge_model}"[:300]
        self._requests_per_minute = None if model else settings.judge_requests_per_minute
        self._tokens_per_minute = tokens_per_minute if model else settings.judge_tokens_per_minute

    def take(self, requests: int, tokens_each: float, feedback: Feedback) -> Grant:
        """Ask for up to `requests` requests of about `tokens_each` tokens."""

        def work() -> Grant:
            with self._database.begin() as connection:
                if not self._database.is_sqlite:
                    # Allowances are worth nothing after a crash of the server; waiting for its disk would cost most
                    # of the time of this transaction.
                    connection.execute(text("SET LOCAL synchronous_commit TO OFF"))
                return self._take(connection, requests, tokens_each, feedback)

        return retrying(work)

    def _row(self, connection: Connection) -> Any:
        """The row, locked, made where there is none."""
        query = select(AllowanceRow.__table__).where(AllowanceRow.name == self.name).with_for_update()
        found = connection.execute(query).one_or_none()
        if found is None:
            self._create(connection)
            found = connection.execute(query).one()
        return found

    def _create(self, connection: Connection) -> None:
        try:
            with connection.begin_nested():
                connection.execute(
                    insert(AllowanceRow).values(
                        name=self.name,
                        factor=BEST_FACTOR,
                        requests=1.0,
                        tokens=0.0,
                        at=now_s(),
                        open_until=0.0,
                        failures=0,
                    )
                )
        except IntegrityError:
            # Another process was faster; its row is as good.
            return

    def _take(self, connection: Connection, wanted: int, tokens_each: float, feedback: Feedback) -> Grant:
        row = self._row(connection)
        now = float(connection.scalar(select(now_s())) or 0.0)
        if row.open_until > now:
            return Grant(wait_s=row.open_until - now, open_cause=Cause(row.cause or Cause.UNAVAILABLE))
        if row.failures:
            connection.execute(
                update(AllowanceRow).where(AllowanceRow.name == self.name).values(open_until=now + _PROBE_S)
            )
            return Grant(requests=1, probe=True)
        elapsed = max(0.0, now - row.at)
        learned = _learn(row, feedback, stale=elapsed > _FORGET_AFTER_S)
        factor = min(BEST_FACTOR, row.factor + _RECOVERY_PER_S * elapsed)
        if feedback.refused:
            factor = max(_WORST_FACTOR, factor * _SLOW_DOWN)
        request_rate = factor * _rate(learned[0], self._requests_per_minute)
        token_rate = factor * _rate(learned[1], self._tokens_per_minute)
        if learned[1] is None and self._tokens_per_minute is None:
            token_rate = UNLIMITED_PER_S
        requests = min(max(1.0, request_rate * BURST_S), row.requests + elapsed * request_rate)
        room = max(tokens_each, token_rate * BURST_S)
        tokens = min(room, row.tokens + elapsed * token_rate + feedback.unused_tokens)
        if feedback.refused:
            # The provider's bucket is empty, whatever ours says.
            requests = min(requests, -0.1 * request_rate)
        block = max(1, int(request_rate * BLOCK_S))
        granted = max(0, min(wanted, block, int(requests), int(tokens / tokens_each)))
        wait_s = max((1 - requests) / request_rate, (tokens_each - tokens) / token_rate, 0.0)
        connection.execute(
            update(AllowanceRow)
            .where(AllowanceRow.name == self.name)
            .values(
                requests_per_s=learned[0],
                tokens_per_s=learned[1],
                factor=factor,
                requests=requests - granted,
                tokens=tokens - granted * tokens_each,
                at=now,
            )
        )
        return Grant(granted, wait_s)

    def open(self, cause: Cause, *, after_probe: bool = False) -> float:
        """Open the breaker, for longer each time in a row; returns for how many seconds it is open."""
        first, longest = _STOPPED_S if TREATMENTS[cause] is Treatment.STOP else _OPEN_S

        def work() -> float:
            with self._database.begin() as connection:
                row = self._row(connection)
                now = float(connection.scalar(select(now_s())) or 0.0)
                if row.open_until > now and not after_probe:
                    return float(row.open_until - now)
                for_s = float(min(longest, first * 2 ** min(row.failures, 16)))
                connection.execute(
                    update(AllowanceRow)
                    .where(AllowanceRow.name == self.name)
                    .values(open_until=now + for_s, failures=row.failures + 1, cause=cause.value)
                )
                return for_s

        return retrying(work)

    def close(self) -> None:
        """The provider answers again."""

        def work() -> None:
            with self._database.begin() as connection:
                connection.execute(
                    update(AllowanceRow)
                    .where(AllowanceRow.name == self.name)
                    .values(open_until=0.0, failures=0, cause=None, at=now_s())
                )

        retrying(work)

    def try_now(self) -> None:
        """Let the next request try whether the provider is back, without waiting for the breaker's time."""

        def work() -> None:
            with self._database.begin() as connection:
                connection.execute(
                    update(AllowanceRow).where(AllowanceRow.name == self.name).values(open_until=0.0)
                )

        retrying(work)

    def open_for(self) -> tuple[float, Cause] | None:
        """How long the breaker stays open and why; None where requests may be tried."""
        with self._database.read() as connection:
            row = connection.execute(
                select(AllowanceRow.open_until - now_s(), AllowanceRow.cause).where(AllowanceRow.name == self.name)
            ).one_or_none()
        if row is None or row[0] <= 0:
            return None
        return float(row[0]), Cause(row[1] or Cause.UNAVAILABLE)


def _learn(row: Any, feedback: Feedback, *, stale: bool) -> tuple[float | None, float | None]:
    """Limits a second for requests and tokens: what headers say counts most; without headers the rate at which
    the provider refused; without refusals none."""
    requests, tokens = (None, None) if stale else (row.requests_per_s, row.tokens_per_s)
    if feedback.limits is not None:
        if feedback.limits.requests_per_minute is not None:
            requests = feedback.limits.requests_per_minute / 60
        if feedback.limits.tokens_per_minute is not None:
            tokens = feedback.limits.tokens_per_minute / 60
    elif feedback.silent and requests is None:
        requests = UNLIMITED_PER_S
    if feedback.refused and (requests is None or requests >= UNLIMITED_PER_S):
        requests = max(1.0, feedback.sent_per_s)
    return requests, tokens
