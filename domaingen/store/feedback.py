"""What people think of suggested names. A name that was voted down or rewritten enters the review queue as a failure
of source `feedback`: rewritten ones as corrected, so that they can become training rows, the others as open."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection, func, insert, select, true, update

from domaingen.failures.taxonomy import Finding, explain
from domaingen.store.database import Database, now_s
from domaingen.store.schema import FailureRow, Item, OutcomeRow, SuggestionRow
from domaingen.store.scoring_schema import Feedback

DISLIKED = Finding.DISLIKED_NAME.value
"""Failure type of feedback: a valid name that a person would not have given."""


@dataclass(frozen=True, slots=True)
class Opinion:
    """One person's view of one name: `vote` is up, down or None, `edit` the name they would have given instead."""

    item_id: int
    batch_id: str
    domain: str
    person: str
    vote: str | None = None
    edit: str | None = None
    comment: str | None = None


def find_suggestion(connection: Connection, batch_id: str, row: int, domain: str) -> int | None:
    """The item that a row of a results file speaks of; None where the batch has no such row or name."""
    return connection.scalar(
        select(Item.id)
        .join(SuggestionRow, SuggestionRow.item_id == Item.id)
        .where(Item.batch_id == batch_id, Item.row == row, SuggestionRow.domain == domain)
    )


def store_opinions(connection: Connection, opinions: Sequence[Opinion]) -> int:
    """Keep opinions; a person's newer opinion of a name replaces the older. Returns how many rows entered the
    review queue or were changed there."""
    for opinion in opinions:
        values = {"vote": opinion.vote, "edit": opinion.edit, "comment": opinion.comment, "at": now_s()}
        changed = connection.execute(
            update(Feedback)
            .where(
                Feedback.item_id == opinion.item_id,
                Feedback.domain == opinion.domain,
                Feedback.person == opinion.person,
            )
            .values(**values)
        )
        if not changed.rowcount:
            connection.execute(
                insert(Feedback).values(
                    item_id=opinion.item_id,
                    batch_id=opinion.batch_id,
                    domain=opinion.domain,
                    person=opinion.person,
                    **values,
                )
            )
    return sum(_queue_for_review(connection, item_id) for item_id in sorted({each.item_id for each in opinions}))


def _queue_for_review(connection: Connection, item_id: int) -> bool:
    """Write the failure that sums up all feedback about a row, or bring it up to date. One that a person has
    already accepted or discarded is left alone."""
    rows = (
        connection.execute(select(Feedback.__table__).where(Feedback.item_id == item_id).order_by(Feedback.id))
        .mappings()
        .all()
    )
    bad = [row for row in rows if row["vote"] == "down" or row["edit"]]
    if not bad:
        return False
    item = connection.execute(
        select(Item.batch_id, Item.description, OutcomeRow.model)
        .join(OutcomeRow, OutcomeRow.item_id == Item.id)
        .where(Item.id == item_id)
    ).one()
    edits = [row["edit"] for row in bad if row["edit"]]
    values: dict[str, Any] = {
        "original_output": {"domains": list(dict.fromkeys(row["domain"] for row in bad))},
        "correction": {"expect": "suggest", "domains": list(dict.fromkeys(edits))} if edits else None,
        "review": "corrected" if edits else "open",
        "reviewed_by": ", ".join(dict.fromkeys(row["person"] for row in bad))[:120] if edits else None,
        "reviewed_at": now_s() if edits else None,
    }
    mine = (FailureRow.item_id == item_id) & (FailureRow.failure_type == DISLIKED)
    state = connection.scalar(select(FailureRow.review).where(mine))
    if state in {"accepted", "discarded"}:
        return False
    if state is not None:
        connection.execute(update(FailureRow).where(mine).values(**values))
        return True
    explanation = explain(DISLIKED)
    connection.execute(
        insert(FailureRow).values(
            item_id=item_id,
            batch_id=item.batch_id,
            source="feedback",
            input=item.description,
            failure_type=DISLIKED,
            severity=explanation.severity.value,
            root_cause=explanation.root_cause,
            improvement_strategy=explanation.strategy,
            model=item.model,
            oracle="person",
            recorded_at=now_s(),
            **values,
        )
    )
    return True


def count_feedback(database: Database, batch_id: str | None = None) -> Mapping[str, int]:
    """Votes up and down and edits of a batch, for its report; without an id of all batches."""
    mine = Feedback.batch_id == batch_id if batch_id is not None else true()
    with database.read() as connection:
        votes = dict(
            connection.execute(select(Feedback.vote, func.count()).where(mine).group_by(Feedback.vote)).all()
        )
        edits = connection.scalar(
            select(func.count()).select_from(Feedback).where(mine, Feedback.edit.is_not(None))
        )
    return {"up": votes.get("up", 0), "down": votes.get("down", 0), "edits": edits or 0}
