"""Rows in the hands of a scoring process: what is asked for each, and what came back so far."""

import threading
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

from domaingen.judging.openai_judge import JudgeRequest
from domaingen.judging.prompt import estimate_usage
from domaingen.judging.replies import Cause, Usage
from domaingen.scoring.prices import Price
from domaingen.settings import Settings
from domaingen.store.scores import WaitingRow
from domaingen.store.verdicts import Verdicts
from domaingen.suggestion import Judgement


@dataclass
class RowInHand:
    """A claimed row. It is finished once none of its requests is left, with or without success."""

    row: WaitingRow
    known: dict[str, Judgement] = field(default_factory=dict)
    fresh: dict[str, Judgement] = field(default_factory=dict)
    """Judged now, by domain; goes into the cache."""
    requests_left: int = 0
    attempts: int = 0
    usage: Usage = field(default_factory=Usage)
    """Of its requests, where they are accounted for by row (the Batch API)."""
    cause: Cause | None = None
    due_in_s: float | None = None
    failed: bool = False
    short_of_money: bool = False
    """Requests under way may use up the budget; decided once they are settled."""

    def fail(self, cause: Cause | None, due_in_s: float | None) -> None:
        """Some of the names can't be judged now. Of several causes the soonest to be tried again counts."""
        if self.failed and (due_in_s is None or (self.due_in_s is not None and due_in_s >= self.due_in_s)):
            return
        self.failed, self.cause, self.due_in_s = True, cause, due_in_s

    def verdicts(self) -> Verdicts:
        """What is to be written about the row."""
        return Verdicts(self.row, self.known | self.fresh, self.cause, self.attempts, self.due_in_s)

    def requests(self, names_per_call: int) -> Iterator[JudgeRequest]:
        """The requests for the names that nothing is known about."""
        names = [name for name in self.row.pending if name not in self.known]
        for start in range(0, len(names), names_per_call):
            yield JudgeRequest(self.row.description, tuple(names[start : start + names_per_call]))


@dataclass(frozen=True, slots=True)
class ScoreReport:
    """What one drain did. `handed_back` are rows that wait on with a cause."""

    rows: int = 0
    names: int = 0
    handed_back: int = 0
    requests: int = 0
    cost_usd_micro: int = 0


def seconds_to_midnight() -> float:
    """Until the next day begins (UTC), when a new day's budget counts."""
    now = datetime.now(UTC)
    midnight = datetime(now.year, now.month, now.day, tzinfo=UTC) + timedelta(days=1)
    return (midnight - now).total_seconds()


@dataclass(frozen=True, slots=True)
class Spent:
    """Micro-dollars that count against budgets: `batches` and `today` are settled in the database, `open_batches`
    are estimates of requests under way, by batch."""

    batches: Mapping[str, int]
    today: int
    open_batches: dict[str, int]


class Purse:
    """Budgets in micro-dollars, over what is spent in the database and what this process has under way.

    A row is refused for good only by what is settled: estimates are at full price, several times what an answer with
    a cached prompt costs, so that under way they may look like more than the budget and leave half of it unspent.
    Other processes' requests under way are not seen, so a budget can be exceeded by the requests that they have in
    flight: at most `judge_in_flight` each.
    """

    def __init__(self, settings: Settings, price: Price | None) -> None:
        self._settings, self._price = settings, price
        self._under_way: dict[str, int] = {}
        self._lock = threading.Lock()

    def limits(self, row: WaitingRow) -> bool:
        """Whether any budget covers the row: of the settings, or of its batch alone."""
        settings = self._settings
        return (
            row.budget_usd_micro is not None
            or settings.judge_budget_usd_per_batch is not None
            or settings.judge_budget_usd_per_day is not None
        )

    def estimate(self, request: JudgeRequest, *, discounted: bool = False) -> int:
        """What a request will probably cost, if it finds nothing in the provider's cache."""
        prompt, answer = estimate_usage(request.description, request.names)
        return self._price.cost(Usage(1, prompt, 0, 0, answer), batch=discounted) if self._price else 0

    def under_way(self) -> dict[str, int]:
        """Estimates of what is not settled yet, by batch. Taken before the database is read, so that nothing is
        missed that is settled meanwhile (it may count twice, which makes a row wait for a moment)."""
        with self._lock:
            return dict(self._under_way)

    def check(self, row: RowInHand, spent: Spent, *, discounted: bool = False) -> None:
        """Reserve what the row's requests will probably cost; or mark it as short of money, or fail it where the
        budget is spent."""
        row.short_of_money = False
        requests = list(row.requests(self._settings.judge_names_per_call))
        if not requests or not self.limits(row.row):
            return
        cost = sum(self.estimate(request, discounted=discounted) for request in requests)
        batch_id = row.row.batch_id
        own = _least(row.row.budget_usd_micro, _micro(self._settings.judge_budget_usd_per_batch))
        day = _micro(self._settings.judge_budget_usd_per_day)
        # Without a price nothing can be counted against a budget, so nothing is spent.
        if own is not None and (self._price is None or spent.batches[batch_id] + cost > own):
            row.fail(Cause.BUDGET_BATCH, None)
        elif day is not None and spent.today + cost > day:
            row.fail(Cause.BUDGET_DAY, seconds_to_midnight())
        elif (own is not None and spent.batches[batch_id] + spent.open_batches.get(batch_id, 0) + cost > own) or (
            day is not None and spent.today + sum(spent.open_batches.values()) + cost > day
        ):
            row.short_of_money = True
        else:
            spent.open_batches[batch_id] = spent.open_batches.get(batch_id, 0) + cost
            with self._lock:
                self._under_way[batch_id] = self._under_way.get(batch_id, 0) + cost

    def settled(self, batch_id: str, cost: int) -> None:
        """Requests with these estimates are no longer under way: what they cost is in the database."""
        with self._lock:
            if batch_id in self._under_way:
                self._under_way[batch_id] = max(0, self._under_way[batch_id] - cost)


def _least(*limits: int | None) -> int | None:
    return min((limit for limit in limits if limit is not None), default=None)


def _micro(dollars: float | None) -> int | None:
    return None if dollars is None else round(dollars * 1e6)
