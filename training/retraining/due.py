"""Whether it is time to retrain, and what on."""

import time
from dataclasses import dataclass

from domaingen.settings import Settings
from domaingen.store.database import Database
from domaingen.store.failures import ReviewedFailure, reviewed_failures
from training.retraining.runs import PastRun, past_runs


@dataclass(frozen=True, slots=True)
class Due:
    """`due` with the reason in a sentence. `reviewed` is how many failures were reviewed since the last finished
    retrain, promoted or refused; `promoted_until` (Unix seconds) is the newest review that an active model learned."""

    due: bool
    reason: str
    reviewed: int
    promoted_until: float


def is_due(database: Database, settings: Settings, *, now: float | None = None) -> Due:
    """Enough reviewed rows, or the time has come and there is at least one."""
    now = time.time() if now is None else now
    runs = [run for run in past_runs(database, limit=200) if run.state == "done"]
    learned = max((_until(run) for run in runs), default=0.0)
    promoted = max((_until(run) for run in runs if (run.result or {}).get("status") == "promoted"), default=0.0)
    fresh = _new_reviews(database, learned)
    wanted = settings.retrain_min_reviewed
    if len(fresh) >= wanted:
        return Due(True, f"{len(fresh)} failures were reviewed since the last time", len(fresh), promoted)
    oldest = min((each.reviewed_at or now for each in fresh), default=now)
    days = (now - max([oldest, *(run.finished_at or 0.0 for run in runs[:1])])) / 86_400
    if fresh and days >= settings.retrain_max_days:
        return Due(True, f"{len(fresh)} reviewed failures have waited for {days:.0f} days", len(fresh), promoted)
    reason = (
        f"{len(fresh)} of {wanted} failures are reviewed since the last time"
        if fresh
        else "nothing new is reviewed"
    )
    return Due(False, reason, len(fresh), promoted)


def _until(run: PastRun) -> float:
    return float((run.result or {}).get("reviewed_until") or 0.0)


def _new_reviews(database: Database, since: float) -> list[ReviewedFailure]:
    return reviewed_failures(database, since=since) if since else reviewed_failures(database)
