"""Batches whose rows have names and wait for the judge, stored without a generator; and looking at what became of
them."""

from collections import Counter
from typing import Any

from sqlalchemy import func, select

from domaingen.judging.rules import rule_checks, rule_score
from domaingen.outcomes import Judge, Status
from domaingen.settings import Settings, load_settings
from domaingen.store.batches import NewBatch, NewItem, add_items, close_reception, create_batch, finish_if_done
from domaingen.store.claims import claim_and_commit, record_and_commit
from domaingen.store.database import Database
from domaingen.store.schema import ProviderUsage, SuggestionRow
from domaingen.store.scoring_schema import PendingScore
from domaingen.suggestion import Outcome, Suggestion
from tests.support.fake_openai import FakeOpenAI
from tests.support.rows import SETTINGS

TRADES = ("coffee", "bakery", "garden", "bicycle", "yoga", "tax", "puppy", "solar")


def judge_settings(server: FakeOpenAI | None = None, **changes: Any) -> Settings:
    """Settings that judge with the fake server."""
    values: dict[str, Any] = {"OPENAI_API_KEY": "sk-fake-key-for-tests", "judge_timeout_s": 5.0}
    if server is not None:
        values["OPENAI_BASE_URL"] = server.url
    return load_settings(**(values | changes))


def store_unjudged(
    database: Database,
    rows: int,
    *,
    names: int = 3,
    judge: str = "openai",
    start: int = 0,
    settings: dict[str, Any] | None = None,
) -> str:
    """A finished batch of `rows` rows with `names` names each that nobody judged; returns its id."""
    fixed = SETTINGS | {"judge": judge} | (settings or {})
    new = NewBatch("test.csv", "d" * 64, "f" * 64, ["description"], fixed, "instant", rows)
    texts = [
        f"{TRADES[number % len(TRADES)]} shop number {number} in the old town"
        for number in range(start, start + rows)
    ]
    with database.begin() as connection:
        batch_id = create_batch(connection, new)
        items = [NewItem(row, str(row), text, {"description": text}) for row, text in enumerate(texts, start=1)]
        ids = add_items(connection, batch_id, items)
        close_reception(connection, batch_id)
    for first in range(0, rows, 500):
        claim = claim_and_commit(database, batch_id, ids[first : first + 500], lease_s=60, max_attempts=5)
        assert claim is not None
        record_and_commit(
            database, claim, [(item, _outcome(item.description, item.id, names)) for item in claim.items]
        )
    with database.begin() as connection:
        finish_if_done(connection, batch_id)
    return batch_id


def _outcome(description: str, number: int, names: int) -> Outcome:
    suggestions = []
    for position in range(names):
        domain = f"{description.split(maxsplit=1)[0][: 3 + position]}{'aeiou'[position % 5]}{number}.com"
        checks = rule_checks(description, domain)
        suggestions.append(
            Suggestion(domain, rule_score(checks), rule_score(checks), Judge.PENDING, reason="made", checks=checks)
        )
    return Outcome(Status.SUGGESTED, tuple(suggestions), model="instant")


def judges_of(database: Database, batch_id: str) -> dict[str, int]:
    """Names of a batch by who judged them."""
    from domaingen.store.schema import Item

    with database.read() as connection:
        return dict(
            connection.execute(
                select(SuggestionRow.judge, func.count())
                .join(Item, Item.id == SuggestionRow.item_id)
                .where(Item.batch_id == batch_id)
                .group_by(SuggestionRow.judge)
            ).all()
        )


def causes_of(database: Database, batch_id: str) -> dict[str | None, int]:
    """Rows of a batch that wait or are parked, by cause."""
    with database.read() as connection:
        return dict(
            Counter(connection.scalars(select(PendingScore.cause).where(PendingScore.batch_id == batch_id)))
        )


def usage_of(database: Database, batch_id: str) -> dict[str, int]:
    """Sums of a batch's usage."""
    columns = ("requests", "input_tokens", "cached_tokens", "output_tokens", "cost_usd_micro")
    with database.read() as connection:
        row = connection.execute(
            select(*(func.coalesce(func.sum(getattr(ProviderUsage, column)), 0) for column in columns)).where(
                ProviderUsage.batch_id == batch_id
            )
        ).one()
    return dict(zip(columns, map(int, row), strict=True))
