"""A retrain that hangs at one step until it is killed: python -m … DATABASE_URL HOME MOMENT TTL_S.

MOMENT is train, measure, or promote (within the last transaction, before its commit)."""

import sys
import time
from pathlib import Path

from domaingen.settings import load_settings
from domaingen.store import models
from domaingen.store.database import Database
from tests.integration.retraining.fakes import QuickSteps
from training.retraining import run
from training.retraining.run import Plan, retrain

if __name__ == "__main__":
    url, home, moment, ttl_s = sys.argv[1:]

    def hang(at: str) -> None:
        if at == moment:
            (Path(home) / "hangs").write_text(moment)
            time.sleep(120)

    def promote(*arguments: object, **options: object) -> object:
        done = models.promote(*arguments, **options)  # type: ignore[arg-type]
        hang("promote")
        return done

    run.promote = promote  # type: ignore[assignment]
    settings = load_settings(home=home, database_url=url)
    steps = QuickSteps(Path(home) / "base", before=hang)
    plan = Plan(data=None, rows=200, force=True)
    retrain(Database(url), settings, plan, steps=steps, ttl_s=float(ttl_s))  # type: ignore[arg-type]
