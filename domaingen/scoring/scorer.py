"""The scoring worker's use case: rows that wait are claimed, judged with many requests in flight, and written.

A message is a call to work, not the work itself: it names rows to begin with, and the process goes on with whatever
is due, of any batch, until nothing is. So nothing depends on which message reached whom, and a lost one costs a
moment (a beat task calls again). One drain runs in a process at a time; calls that come meanwhile return at once,
which leaves the pool's other threads to the generator.
"""

import asyncio
import random
import secrets
import threading
from collections import deque
from collections.abc import Callable, Sequence
from contextlib import suppress

import structlog
from sqlalchemy.exc import SQLAlchemyError

from domaingen import metrics
from domaingen.judging.openai_judge import JudgeRequest, OpenAIJudge, Speech
from domaingen.judging.prompt import estimate_usage
from domaingen.judging.replies import Cause, Reply, Treatment, Usage
from domaingen.scoring.allowance import Allowance
from domaingen.scoring.ledger import Ledger
from domaingen.scoring.pacer import BreakerOpenError, Pacer
from domaingen.scoring.prices import find_price
from domaingen.scoring.work import RowInHand, ScoreReport
from domaingen.settings import Settings
from domaingen.store.database import Database

log = structlog.get_logger(__name__)

_WRITE_EVERY_S = 0.2
_LOOK_EVERY_S = 0.25
_MOST_REFUSALS = 12
_MOST_FAILURES = 4
_SOON_S = 1.0
"""Rows that the provider's trouble sent back are due again this soon; the breaker says when asking makes sense."""


class Scorer:
    """One for each process; thread-safe."""

    def __init__(
        self, database: Database, settings: Settings, make_judge: Callable[[], OpenAIJudge] | None = None
    ) -> None:
        self._database, self._settings = database, settings
        speech = Speech(may_fall_back=settings.openai_base_url is not None)
        self._make_judge = make_judge or (lambda: OpenAIJudge(settings, speech))
        self._allowance = Allowance(database, settings)
        self._lock = threading.Lock()
        self._active = self._called_again = False
        self._stopping = threading.Event()

    def score(self, ids: Sequence[int] = ()) -> ScoreReport | None:
        """Drain what is due, beginning with the rows `ids`. None where a drain of this process is at it already.

        Raises:
            SettingsError: A budget is set and the model has no price.
            SQLAlchemyError: The database stays away; leases bring the rows back.
        """
        with self._lock:
            if self._active:
                self._called_again = True
                return None
            self._active, self._called_again = True, True
        total = ScoreReport()
        try:
            while True:
                with self._lock:
                    if not self._called_again or self._stopping.is_set():
                        # Under the lock: a call that comes later finds no active drain and starts one.
                        self._active = False
                        return total
                    self._called_again = False
                if self._allowance.open_for() is None:
                    report = asyncio.run(
                        _Drain(
                            self._database, self._settings, self._allowance, self._make_judge, self._stopping
                        ).run(ids)
                    )
                    total = ScoreReport(
                        *(getattr(total, name) + getattr(report, name) for name in ScoreReport.__slots__)
                    )
                ids = ()
        except BaseException:
            with self._lock:
                self._active = False
            raise

    def stop(self) -> None:
        """Send nothing more, write what comes back, hand the rest back; for a process that is shutting down."""
        self._stopping.set()


