"""The pacer of one process: hands permissions to waiting requests in order, from blocks of the shared allowance."""

import asyncio
import time
from collections import deque

from domaingen.judging.replies import Cause, RateLimits, Reply, Treatment
from domaingen.scoring.allowance import Allowance, Feedback, Grant

_FAILURES_THAT_OPEN = 8
"""Failed requests in a row, of this process, after which the breaker opens. With one request in ten failing by
itself this happens once in a hundred million."""
_SHORTEST_WAIT_S = 0.04
_LONGEST_WAIT_S = 0.5


class BreakerOpenError(Exception):
    """Nothing may be sent for `retry_in_s` seconds."""

    def __init__(self, cause: Cause | None, retry_in_s: float) -> None:
        super().__init__(cause)
        self.cause, self.retry_in_s = cause, retry_in_s


class Pacer:
    """Belongs to one event loop. `acquire` before each request, `settle` after each answer."""

    def __init__(self, allowance: Allowance) -> None:
        self._allowance = allowance
        self._waiting: deque[tuple[asyncio.Future[None], float]] = deque()
        self._taker: asyncio.Task[None] | None = None
        self._failures = 0
        self._probing = False
        self._stopped = False
        self._limits: RateLimits | None = None
        self._silent = False
        self._unused = 0.0
        self._refused = 0
        self._sent: deque[float] = deque(maxlen=2000)

    async def acquire(self, tokens: float) -> None:
        """Wait for the permission to send one request of about `tokens` tokens.

        Raises:
            BreakerOpenError: The provider is not to be asked now.
        """
        if self._stopped:
            raise BreakerOpenError(None, 0.0)
        future: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._waiting.append((future, tokens))
        if self._taker is None or self._taker.done():
            self._taker = asyncio.create_task(self._take())
        await future

    async def _take(self) -> None:
        try:
            while self._waiting:
                if self._probing:
                    # One request of this process tries whether the provider is back; the others wait for it.
                    await asyncio.sleep(_SHORTEST_WAIT_S)
                    continue
                wanted = len(self._waiting)
                tokens = sum(tokens for _, tokens in self._waiting) / wanted
                grant = await asyncio.to_thread(self._allowance.take, wanted, max(1.0, tokens), self._feedback())
                self._give(grant)
                if self._waiting:
                    await asyncio.sleep(min(max(grant.wait_s, _SHORTEST_WAIT_S), _LONGEST_WAIT_S))
        except Exception as error:
            # Whoever waits must hear of it; this task has no other listener.
            self._fail_all(error)

    def _give(self, grant: Grant) -> None:
        if grant.open_cause is not None:
            self._fail_all(BreakerOpenError(grant.open_cause, grant.wait_s))
            return
        self._probing = self._probing or grant.probe
        given = 0
        while given < grant.requests and self._waiting:
            future, _ = self._waiting.popleft()
            if not future.done():
                future.set_result(None)
                self._sent.append(time.monotonic())
                given += 1

    def _fail_all(self, error: Exception) -> None:
        while self._waiting:
            future, _ = self._waiting.popleft()
            if not future.done():
                future.set_exception(error)

    def stop(self) -> None:
        """Nothing more is sent; what waits hears of it."""
        self._stopped = True
        self._fail_all(BreakerOpenError(None, 0.0))

    def _feedback(self) -> Feedback:
        now = time.monotonic()
        sent = sum(1 for at in self._sent if at > now - 1.0) if self._refused else 0
        feedback = Feedback(self._limits, self._silent, self._unused, self._refused, float(sent))
        self._unused, self._refused, self._silent = 0.0, 0, False
        return feedback

    async def settle(self, tokens: float, reply: Reply) -> float:
        """Tell what became of a request that was acquired with `tokens`; returns for how many seconds the breaker
        was opened by it, 0 where it was not."""
        self._unused += tokens - reply.usage.total_tokens
        if reply.limits is not None:
            self._limits = reply.limits
        elif reply.cause is None:
            self._silent = True
        if reply.treatment is Treatment.SLOW_DOWN and not reply.below_limits:
            self._refused += 1
        if reply.treatment is Treatment.STOP:
            assert reply.cause is not None  # noqa: S101 - a treatment has a cause
            return await self._open(reply.cause)
        if reply.treatment is Treatment.TRY_AGAIN:
            self._failures += 1
            if self._probing or self._failures >= _FAILURES_THAT_OPEN:
                return await self._open(Cause.UNAVAILABLE)
        else:
            self._failures = 0
            if self._probing:
                self._probing = False
                await asyncio.to_thread(self._allowance.close)
        return 0.0

    async def _open(self, cause: Cause) -> float:
        probing, self._probing, self._failures = self._probing, False, 0
        for_s = await asyncio.to_thread(self._allowance.open, cause, after_probe=probing)
        self._fail_all(BreakerOpenError(cause, for_s))
        return for_s
