"""The retrain task's use case, reached lazily: a worker without the `train` extra starts and works without it."""

import threading
from functools import cache
from importlib.util import find_spec

import structlog

from domaingen.settings import Settings
from domaingen.store.database import Database

log = structlog.get_logger(__name__)


def retrain_if_due(database: Database, settings: Settings, stop: threading.Event) -> None:
    """Retrain by the settings' plan if enough was reviewed and nobody else does. A shutdown ends it within seconds;
    the next look continues from its last checkpoint."""
    if not _can_train():
        return
    from training.retraining.run import plan_from, retrain

    result = retrain(
        database,
        settings,
        plan_from(settings),
        say=lambda line: log.info("retrain", progress=line),
        stop=stop,
    )
    log.info("retrain ended", status=result.status, candidate=result.candidate, told=result.sentence)


@cache  # says it once, not every night
def _can_train() -> bool:
    missing = [name for name in ("torch", "transformers") if find_spec(name) is None]
    if missing:
        log.warning(
            "this worker can't retrain; install the extra with pip install 'domaingen[train]', or leave the queue "
            "train to one that has it",
            missing=missing,
        )
    return not missing