class _Drain:
    """One run over what is due. Lives in one event loop, with one client, under one token."""

    def __init__(
        self,
        database: Database,
        settings: Settings,
        allowance: Allowance,
        make_judge: Callable[[], OpenAIJudge],
        stopping: threading.Event,
    ) -> None:
        self._settings, self._make_judge, self._stopping = settings, make_judge, stopping
        self._ledger = Ledger(database, settings, find_price(settings), secrets.token_hex(16))
        self._pacer = Pacer(allowance)
        self._asks: asyncio.Queue[tuple[RowInHand, JudgeRequest]] = asyncio.Queue()
        self._finished: deque[RowInHand] = deque()
        self._usage: dict[str, Usage] = {}
        self._estimates: dict[str, int] = {}
        self._short: list[RowInHand] = []
        """Claimed rows that wait until it is known what the requests under way have cost."""
        self._settled = False
        self._open_requests = 0
        self._broken = False
        self._ended = asyncio.Event()
        self._report = ScoreReport()

    async def run(self, ids: Sequence[int]) -> ScoreReport:
        self._judge = self._make_judge()
        workers = [asyncio.create_task(self._work()) for _ in range(self._settings.judge_in_flight)]
        helpers = [*workers, asyncio.create_task(self._keep())]
        writer = asyncio.create_task(self._write_often())
        feeder = asyncio.create_task(self._feed(ids))
        try:
            done, _ = await asyncio.wait([feeder, writer, *helpers], return_when=asyncio.FIRST_COMPLETED)
            for task in done:
                task.result()
        finally:
            for task in (feeder, *helpers):
                task.cancel()
            await asyncio.gather(feeder, *helpers, return_exceptions=True)
            self._ended.set()
            await self._judge.close()
            await writer
        if self._report.rows or self._report.handed_back:
            log.info(
                "scored",
                rows=self._report.rows,
                names=self._report.names,
                handed_back=self._report.handed_back,
                requests=self._report.requests,
                cost_usd_micro=self._report.cost_usd_micro,
            )
        return self._report

    async def _feed(self, ids: Sequence[int]) -> None:
        """Keep as many requests ready as may be in flight, until nothing is due and nothing is open."""
        ready = self._settings.judge_in_flight
        while True:
            if self._stopping.is_set():
                self._pacer.stop()
                self._broken = True
            claimed: list[RowInHand] = []
            if self._broken:
                self._release_short()
            elif self._short and self._settled:
                self._settled = False
                claimed, self._short = self._short, []
                await asyncio.to_thread(self._ledger.check_budgets, claimed)
            elif self._open_requests < ready and len(self._short) < ready:
                claimed = await asyncio.to_thread(self._ledger.claim, ready - self._open_requests, ids)
                ids = ()
            for row in claimed:
                if row.short_of_money:
                    self._short.append(row)
                else:
                    self._begin(row)
            if not claimed and not self._open_requests and not self._short:
                return
            await asyncio.sleep(0.01 if len(claimed) >= ready else _LOOK_EVERY_S / 5)

    def _release_short(self) -> None:
        for row in self._short:
            row.fail(None, 0.0)
            self._finished.append(row)
        self._short = []

    def _begin(self, row: RowInHand) -> None:
        requests = [] if row.failed else list(row.requests(self._settings.judge_names_per_call))
        row.requests_left = len(requests)
        self._open_requests += len(requests)
        for request in requests:
            self._asks.put_nowait((row, request))
        if not requests:
            self._finished.append(row)

    async def _work(self) -> None:
        while True:
            row, request = await self._asks.get()
            try:
                await self._ask(row, request)
            finally:
                self._open_requests -= 1
                row.requests_left -= 1
                if not row.requests_left:
                    self._finished.append(row)

    async def _ask(self, row: RowInHand, request: JudgeRequest) -> None:
        """One request of a row, again as its treatment says, until it is judged or handed back."""
        estimate = float(sum(estimate_usage(request.description, request.names)))
        cost = self._ledger.purse.estimate(request)
        refusals = failures = 0
        try:
            while True:
                await self._pacer.acquire(estimate)
                with metrics.JUDGE_IN_FLIGHT.track_inprogress():
                    reply = await self._judge.judge(request)
                self._count(row.row.batch_id, reply)
                opened_s = await self._pacer.settle(estimate, reply)
                if reply.judgements is not None:
                    row.fresh.update(zip(request.names, reply.judgements, strict=True))
                    return
                assert reply.cause is not None  # noqa: S101 - no judgements, so there is a cause
                if opened_s:
                    self._give_up(row, reply.cause, opened_s)
                    return
                match reply.treatment:
                    case Treatment.SLOW_DOWN:
                        refusals += 1
                        wait_s = (
                            reply.retry_after_s
                            if reply.retry_after_s is not None
                            else 0.05 * 2 ** min(refusals, 6)
                        )
                    case Treatment.TRY_AGAIN:
                        failures += 1
                        wait_s = reply.retry_after_s or 0.1 * 2**failures
                    case _:
                        row.attempts += 1
                        wait_s = 0.0
                        if reply.cause is Cause.TRUNCATED:
                            request = JudgeRequest(request.description, request.names, request.room * 2)
                        if row.attempts >= self._settings.judge_max_attempts:
                            row.fail(reply.cause, None)
                            return
                if refusals >= _MOST_REFUSALS or failures >= _MOST_FAILURES or wait_s > self._settings.lease_s:
                    row.fail(reply.cause, max(wait_s, _SOON_S))
                    return
                await asyncio.sleep(wait_s * random.uniform(1.0, 1.3))
        except BreakerOpenError as error:
            self._give_up(row, error.cause, error.retry_in_s)
        finally:
            self._estimates[row.row.batch_id] = self._estimates.get(row.row.batch_id, 0) + cost

    def _give_up(self, row: RowInHand, cause: Cause | None, retry_in_s: float) -> None:
        """The breaker is open: nothing more is claimed, and what is in hand goes back."""
        self._broken = True
        row.fail(cause, min(retry_in_s, _SOON_S))

    def _count(self, batch_id: str, reply: Reply) -> None:
        self._usage[batch_id] = self._usage.get(batch_id, Usage()) + reply.usage
        metrics.JUDGE_REQUESTS.labels(reply.cause.value if reply.cause else "ok").inc()

    async def _keep(self) -> None:
        while True:
            await asyncio.sleep(self._settings.lease_s / 3)
            with suppress(SQLAlchemyError):
                # The next round tries again; if the lease runs out meanwhile, the token protects the rows.
                await asyncio.to_thread(self._ledger.renew)

    async def _write_often(self) -> None:
        while not self._ended.is_set():
            with suppress(TimeoutError):
                await asyncio.wait_for(self._ended.wait(), _WRITE_EVERY_S)
            await self._write()
        # What finished while the last write was under way.
        await self._write()

    async def _write(self) -> None:
        rows = list(self._finished)
        usage, self._usage = self._usage, {}
        estimates, self._estimates = self._estimates, {}
        self._finished.clear()
        if not rows and not usage and not estimates:
            return
        names, cost = await asyncio.to_thread(self._ledger.record, rows, usage)
        for batch_id, estimate in estimates.items():
            self._ledger.purse.settled(batch_id, estimate)
        self._settled = self._settled or bool(estimates)
        complete = sum(row.verdicts().complete for row in rows)
        metrics.JUDGED_NAMES.inc(names)
        metrics.JUDGE_COST.inc(cost / 1e6)
        self._report = ScoreReport(
            self._report.rows + complete,
            self._report.names + names,
            self._report.handed_back + len(rows) - complete,
            self._report.requests + sum(used.requests for used in usage.values()),
            self._report.cost_usd_micro + cost,
        )
