"""Thin tasks: bind ids, call one use case, return. What the work is stands in the core."""

import os
import threading
from collections.abc import Callable, Sequence
from functools import partial
from typing import TYPE_CHECKING

import structlog
from celery import Celery
from celery.signals import worker_shutting_down

from domaingen import metrics
from domaingen.assembly import Assembly
from domaingen.chunks import PartsSource, generate_chunk
from domaingen.queueing import (
    CALL_SCORER_TASK,
    GENERATE_TASK,
    JUDGE_BATCHES_TASK,
    QUEUES,
    REAP_TASK,
    RETRAIN_TASK,
    SCORE_TASK,
    CeleryPublisher,
)
from domaingen.reaper import reap
from domaingen.scoring.calling import call_for_rows, call_if_due, has_batch_work
from domaingen.scoring.progress import observe_scoring
from domaingen.settings import Settings
from domaingen.store.database import Database
from worker.retraining import retrain_if_due

if TYPE_CHECKING:
    from domaingen.scoring.scorer import Scorer

log = structlog.get_logger(__name__)

SourceFactory = Callable[[Settings, Database], PartsSource]


class ProcessResources:
    """The database and the models of one process. Made on first use and again in a forked child, since neither
    connections nor an engine's threads survive a fork."""

    def __init__(self, settings: Settings, make_source: SourceFactory) -> None:
        self._settings, self._make_source = settings, make_source
        self._lock = threading.Lock()
        self._pid: int | None = None
        self._scorer: Scorer | None = None

    def get(self) -> tuple[Database, PartsSource]:
        """This process's database and source of parts."""
        with self._lock:
            if self._pid != os.getpid():
                self._database = Database(self._settings.database)
                self._source = self._make_source(self._settings, self._database)
                self._scorer = None
                self._pid = os.getpid()
            return self._database, self._source

    def scorer(self) -> "Scorer":
        """This process's scorer. The OpenAI client is imported here: a process that only generates needs none."""
        from domaingen.scoring.scorer import Scorer

        database, _ = self.get()
        with self._lock:
            self._scorer = self._scorer or Scorer(database, self._settings)
            return self._scorer

    def stop_scoring(self) -> None:
        """Let a drain under way end soon; for a worker that is shutting down."""
        if self._scorer is not None:
            self._scorer.stop()


def register_tasks(app: Celery, settings: Settings, *, make_source: SourceFactory = Assembly) -> None:
    """Put the tasks on an application. `make_source` says where the pipeline's parts come from; benchmarks and
    fault tests put an instant generator there."""
    resources = ProcessResources(settings, make_source)
    task = partial(app.task, ignore_result=True)
    publisher = CeleryPublisher(app)

    def announce(batch_id: str, item_ids: Sequence[int]) -> None:
        call_for_rows(publisher, batch_id, item_ids)

    stopping = threading.Event()

    @worker_shutting_down.connect(weak=False)
    def _stop_long_work(**_: object) -> None:
        resources.stop_scoring()
        stopping.set()

    @task(name=GENERATE_TASK)
    def generate(batch_id: str, item_ids: list[int]) -> None:
        database, source = resources.get()
        generate_chunk(database, settings, source, batch_id, item_ids, on_unjudged=announce)

    @task(name=SCORE_TASK)
    def score(batch_id: str | None, item_ids: list[int]) -> None:
        resources.scorer().score(item_ids)

    @task(name=JUDGE_BATCHES_TASK)
    def judge_provider_batches() -> None:
        database, _ = resources.get()
        if has_batch_work(database):
            from domaingen.scoring.batch_api import judge_batches

            judge_batches(database, settings)

    @task(name=CALL_SCORER_TASK)
    def call_scorer() -> None:
        database, _ = resources.get()
        call_if_due(database, publisher)

    @task(name=RETRAIN_TASK)
    def retrain() -> None:
        database, _ = resources.get()
        retrain_if_due(database, settings, stopping)

    @task(name=REAP_TASK)
    def reap_round() -> None:
        database, _ = resources.get()
        report = reap(database, publisher, chunk_size=settings.chunk_size, grace_s=settings.publish_grace_s)
        metrics.EXPIRED_LEASES.inc(report.expired_leases)
        metrics.REPUBLISHED.inc(report.republished_rows)
        for queue in QUEUES:
            metrics.QUEUE_DEPTH.labels(queue).set(publisher.depth(queue))
        observe_scoring(database)
