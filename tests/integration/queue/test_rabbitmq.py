"""The queue on RabbitMQ: quorum queues, by URL alone."""

from pathlib import Path

import pytest
from kombu import Connection

from domaingen.queueing import GENERATE, QUEUES, CeleryPublisher, make_app
from domaingen.settings import load_settings
from domaingen.store.batches import progress
from domaingen.store.database import Database
from tests.conftest import RABBITMQ_URL, missing
from tests.support.rows import assert_all_ended_once, store_batch
from tests.support.servers import WorkerProcess, wait_until


@pytest.fixture
def rabbitmq_url() -> str:
    try:
        with Connection(RABBITMQ_URL, connect_timeout=3) as connection:
            connection.ensure_connection(max_retries=1, timeout=3)
    except OSError as error:
        missing(f"no RabbitMQ at the test URL: {error}")
    return RABBITMQ_URL


def test_a_batch_passes_through_quorum_queues(rabbitmq_url: str, sqlite_url: str, tmp_path: Path) -> None:
    settings = load_settings()
    app = make_app(settings, rabbitmq_url)
    database = Database(sqlite_url)
    batch_id, ids = store_batch(database, 100)
    publisher = CeleryPublisher(app)
    assert publisher.publish(batch_id, [ids[:50], ids[50:]]) == 2
    environment = {"DOMAINGEN_DATABASE_URL": sqlite_url, "DOMAINGEN_BROKER_URL": rabbitmq_url}
    worker = WorkerProcess(
        environment, "--pool", "threads", "--concurrency", "2", log=tmp_path / "worker.log"
    ).start()
    try:
        wait_until(lambda: progress(database, batch_id).done == 100, timeout_s=60, what="100 outcomes")
    finally:
        worker.kill()
    assert_all_ended_once(database, batch_id, 100)
    with Connection(rabbitmq_url) as connection, connection.channel() as channel:
        for name in QUEUES:
            channel.queue_declare(name, passive=True)
    assert publisher.depth(GENERATE) == 0
    database.close()
