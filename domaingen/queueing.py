"""The queue: a Celery application made from the settings, and a publisher of row ids.

The database is the truth about rows; messages only carry ids, and losing or doubling one costs time and nothing
else (domaingen.reaper). The producer publishes with this application by task name, the worker registers its
tasks on it. What each option is for stands beside it; measured reasons are in docs/operations.md.
"""

from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any, Protocol

import redis
import structlog
from celery import Celery
from kombu import Connection, Queue
from kombu.exceptions import OperationalError
from kombu.transport import redis as redis_transport

from domaingen.errors import BrokerError
from domaingen.settings import Settings

log = structlog.get_logger(__name__)

GENERATE, SCORE, TRAIN, MAINTENANCE = "generate", "score", "train", "maintenance"
QUEUES = (GENERATE, SCORE, TRAIN, MAINTENANCE)

GENERATE_TASK = "domaingen.generate"
SCORE_TASK = "domaingen.score"
REAP_TASK = "domaingen.reap"
CALL_SCORER_TASK = "domaingen.call_scorer"
JUDGE_BATCHES_TASK = "domaingen.judge_batches"
RETRAIN_TASK = "domaingen.retrain"


class PatientChannel(redis_transport.Channel):  # type: ignore[misc]
    """A Redis channel that says so when it has lost its connection.

    kombu 5.7.0 raises AttributeError there (it asks a connection that is None for its host), when a channel closes
    or a message that arrived before is acknowledged. Celery takes that for an unrecoverable error, and one broken
    connection ends the worker; a connection error it survives, as every other one.
    """

    def _connparams(self, asynchronous: bool = False) -> dict[str, Any]:
        try:
            parameters: dict[str, Any] = super()._connparams(asynchronous)
        except AttributeError as error:
            raise redis.ConnectionError("the channel has lost its connection") from error
        return parameters


def make_app(settings: Settings, broker_url: str) -> Celery:
    """A Celery application for this broker. It holds no tasks; `worker.app` adds them."""
    amqp = broker_url.startswith(("amqp", "pyamqp"))
    redis_transport.Transport.Channel = PatientChannel
    app = Celery("domaingen", broker=broker_url, set_as_current=False)
    app.conf.update(
        # JSON alone: a pickle from the broker would be code from the broker.
        accept_content=["json"],
        task_serializer="json",
        result_serializer="json",
        # Results are rows in the database; a result backend would be a second truth and a second cost.
        task_ignore_result=True,
        result_backend=None,
        # Explicit queues, so that a typing error fails instead of making a queue that nobody reads.
        task_queues=[
            # RabbitMQ: quorum queues survive the loss of a node, classic mirrored ones are gone in 4.x.
            Queue(name, routing_key=name, queue_arguments={"x-queue-type": "quorum"} if amqp else None)
            for name in QUEUES
        ],
        task_default_queue=MAINTENANCE,
        task_default_exchange_type="direct",
        task_create_missing_queues=False,
        task_routes={
            GENERATE_TASK: {"queue": GENERATE},
            SCORE_TASK: {"queue": SCORE},
            REAP_TASK: {"queue": MAINTENANCE},
            CALL_SCORER_TASK: {"queue": MAINTENANCE},
            JUDGE_BATCHES_TASK: {"queue": SCORE},
            RETRAIN_TASK: {"queue": TRAIN},
        },
        # Messages are acknowledged when a task starts. Late acknowledgement buys nothing here: the lease in the
        # database brings a crashed worker's rows back sooner than a broker does, and exactly once.
        task_acks_late=False,
        # One message in reserve for each running one: enough to hide the broker, few to hand back at a kill.
        worker_prefetch_multiplier=1,
        # With a visibility timeout alone Redis restores messages up to 100 s late; these make it prompt.
        broker_transport_options=(
            {}
            if amqp
            else {
                "visibility_timeout": settings.visibility_timeout_s,
                "unacked_restore_interval": 5,
                "unacked_restore_limit": 1000,
                "socket_timeout": 30,
                "socket_connect_timeout": 10,
                "health_check_interval": 10,
                # No retry_on_timeout: redis-py then mends any lost connection behind kombu's back, and a worker
                # whose connection for broadcasts breaks waits on the new, silent one for ever and takes no message.
            }
        ),
        # A broker that is restarting is waited for, at the start and later, without a limit.
        broker_connection_retry_on_startup=True,
        broker_connection_max_retries=None,
        broker_connection_timeout=5,
        worker_cancel_long_running_tasks_on_connection_loss=False,
        # A model may load for longer than the 4 s after which Celery kills a new child for ever.
        worker_proc_alive_timeout=120,
        # Ctrl-C and SIGTERM: finish the chunk in hand, at most this long; the rest comes back by its lease.
        worker_soft_shutdown_timeout=20,
        worker_hijack_root_logger=False,
        worker_redirect_stdouts=False,
        # Flower reads events.
        worker_send_task_events=True,
        task_send_sent_event=True,
        # Events of a dead Flower must not pile up in the broker.
        event_queue_ttl=60,
        event_queue_expires=120,
        timezone="UTC",
        enable_utc=True,
    )
    return app


