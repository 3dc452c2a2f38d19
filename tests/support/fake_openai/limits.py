"""Request and token buckets as the provider keeps them: continuous refill, a burst of one second."""

import time
from collections.abc import Callable
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Limits:
    """What the account may do. Refused requests count too, as OpenAI's do."""

    requests_per_minute: float = 6_000
    tokens_per_minute: float = 10_000_000
    burst_s: float = 1.0


class Bucket:
    """Refills with `per_minute / 60` a second up to `burst_s` seconds' worth; starts full."""

    def __init__(self, per_minute: float, burst_s: float, clock: Callable[[], float] = time.monotonic) -> None:
        self.per_minute = per_minute
        self.capacity = max(1.0, per_minute / 60 * burst_s)
        self.level = self.capacity
        self._clock = clock
        self._at = clock()

    def _refill(self) -> None:
        now = self._clock()
        self.level = min(self.capacity, self.level + (now - self._at) * self.per_minute / 60)
        self._at = now

    def has(self, amount: float) -> bool:
        self._refill()
        return self.level >= min(amount, self.capacity)

    def take(self, amount: float) -> None:
        """Take even what is not there, down to half a bucket of debt."""
        self._refill()
        self.level = max(self.level - amount, -0.5 * self.capacity)

    def seconds_until(self, amount: float) -> float:
        return max(0.0, (min(amount, self.capacity) - self.level) * 60 / self.per_minute)

    @property
    def seconds_until_full(self) -> float:
        return self.seconds_until(self.capacity)


class Limiter:
    """Both buckets together."""

    def __init__(self, limits: Limits, clock: Callable[[], float] = time.monotonic) -> None:
        self.requests = Bucket(limits.requests_per_minute, limits.burst_s, clock)
        self.tokens = Bucket(limits.tokens_per_minute, limits.burst_s, clock)

    def admit(self, tokens: int) -> float | None:
        """None where the request may pass; else seconds after which it might."""
        if self.requests.has(1) and self.tokens.has(tokens):
            self.requests.take(1)
            self.tokens.take(tokens)
            return None
        self.requests.take(1)
        return max(self.requests.seconds_until(1), self.tokens.seconds_until(tokens), 0.001)

    def settle(self, estimated: int, used: int) -> None:
        """Correct the tokens taken at admission by what the answer really used."""
        self.tokens.take(used - estimated)

    def headers(self) -> dict[str, str]:
        return {
            "x-ratelimit-limit-requests": f"{self.requests.per_minute:.0f}",
            "x-ratelimit-limit-tokens": f"{self.tokens.per_minute:.0f}",
            "x-ratelimit-remaining-requests": f"{max(0, self.requests.level):.0f}",
            "x-ratelimit-remaining-tokens": f"{max(0, self.tokens.level):.0f}",
            "x-ratelimit-reset-requests": f"{self.requests.seconds_until_full * 1000:.0f}ms",
            "x-ratelimit-reset-tokens": f"{self.tokens.seconds_until_full * 1000:.0f}ms",
        }
