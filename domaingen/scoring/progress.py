"""How far judging is, and what it cost: of a batch for status and reports, of the fleet for metrics."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import func, select

from domaingen import metrics
from domaingen.store.database import Database
from domaingen.store.feedback import count_feedback
from domaingen.store.provider_usage import spent_usd_micro, start_of_day
from domaingen.store.schema import Batch, ProviderUsage
from domaingen.store.scoring_schema import PendingScore


@dataclass(frozen=True, slots=True)
class ScoringState:
    """Rows of a batch that are not judged: `waiting` will be tried (again), `parked` won't without a person.
    `causes` counts both by why they are not judged; rows that were never tried have none."""

    waiting: int = 0
    parked: int = 0
    causes: Mapping[str, int] = field(default_factory=dict)
    requests: int = 0
    input_tokens: int = 0
    cached_tokens: int = 0
    output_tokens: int = 0
    cost_usd_micro: int = 0
    budget_usd_micro: int | None = None
    """What judging the batch may cost, where its submitter said so."""

    @property
    def unjudged(self) -> int:
        """All rows that wait or are parked."""
        return self.waiting + self.parked

    def to_dict(self) -> dict[str, Any]:
        """As `summary.json` and `status --json` have it; money in dollars."""
        return {
            "rows_waiting": self.waiting,
            "rows_parked": self.parked,
            "causes": dict(sorted(self.causes.items())),
            "requests": self.requests,
            "input_tokens": self.input_tokens,
            "cached_tokens": self.cached_tokens,
            "output_tokens": self.output_tokens,
            "cost_usd": self.cost_usd_micro / 1e6,
            "budget_usd": None if self.budget_usd_micro is None else self.budget_usd_micro / 1e6,
        }


def scoring_state(database: Database, batch_id: str) -> ScoringState:
    """Count a batch's unjudged rows and add up its usage."""
    with database.read() as connection:
        counts = connection.execute(
            select(PendingScore.cause, PendingScore.due_at.is_(None), func.count())
            .where(PendingScore.batch_id == batch_id)
            .group_by(PendingScore.cause, PendingScore.due_at.is_(None))
        ).all()
        sums = connection.execute(
            select(
                *(
                    func.coalesce(func.sum(column), 0)
                    for column in (
                        ProviderUsage.requests,
                        ProviderUsage.input_tokens,
                        ProviderUsage.cached_tokens,
                        ProviderUsage.output_tokens,
                        ProviderUsage.cost_usd_micro,
                    )
                )
            ).where(ProviderUsage.batch_id == batch_id)
        ).one()
        fixed = connection.scalar(select(Batch.settings).where(Batch.id == batch_id)) or {}
    causes: dict[str, int] = {}
    for cause, _, number in counts:
        if cause:
            causes[cause] = causes.get(cause, 0) + number
    requests, prompt, cached, answer, cost = (int(value) for value in sums)
    return ScoringState(
        waiting=sum(number for _, parked, number in counts if not parked),
        parked=sum(number for _, parked, number in counts if parked),
        causes=causes,
        requests=requests,
        input_tokens=prompt,
        cached_tokens=cached,
        output_tokens=answer,
        cost_usd_micro=cost,
        budget_usd_micro=fixed.get("budget_usd_micro"),
    )


def observe_scoring(database: Database) -> None:
    """Set the gauges of the whole fleet: rows that wait and are parked, what today has cost, opinions of people."""
    with database.read() as connection:
        counts = dict(
            connection.execute(
                select(PendingScore.due_at.is_(None), func.count()).group_by(PendingScore.due_at.is_(None))
            ).all()
        )
        spent = spent_usd_micro(connection, since=start_of_day())
    metrics.JUDGE_ROWS.labels("waiting").set(counts.get(False, 0))
    metrics.JUDGE_ROWS.labels("parked").set(counts.get(True, 0))
    metrics.JUDGE_SPENT_TODAY.set(spent / 1e6)
    for kind, number in count_feedback(database).items():
        metrics.FEEDBACK.labels(kind).set(number)
