"""The scoring process's side of the database: claim rows, look into the cache and the budgets, write what came."""

from collections.abc import Mapping, Sequence

from sqlalchemy import Connection

from domaingen.judging.replies import Cause, Usage
from domaingen.scoring.cache import cache_key, read_cache, write_cache
from domaingen.scoring.prices import Price
from domaingen.scoring.work import Purse, RowInHand, seconds_to_midnight, start_of_day
from domaingen.settings import Settings
from domaingen.store.database import Database, retrying
from domaingen.store.scores import (
    add_usage,
    claim_scores,
    held_rows,
    record_scores,
    renew_scores,
    spent_usd_micro,
)


class Ledger:
    """Blocking calls, each one transaction; used from threads, never while a request is awaited."""

    def __init__(self, database: Database, settings: Settings, price: Price | None, token: str) -> None:
        self._database, self._settings, self._price, self.token = database, settings, price, token
        self.purse = Purse(settings, price)

    def claim(self, limit: int, ids: Sequence[int], mode: str = "live") -> list[RowInHand]:
        """Rows to work on: those that the cache knows whole are in hand without a request, those that no budget
        covers come back failed."""

        def work() -> list[RowInHand]:
            with self._database.begin() as connection:
                rows = claim_scores(
                    connection, self.token, limit=limit, lease_s=self._settings.lease_s, mode=mode, ids=ids
                )
                keys = {
                    (row.item_id, name): cache_key(self._settings.judge_model, row.description, name)
                    for row in rows
                    for name in row.pending
                }
                known = read_cache(connection, sorted(set(keys.values())))
                taken = [
                    RowInHand(
                        row,
                        attempts=row.attempts,
                        known={
                            name: known[key] for name in row.pending if (key := keys[row.item_id, name]) in known
                        },
                    )
                    for row in rows
                ]
                if self.purse.limited or any(row.budget_usd_micro is not None for row in rows):
                    spent = {row.batch_id: 0 for row in rows}
                    for batch_id in spent:
                        spent[batch_id] = spent_usd_micro(connection, batch_id=batch_id)
                    today = spent_usd_micro(connection, since=start_of_day())
                    for row in taken:
                        self._check_budget(row, spent[row.row.batch_id], today)
                return taken

        return retrying(work)

    def _check_budget(self, row: RowInHand, spent_by_batch: int, spent_today: int) -> None:
        for request in row.requests(self._settings.judge_names_per_call):
            cause = self.purse.refuses(row.row, self.purse.estimate(request), spent_by_batch, spent_today)
            if cause is not None:
                row.fail(cause, None if cause is Cause.BUDGET_BATCH else seconds_to_midnight())

    def renew(self) -> None:
        """Keep all rows of this process's token."""
        with self._database.begin() as connection:
            renew_scores(connection, self.token, lease_s=self._settings.lease_s)

    def record(self, rows: Sequence[RowInHand], usage: Mapping[str, Usage]) -> tuple[int, int]:
        """Write rows and what was used meanwhile, by batch; returns names scored and micro-dollars spent."""

        def work() -> tuple[int, int]:
            with self._database.begin() as connection:
                return self._record(connection, rows, usage)

        return retrying(work)

    def collect(self, rows: Sequence[RowInHand]) -> tuple[int, int]:
        """Write rows from the Batch API, each with its own usage at the discounted price. A row that was collected
        before is left alone, and so is its cost: collecting again after a crash counts nothing twice."""

        def work() -> tuple[int, int]:
            with self._database.begin() as connection:
                held = held_rows(connection, self.token, [row.row.item_id for row in rows])
                kept = [row for row in rows if row.row.item_id in held]
                usage: dict[str, Usage] = {}
                for row in kept:
                    usage[row.row.batch_id] = usage.get(row.row.batch_id, Usage()) + row.usage
                return self._record(connection, kept, usage, discounted=True)

        return retrying(work)

    def _record(
        self,
        connection: Connection,
        rows: Sequence[RowInHand],
        usage: Mapping[str, Usage],
        *,
        discounted: bool = False,
    ) -> tuple[int, int]:
        cost = 0
        scored = record_scores(connection, self.token, [row.verdicts() for row in rows])
        write_cache(
            connection,
            self._settings.judge_model,
            (
                (cache_key(self._settings.judge_model, row.row.description, domain), judgement)
                for row in rows
                for domain, judgement in row.fresh.items()
            ),
        )
        for batch_id, used in sorted(usage.items()):
            if not used.requests:
                continue
            price = self._price.cost(used, batch=discounted) if self._price else 0
            add_usage(connection, batch_id, self._settings.judge_model, used, price)
            cost += price
        return scored, cost
