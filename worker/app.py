"""The Celery application of a worker: the shared queue settings with this room's tasks and schedule on it."""

import structlog
from celery import Celery
from celery.schedules import crontab
from celery.signals import setup_logging, worker_process_init

from domaingen.assembly import Assembly
from domaingen.errors import SettingsError
from domaingen.logs import configure_logging
from domaingen.private_broker import broker_url
from domaingen.queueing import (
    CALL_SCORER_TASK,
    JUDGE_BATCHES_TASK,
    MAINTENANCE,
    REAP_TASK,
    RETRAIN_TASK,
    SCORE,
    TRAIN,
    make_app,
)
from domaingen.settings import Settings
from worker.tasks import SourceFactory, register_tasks

log = structlog.get_logger(__name__)


def create_app(settings: Settings, *, broker: str | None = None, make_source: SourceFactory = Assembly) -> Celery:
    """An application with all tasks, for a worker, beat or Flower."""
    app = make_app(settings, broker or settings.broker_url or broker_url(settings.home))
    register_tasks(app, settings, make_source=make_source)
    app.conf.beat_schedule = {
        "reap": {
            "task": REAP_TASK,
            "schedule": settings.reap_interval_s,
            # A worker that was away must not find an hour of rounds waiting.
            "options": {"queue": MAINTENANCE, "expires": max(settings.reap_interval_s, 1.0)},
        },
        "judge-batches": {
            "task": JUDGE_BATCHES_TASK,
            "schedule": settings.judge_batch_poll_s,
            "options": {"queue": SCORE, "expires": settings.judge_batch_poll_s},
        },
        "call-scorer": {
            "task": CALL_SCORER_TASK,
            "schedule": settings.judge_drain_interval_s,
            "options": {"queue": MAINTENANCE, "expires": max(settings.judge_drain_interval_s, 1.0)},
        },
    }
    if settings.retrain == "on":
        app.conf.beat_schedule["retrain"] = {
            "task": RETRAIN_TASK,
            "schedule": _cron(settings.retrain_cron),
            # Where no worker reads the queue, the looks of a year must not wait for the first that does.
            "options": {"queue": TRAIN, "expires": 3600},
        }
    app.conf.beat_scheduler = "worker.beat:LockedScheduler"
    app.conf.beat_max_loop_interval = 5
    return app


def _cron(text: str) -> crontab:
    try:
        return crontab.from_string(text)
    except (ValueError, TypeError) as error:
        raise SettingsError(
            f"DOMAINGEN_RETRAIN_CRON: {text!r} is no cron rule ({error}); give minute, hour, day, month and weekday, "
            "e.g. 0 3 * * 0"
        ) from error


def log_through_structlog(settings: Settings, process: str) -> None:
    """Keep Celery from configuring logging: one pipeline for all processes (domaingen.logs)."""

    @setup_logging.connect(weak=False)
    def _configure(**_: object) -> None:
        configure_logging(settings, process=process)

    @worker_process_init.connect(weak=False)
    def _configure_child(**_: object) -> None:
        configure_logging(settings, process=process)

    configure_logging(settings, process=process)