class Publisher(Protocol):
    """Where ids of rows are published."""

    def publish(self, batch_id: str, chunks: Iterable[Sequence[int]]) -> int:
        """Send one message for each chunk of row ids; returns how many were sent.

        Raises:
            BrokerError: The broker can't be reached; what was not sent, the reaper sends later.
        """
        ...

    def depth(self, queue: str = GENERATE) -> int:
        """Messages that wait in a queue.

        Raises:
            BrokerError: The broker can't be reached.
        """
        ...


class CeleryPublisher:
    """Publishes through a Celery application."""

    def __init__(self, app: Celery) -> None:
        self._app = app
        # Also what the broker's client itself raises when its connection breaks in the middle of a command: Celery
        # and kombu translate only the errors of a first connection and of retried sends. For Redis kombu counts
        # KeyError among them, which is more likely a mistake of ours.
        self._lost: tuple[type[Exception], ...] = (
            OperationalError,
            OSError,
            *(error for error in app.connection_for_write().connection_errors if error is not KeyError),
        )

    @contextmanager
    def _broker_errors(self) -> Iterator[None]:
        try:
            yield
        except self._lost as error:
            raise BrokerError(f"the broker can't be reached ({type(error).__name__}); is it running?") from error

    def publish(self, batch_id: str, chunks: Iterable[Sequence[int]]) -> int:
        """See `Publisher.publish`."""
        sent = 0
        with self._broker_errors(), self._app.producer_pool.acquire(block=True, timeout=30) as producer:
            for chunk in chunks:
                self._app.send_task(
                    GENERATE_TASK,
                    args=[batch_id, list(chunk)],
                    producer=producer,
                    retry=True,
                    retry_policy={"max_retries": 5, "interval_start": 0.1, "interval_max": 2},
                )
                sent += 1
        return sent

    def call_scorer(self, batch_id: str | None = None, item_ids: Sequence[int] = ()) -> None:
        """Call a scoring worker to what is due, beginning with these rows.

        Raises:
            BrokerError: The broker can't be reached; the next call finds the rows in the database.
        """
        with self._broker_errors():
            # One more try, for a connection that broke while it was idle, and no wait: a generating worker must not
            # stand still for a message that may be lost.
            self._app.send_task(
                SCORE_TASK,
                args=[batch_id, list(item_ids)],
                retry=True,
                retry_policy={"max_retries": 1, "interval_start": 0, "interval_step": 0},
            )

    def depth(self, queue: str = GENERATE) -> int:
        """See `Publisher.depth`. A queue that does not exist (yet, or since a flush) is empty."""
        with self._broker_errors(), self._app.connection_for_write(connect_timeout=5) as connection:
            return _depth(connection, queue)


def _depth(connection: Connection, queue: str) -> int:
    connection.ensure_connection(max_retries=1, timeout=5)
    with connection.channel() as channel:
        try:
            return int(channel.queue_declare(queue=queue, passive=True).message_count)
        except (*connection.channel_errors, KeyError):
            return 0


__all__ = [
    "CALL_SCORER_TASK",
    "GENERATE",
    "GENERATE_TASK",
    "JUDGE_BATCHES_TASK",
    "MAINTENANCE",
    "QUEUES",
    "REAP_TASK",
    "RETRAIN_TASK",
    "SCORE",
    "SCORE_TASK",
    "TRAIN",
    "CeleryPublisher",
    "Publisher",
    "make_app",
]
