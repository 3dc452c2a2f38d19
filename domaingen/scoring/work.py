"""Rows in the hands of a scoring process: what is asked for each, and what came back so far."""

import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

from domaingen.judging.openai_judge import JudgeRequest
from domaingen.judging.prompt import estimate_usage
from domaingen.judging.replies import Cause, Usage
from domaingen.scoring.prices import Price
from domaingen.settings import Settings
from domaingen.store.scores import Verdicts, WaitingRow
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


def seconds_to_midnight() -> float:
    """Until the next day begins (UTC), when a new day's budget counts."""
    now = datetime.now(UTC)
    midnight = datetime(now.year, now.month, now.day, tzinfo=UTC) + timedelta(days=1)
    return (midnight - now).total_seconds()


def start_of_day() -> float:
    """Unix seconds at which the day began (UTC)."""
    return time.time() // 86_400 * 86_400


class Purse:
    """Budgets in micro-dollars, over what is spent in the database and what this process has under way.

    Other processes' requests under way are not seen, so a budget can be exceeded by the requests that they have in
    flight: at most `judge_in_flight` each.
    """

    def __init__(self, settings: Settings, price: Price | None) -> None:
        self._settings, self._price = settings, price
        self._under_way: dict[str, int] = {}

    @property
    def limited(self) -> bool:
        """Whether the settings hold any budget; a batch may have one of its own."""
        return (
            self._settings.judge_budget_usd_per_batch is not None
            or self._settings.judge_budget_usd_per_day is not None
        )

    def estimate(self, request: JudgeRequest) -> int:
        """What a request will probably cost."""
        prompt, answer = estimate_usage(request.description, request.names)
        return self._price.cost(Usage(1, prompt, 0, 0, answer)) if self._price else 0

    def refuses(self, row: WaitingRow, cost: int, spent_by_batch: int, spent_today: int) -> Cause | None:
        """The budget that `cost` more would exceed, or None; what it allows is noted as under way."""
        limits = [row.budget_usd_micro, _micro(self._settings.judge_budget_usd_per_batch)]
        limit = min((limit for limit in limits if limit is not None), default=None)
        if limit is not None and spent_by_batch + self._under_way.get(row.batch_id, 0) + cost > limit:
            return Cause.BUDGET_BATCH
        day = _micro(self._settings.judge_budget_usd_per_day)
        if day is not None and spent_today + sum(self._under_way.values()) + cost > day:
            return Cause.BUDGET_DAY
        self._under_way[row.batch_id] = self._under_way.get(row.batch_id, 0) + cost
        return None

    def written(self, batch_id: str, cost: int) -> None:
        """Requests with these estimates are no longer under way: what they cost is in the database."""
        if batch_id in self._under_way:
            self._under_way[batch_id] -= cost


def _micro(dollars: float | None) -> int | None:
    return None if dollars is None else round(dollars * 1e6)
