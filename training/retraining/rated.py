"""Suggestions that people liked, as lessons."""

from sqlalchemy import func, select

from domaingen.store.database import Database
from domaingen.store.schema import Item, OutcomeRow, SuggestionRow
from domaingen.store.scoring_schema import Feedback
from training.retraining.lessons import Lesson

LEAST_SCORE = 0.6
"""Judge's score (0-1) below which a liked name does not teach: thumb and judge must agree."""


def rated_lessons(database: Database) -> list[Lesson]:
    """One lesson for each description with names that somebody voted up, nobody voted down or rewrote, and the judge
    scored well (names without a judge's score count by the votes alone)."""
    voted = (
        select(
            Feedback.item_id,
            Feedback.domain,
            func.sum((Feedback.vote == "up").cast(SuggestionRow.rank.type)).label("up"),
            func.sum((Feedback.vote == "down").cast(SuggestionRow.rank.type)).label("down"),
            func.count(Feedback.edit).label("edits"),
            func.max(Feedback.at).label("at"),
        )
        .group_by(Feedback.item_id, Feedback.domain)
        .subquery()
    )
    query = (
        select(Item.id, Item.description, voted.c.domain, SuggestionRow.judge_score, voted.c.at)
        .join(voted, voted.c.item_id == Item.id)
        .join(SuggestionRow, (SuggestionRow.item_id == voted.c.item_id) & (SuggestionRow.domain == voted.c.domain))
        .join(OutcomeRow, OutcomeRow.item_id == Item.id)
        .where(voted.c.up > 0, func.coalesce(voted.c.down, 0) == 0, voted.c.edits == 0)
        .order_by(Item.id, SuggestionRow.rank)
    )
    found: dict[int, Lesson] = {}
    with database.read() as connection:
        for item_id, description, domain, score, at in connection.execute(query):
            if score is not None and score < LEAST_SCORE:
                continue
            earlier = found.get(item_id)
            domains = (*earlier.domains, domain) if earlier else (domain,)
            latest = max(at, earlier.at) if earlier else at
            found[item_id] = Lesson(f"rated:{item_id}", description, "suggest", domains, at=latest)
    return list(found.values())


def refusal_share(database: Database) -> float | None:
    """Share of refused rows among those that were refused or named in production; None where there are none."""
    with database.read() as connection:
        counts = dict(
            connection.execute(
                select(OutcomeRow.status, func.count())
                .where(OutcomeRow.status.in_(("refused", "suggested")))
                .group_by(OutcomeRow.status)
            ).all()
        )
    total = sum(counts.values())
    return counts.get("refused", 0) / total if total else None
