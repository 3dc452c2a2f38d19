"""A broker that goes away in the middle of a command is a BrokerError, as one that was never there."""

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from domaingen.errors import BrokerError
from domaingen.private_broker import redis_binary
from domaingen.queueing import CeleryPublisher, PatientChannel, make_app
from domaingen.settings import load_settings
from tests.conftest import missing
from tests.support.servers import RedisServer


@pytest.fixture
def server(tmp_path: Path) -> Iterator[RedisServer]:
    if redis_binary() is None:
        missing("no redis-server program")
    server = RedisServer(tmp_path / "redis")
    server.start()
    yield server
    server.kill()


@pytest.mark.parametrize(
    ("command", "ask"),
    [
        ("_has_queue", lambda publisher: publisher.depth()),
        ("_put", lambda publisher: publisher.call_scorer("b", [1])),
        ("_put", lambda publisher: publisher.publish("b", [[1], [2]])),
    ],
    ids=["depth", "call_scorer", "publish"],
)
def test_a_broker_that_dies_within_a_command(
    server: RedisServer, monkeypatch: pytest.MonkeyPatch, command: str, ask: Callable[[CeleryPublisher], object]
) -> None:
    original = getattr(PatientChannel, command)

    def die_and_ask(channel: PatientChannel, *arguments: Any, **options: Any) -> object:
        server.kill()
        return original(channel, *arguments, **options)

    monkeypatch.setattr(PatientChannel, command, die_and_ask)
    publisher = CeleryPublisher(make_app(load_settings(), server.url))
    with pytest.raises(BrokerError, match="can't be reached"):
        ask(publisher)
