"""The scoring process's side of the database: claim rows, look into the cache and the budgets, write what came."""

from collections.abc import Mapping, Sequence

from sqlalchemy import Connection

from domaingen.judging.replies import Usage
from domaingen.scoring.cache import cache_key, read_cache, write_cache
from domaingen.scoring.prices import Price
from domaingen.scoring.work import Purse, RowInHand, Spent
from domaingen.settings import Settings
from domaingen.store.database import Database, retrying
from domaingen.store.provider_usage import add_usage, spent_usd_micro, start_of_day
from domaingen.store.scores import WaitingRow, claim_scores, held_rows, renew_scores, rows_in_files
from domaingen.store.verdicts import record_scores


class Ledger:
    """Blocking calls, each one transaction; used from threads, never while a request is awaited."""

    def __init__(self, database: Database, settings: Settings, price: Price | None, token: str) -> None:
        self._database, self._settings, self._price, self.token = database, settings, price, token
        self.purse = Purse(settings, price)

    def claim(self, limit: int, ids: Sequence[int], mode: str = "live") -> list[RowInHand]:
        """Rows to work on: those that the cache knows whole are in hand without a request, those that no budget
        covers come back failed or short of money."""

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
                return [
                    RowInHand(
                        row,
                        attempts=row.attempts,
                        known={
                            name: known[key] for name in row.pending if (key := keys[row.item_id, name]) in known
                        },
                    )
                    for row in rows
                ]

        taken = retrying(work)
        self.check_budgets(taken, mode)
        return taken

    def check_budgets(self, rows: Sequence[RowInHand], mode: str = "live") -> None:
        """Reserve money for the requests of claimed rows; see `Purse.check`."""
        limited = [row for row in rows if self.purse.limits(row.row)]
        if not limited:
            return
        open_batches = self.purse.under_way()

        def work() -> Spent:
            with self._database.read() as connection:
                batches = {row.row.batch_id for row in limited}
                spent = {each: spent_usd_micro(connection, batch_id=each) for each in sorted(batches)}
                if mode == "batch":
                    for row in rows_in_files(connection):
                        open_batches[row.batch_id] = open_batches.get(row.batch_id, 0) + self._estimate(row)
                return Spent(spent, spent_usd_micro(connection, since=start_of_day()), open_batches)

        spent = retrying(work)
        for row in limited:
            self.purse.check(row, spent, discounted=mode == "batch")

    def _estimate(self, row: WaitingRow) -> int:
        requests = RowInHand(row).requests(self._settings.judge_names_per_call)
        return sum(self.purse.estimate(request, discounted=True) for request in requests)

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
