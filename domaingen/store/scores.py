"""Rows that wait for the judge: claiming them, writing scores once, handing them back with a cause.

The same rules as for rows of work (store.claims): a token and a lease in the row, results from the holder of the
token alone. A row's scores, its removal from the waiting rows and the cost of them are one transaction.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import ColumnElement, Connection, and_, bindparam, delete, func, insert, or_, select, update

from domaingen.judging.replies import Cause, Usage
from domaingen.outcomes import Judge
from domaingen.store.database import now_s
from domaingen.store.schema import Batch, Item, ProviderUsage, SuggestionRow
from domaingen.store.scoring_schema import PendingScore
from domaingen.suggestion import Judgement, combine_scores


@dataclass(frozen=True, slots=True)
class NameToScore:
    """One name of a waiting row. `score` is what it has now; `pending` whether the judge is still to rate it."""

    domain: str
    rank: int
    rule_score: float
    score: float
    pending: bool


@dataclass(frozen=True, slots=True)
class WaitingRow:
    """A row that this process may have judged."""

    item_id: int
    batch_id: str
    description: str
    attempts: int
    budget_usd_micro: int | None
    """What its batch may cost, where its submitter set a budget."""
    names: tuple[NameToScore, ...]

    @property
    def pending(self) -> tuple[str, ...]:
        """The names that are still to be rated, in order."""
        return tuple(name.domain for name in self.names if name.pending)


@dataclass(frozen=True, slots=True)
class Verdicts:
    """What came of one row: judgements by domain, and where some are missing the cause, the new number of bad
    answers and in how many seconds it is due again (None: parked)."""

    row: WaitingRow
    judgements: Mapping[str, Judgement]
    cause: Cause | None = None
    attempts: int = 0
    due_in_s: float | None = 0.0

    @property
    def complete(self) -> bool:
        """Whether every name has been rated."""
        return all(domain in self.judgements for domain in self.row.pending)


def await_scores(connection: Connection, batch_id: str, item_ids: Sequence[int], mode: str) -> None:
    """Note that rows wait for the judge; in the transaction that writes their outcomes."""
    now = connection.scalar(select(now_s()))
    connection.execute(
        insert(PendingScore),
        [
            {"item_id": item_id, "batch_id": batch_id, "mode": mode, "due_at": now, "attempts": 0}
            for item_id in item_ids
        ],
    )


def claim_scores(
    connection: Connection, token: str, *, limit: int, lease_s: float, mode: str = "live", ids: Sequence[int] = ()
) -> list[WaitingRow]:
    """Take up to `limit` rows that are due and free, or whose holder's lease has run out: those of `ids`, then
    the longest due of any batch."""
    taken: list[int] = []
    if ids:
        taken += _take(connection, token, limit, lease_s, mode, PendingScore.item_id.in_(ids[:limit]))
    if len(taken) < limit:
        taken += _take(connection, token, limit - len(taken), lease_s, mode)
    return _load(connection, taken)


def _take(
    connection: Connection, token: str, limit: int, lease_s: float, mode: str, *conditions: ColumnElement[bool]
) -> list[int]:
    free = (
        select(PendingScore.item_id)
        .where(
            PendingScore.mode == mode,
            PendingScore.due_at <= now_s(),
            or_(PendingScore.token.is_(None), PendingScore.lease_until < now_s()),
            *conditions,
        )
        .order_by(PendingScore.due_at, PendingScore.item_id)
        .limit(limit)
        .with_for_update(skip_locked=True)
    )
    return list(
        connection.scalars(
            update(PendingScore)
            .where(PendingScore.item_id.in_(free))
            .values(token=token, lease_until=now_s() + lease_s)
            .returning(PendingScore.item_id)
        )
    )


def _load(connection: Connection, item_ids: Sequence[int]) -> list[WaitingRow]:
    names: dict[int, list[NameToScore]] = {item_id: [] for item_id in item_ids}
    for row in connection.execute(
        select(
            SuggestionRow.item_id,
            SuggestionRow.domain,
            SuggestionRow.rank,
            SuggestionRow.rule_score,
            SuggestionRow.score,
            SuggestionRow.judge,
        )
        .where(SuggestionRow.item_id.in_(item_ids))
        .order_by(SuggestionRow.item_id, SuggestionRow.rank)
    ):
        names[row.item_id].append(
            NameToScore(row.domain, row.rank, row.rule_score, row.score, row.judge == Judge.PENDING)
        )
    rows = connection.execute(
        select(
            PendingScore.item_id, PendingScore.batch_id, Item.description, PendingScore.attempts, Batch.settings
        )
        .join(Item, Item.id == PendingScore.item_id)
        .join(Batch, Batch.id == PendingScore.batch_id)
        .where(PendingScore.item_id.in_(item_ids))
        .order_by(PendingScore.item_id)
    )
    return [
        WaitingRow(
            row.item_id,
            row.batch_id,
            row.description,
            row.attempts,
            row.settings.get("budget_usd_micro"),
            tuple(names[row.item_id]),
        )
        for row in rows
    ]


def load_held(connection: Connection, token: str) -> list[WaitingRow]:
    """All rows that are held under a token."""
    return _load(
        connection, list(connection.scalars(select(PendingScore.item_id).where(PendingScore.token == token)))
    )


def held_rows(connection: Connection, token: str, item_ids: Sequence[int]) -> set[int]:
    """Those of the rows that are held under a token, locked until the transaction ends."""
    return set(
        connection.scalars(
            select(PendingScore.item_id)
            .where(PendingScore.item_id.in_(item_ids), PendingScore.token == token)
            .with_for_update()
        )
    )


def renew_scores(connection: Connection, token: str, *, lease_s: float) -> int:
    """Show a sign of life for all rows that are held under a token."""
    return connection.execute(
        update(PendingScore).where(PendingScore.token == token).values(lease_until=now_s() + lease_s)
    ).rowcount


def record_scores(connection: Connection, token: str, verdicts: Sequence[Verdicts]) -> int:
    """Write what came of rows that are still held under `token`; returns how many names were scored.

    Complete rows leave the waiting rows; the others keep what was judged and go back with their cause.
    """
    item_ids = [verdict.row.item_id for verdict in verdicts]
    done = [verdict.row.item_id for verdict in verdicts if verdict.complete]
    held = held_rows(connection, token, item_ids)
    connection.execute(delete(PendingScore).where(PendingScore.item_id.in_(done), PendingScore.token == token))
    kept = [verdict for verdict in verdicts if verdict.row.item_id in held]
    scored = sum(_write_scores(connection, verdict) for verdict in kept if verdict.judgements)
    for verdict in kept:
        if not verdict.complete:
            _hand_back(connection, token, verdict)
    return scored


def _write_scores(connection: Connection, verdict: Verdicts) -> int:
    """Scores and new ranks of one row. Ranks pass through negative numbers, since they are part of the key."""
    scored: dict[str, float] = {}
    values: list[dict[str, Any]] = []
    for name in verdict.row.names:
        judgement = verdict.judgements.get(name.domain) if name.pending else None
        scored[name.domain] = name.score
        if judgement is None:
            continue
        judge_score = round(judgement.score, 4)
        scored[name.domain] = combine_scores(name.rule_score, judge_score)
        values.append(
            {
                "item": verdict.row.item_id,
                "name": name.domain,
                "new_score": scored[name.domain],
                "new_judge_score": judge_score,
                "new_relevance": judgement.relevance,
                "new_memorability": judgement.memorability,
                "new_brandability": judgement.brandability,
                "new_reason": judgement.reason or None,
            }
        )
    if not values:
        return 0
    connection.execute(
        update(SuggestionRow)
        .where(SuggestionRow.item_id == bindparam("item"), SuggestionRow.domain == bindparam("name"))
        .values(
            judge=Judge.OPENAI.value,
            judge_score=bindparam("new_judge_score"),
            score=bindparam("new_score"),
            relevance=bindparam("new_relevance"),
            memorability=bindparam("new_memorability"),
            brandability=bindparam("new_brandability"),
            reason=func.coalesce(bindparam("new_reason"), SuggestionRow.reason),
        ),
        values,
    )
    order = sorted(verdict.row.names, key=lambda name: (-scored[name.domain], name.domain))
    moved = [
        {"item": verdict.row.item_id, "name": name.domain, "new_rank": -rank}
        for rank, name in enumerate(order, start=1)
        if rank != name.rank
    ]
    if moved:
        connection.execute(
            update(SuggestionRow)
            .where(SuggestionRow.item_id == bindparam("item"), SuggestionRow.domain == bindparam("name"))
            .values(rank=bindparam("new_rank")),
            moved,
        )
        connection.execute(
            update(SuggestionRow)
            .where(SuggestionRow.item_id == verdict.row.item_id, SuggestionRow.rank < 0)
            .values(rank=-SuggestionRow.rank)
        )
    return len(values)


def _hand_back(connection: Connection, token: str, verdict: Verdicts) -> None:
    connection.execute(
        update(PendingScore)
        .where(PendingScore.item_id == verdict.row.item_id, PendingScore.token == token)
        .values(
            token=None,
            lease_until=None,
            attempts=verdict.attempts,
            provider_batch_id=None,
            cause=verdict.cause.value if verdict.cause else None,
            due_at=None if verdict.due_in_s is None else now_s() + verdict.due_in_s,
        )
    )


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


def due_rows(connection: Connection, *, mode: str = "live") -> bool:
    """Whether any row could be claimed now."""
    free = select(PendingScore.item_id).where(
        PendingScore.mode == mode,
        PendingScore.due_at <= now_s(),
        or_(PendingScore.token.is_(None), PendingScore.lease_until < now_s()),
    )
    return connection.execute(free.limit(1)).first() is not None


def unpark(connection: Connection, batch_id: str | None = None) -> int:
    """Let parked rows be asked again, with a clean slate; returns how many."""
    condition = and_(PendingScore.due_at.is_(None), PendingScore.token.is_(None))
    if batch_id is not None:
        condition = and_(condition, PendingScore.batch_id == batch_id)
    return connection.execute(update(PendingScore).where(condition).values(due_at=now_s(), attempts=0)).rowcount
