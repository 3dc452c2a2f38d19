"""How far the judging of a batch is, and what it cost: for status, reports and metrics."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from sqlalchemy import func, select

from domaingen.store.database import Database
from domaingen.store.schema import ProviderUsage
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

    @property
    def unjudged(self) -> int:
        """All rows that wait or are parked."""
        return self.waiting + self.parked


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
    causes: dict[str, int] = {}
    for cause, _, number in counts:
        if cause:
            causes[cause] = causes.get(cause, 0) + number
    return ScoringState(
        sum(number for _, parked, number in counts if not parked),
        sum(number for _, parked, number in counts if parked),
        causes,
        *(int(value) for value in sums),
    )
