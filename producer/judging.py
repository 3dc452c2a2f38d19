"""What the submitter should know about judging: what it will cost, whether it can be done at all, how far it is."""

import time
from collections.abc import Callable, Iterator

from domaingen.errors import SettingsError
from domaingen.scoring.prices import Estimate, estimate_cost
from domaingen.scoring.progress import ScoringState, scoring_state
from domaingen.settings import Settings
from domaingen.store.database import Database, retrying
from producer.submission import Plan

STALL_S = 60.0
"""Seconds without a newly judged row after which `run` stops waiting: a batch is not held hostage by its judge."""


def estimate(plan: Plan, settings: Settings) -> Estimate | None:
    """What judging the planned batch will cost at most; None where no provider judges it.

    Raises:
        SettingsError: The judge needs a key and there is none, or a budget is set and nothing could be counted
            against it.
    """
    judge = str(plan.settings["judge"])
    if not judge.startswith("openai"):
        return None
    if settings.openai_api_key is None and settings.openai_base_url is None:
        raise SettingsError(f"--judge {judge} needs OPENAI_API_KEY; set it, or choose --judge local")
    cost = estimate_cost(
        settings,
        rows=plan.csv.rows,
        names_per_row=int(plan.settings["count"]),
        # All cells of a row: more than the description alone, so the estimate is rather high than low.
        mean_description_chars=plan.path.stat().st_size / max(plan.csv.rows, 1),
        batch=judge == "openai-batch",
    )
    if plan.settings["budget_usd_micro"] is not None and cost.cost_usd_micro is None:
        raise SettingsError(
            f"--budget can't be kept: there is no price for {cost.model}; add it to a copy of data/prices.toml and point "
            "DOMAINGEN_PRICES to it"
        )
    return cost


def in_micro(budget_usd: float | None) -> int | None:
    """Dollars of `--budget` in millionths."""
    return None if budget_usd is None else round(budget_usd * 1e6)


def say_cost(cost: Estimate, plan: Plan) -> str:
    """The estimate, and what the budget leaves of it."""
    budget = plan.settings["budget_usd_micro"]
    if budget is None:
        return str(cost)
    limit = f"${budget / 1e6:,.2f}" if budget >= 10_000 or not budget else f"${budget / 1e6:.6f}".rstrip("0")
    return f"{cost}; judging stops at {limit}, naming does not"


def follow_judging(
    database: Database,
    batch_id: str,
    *,
    between: Callable[[], None],
    interval_s: float = 0.5,
    stall_s: float = STALL_S,
) -> Iterator[ScoringState]:
    """Yield how far judging is until no row waits, or nothing was judged for `stall_s` seconds."""
    best, since = None, time.monotonic()
    while True:
        state = retrying(lambda: scoring_state(database, batch_id))
        yield state
        if state.waiting == 0:
            return
        if best is None or state.waiting < best:
            best, since = state.waiting, time.monotonic()
        if time.monotonic() - since > stall_s:
            return
        between()
        time.sleep(interval_s)


def describe(state: ScoringState) -> str:
    """One line: rows that wait for the judge and why, and what was spent. Empty where there is nothing to say."""
    parts = []
    if state.unjudged:
        causes = ", ".join(f"{name} {number}" for name, number in sorted(state.causes.items()))
        parts.append(f"{state.unjudged:,} rows not judged" + (f" ({causes})" if causes else ""))
    if state.requests:
        spent = f"{state.requests:,} requests to the judge, ${state.cost_usd_micro / 1e6:,.4f}"
        parts.append(
            spent if state.budget_usd_micro is None else f"{spent} of ${state.budget_usd_micro / 1e6:,.4f}"
        )
    return " · ".join(parts)
