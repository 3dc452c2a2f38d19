"""What came of rows that waited for the judge: scores written once, or rows handed back with a cause.

A row's scores and its removal from the waiting rows are one transaction, and only the holder of its token writes.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection, bindparam, delete, func, update

from domaingen.judging.replies import Cause
from domaingen.outcomes import Judge
from domaingen.store.database import now_s
from domaingen.store.failures import file_judged
from domaingen.store.schema import SuggestionRow
from domaingen.store.scores import WaitingRow, held_rows
from domaingen.store.scoring_schema import PendingScore
from domaingen.suggestion import Judgement, combine_scores


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


def record_scores(connection: Connection, token: str, verdicts: Sequence[Verdicts]) -> int:
    """Write what came of rows that are still held under `token`; returns how many names were scored.

    Complete rows leave the waiting rows, and those with low marks are filed as failures; the others keep what was
    judged and go back with their cause.
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
    file_judged(connection, [verdict.row.item_id for verdict in kept if verdict.complete])
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
