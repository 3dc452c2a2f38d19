"""What requests to a provider used and cost, by batch."""

import time

from sqlalchemy import Connection, func, insert, select

from domaingen.judging.replies import Usage
from domaingen.store.database import now_s
from domaingen.store.schema import ProviderUsage


def add_usage(
    connection: Connection, batch_id: str, model: str, usage: Usage, cost_usd_micro: int, *, purpose: str = "judge"
) -> None:
    """Keep what requests for a batch used and cost."""
    connection.execute(
        insert(ProviderUsage).values(
            batch_id=batch_id,
            purpose=purpose,
            provider_model=model,
            requests=usage.requests,
            input_tokens=usage.input_tokens,
            cached_tokens=usage.cached_tokens,
            output_tokens=usage.output_tokens,
            cost_usd_micro=cost_usd_micro,
            at=now_s(),
        )
    )


def spent_usd_micro(connection: Connection, *, batch_id: str | None = None, since: float | None = None) -> int:
    """Micro-dollars spent on judging: for a batch, or by everybody since a time (Unix seconds)."""
    query = select(func.coalesce(func.sum(ProviderUsage.cost_usd_micro), 0)).where(
        ProviderUsage.purpose == "judge"
    )
    if batch_id is not None:
        query = query.where(ProviderUsage.batch_id == batch_id)
    if since is not None:
        query = query.where(ProviderUsage.at >= since)
    return int(connection.scalar(query) or 0)


def start_of_day() -> float:
    """Unix seconds at which the day began (UTC)."""
    return time.time() // 86_400 * 86_400
