"""Rows that wait for the judge: noting, claiming and keeping them, and letting parked ones be tried again.

The same rules as for rows of work (store.claims): a token and a lease in the row, results from the holder of the
token alone (store.verdicts).
"""

from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import ColumnElement, Connection, and_, insert, or_, select, update

from domaingen.outcomes import Judge
from domaingen.store.database import now_s
from domaingen.store.schema import Batch, Item, SuggestionRow
from domaingen.store.scoring_schema import PendingScore

_PER_QUERY = 5_000
"""Ids in one query: databases take tens of thousands of parameters and no more."""


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
    rows: list[WaitingRow] = []
    for start in range(0, len(item_ids), _PER_QUERY):
        rows += _load_some(connection, item_ids[start : start + _PER_QUERY])
    return sorted(rows, key=lambda row: row.item_id)


def _load_some(connection: Connection, item_ids: Sequence[int]) -> list[WaitingRow]:
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


def rows_in_files(connection: Connection) -> list[WaitingRow]:
    """All rows that are in a file at the Batch API: asked for and not settled."""
    query = select(PendingScore.item_id).where(PendingScore.provider_batch_id.is_not(None))
    return _load(connection, list(connection.scalars(query)))


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


def due_rows(connection: Connection, *, mode: str = "live") -> bool:
    """Whether any row could be claimed now."""
    free = select(PendingScore.item_id).where(
        PendingScore.mode == mode,
        PendingScore.due_at <= now_s(),
        or_(PendingScore.token.is_(None), PendingScore.lease_until < now_s()),
    )
    return connection.execute(free.limit(1)).first() is not None


def unpark(connection: Connection, batch_id: str | None = None) -> int:
    """Let rows be asked again now, with a clean slate, that are parked or put off to a later time; returns how
    many."""
    later = or_(PendingScore.due_at.is_(None), PendingScore.due_at > now_s())
    condition = and_(later, PendingScore.token.is_(None))
    if batch_id is not None:
        condition = and_(condition, PendingScore.batch_id == batch_id)
    return connection.execute(update(PendingScore).where(condition).values(due_at=now_s(), attempts=0)).rowcount


def set_budget(connection: Connection, batch_id: str, budget_usd_micro: int) -> None:
    """Change what judging a batch may cost in all, in millionths of a dollar."""
    fixed = connection.scalar(select(Batch.settings).where(Batch.id == batch_id).with_for_update()) or {}
    connection.execute(
        update(Batch).where(Batch.id == batch_id).values(settings=fixed | {"budget_usd_micro": budget_usd_micro})
    )
