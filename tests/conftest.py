"""Fixtures for all tests: databases, settings, servers.

Servers that the machine offers are found by DOMAINGEN_TEST_DATABASE_URL and DOMAINGEN_TEST_REDIS_URL. On a laptop
without them the tests that need them are skipped with the reason; in CI (CI=true) they fail instead.
"""

import os
import socket
import uuid
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
import redis
from sqlalchemy import create_engine, make_url, text
from sqlalchemy.exc import OperationalError

from domaingen.settings import Settings, load_settings
from domaingen.store.database import Database
from domaingen.store.migrate import upgrade

POSTGRES_URL = os.environ.get(
    "DOMAINGEN_TEST_DATABASE_URL", "postgresql+psycopg://postgres@127.0.0.1:5432/postgres"
)
REDIS_URL = os.environ.get("DOMAINGEN_TEST_REDIS_URL", "redis://127.0.0.1:6379/0")
RABBITMQ_URL = os.environ.get("DOMAINGEN_TEST_RABBITMQ_URL", "amqp://guest:guest@127.0.0.1:5672//")


def missing(reason: str) -> None:
    """Skip on a laptop, fail in CI."""
    if os.environ.get("CI") == "true":
        pytest.fail(f"CI must have it: {reason}")
    pytest.skip(reason)


class BeyondLoopbackError(AssertionError):
    """A test wanted to reach a host that is neither this machine nor one of the test servers."""


def _is_local(host: object) -> bool:
    name = host.decode() if isinstance(host, bytes) else str(host or "localhost")
    servers = {make_url(url).host for url in (POSTGRES_URL, REDIS_URL, RABBITMQ_URL)}
    return name in {"localhost", "::1", "::", "0.0.0.0", socket.gethostname(), *servers} or name.startswith("127.")


@pytest.fixture(autouse=True, scope="session")
def _loopback_only() -> Iterator[None]:
    """No test reaches beyond this machine: neither by a connection nor by asking for an address."""
    connect, look_up = socket.socket.connect, socket.getaddrinfo
    found: set[object] = set()

    def guarded_connect(self: socket.socket, address: Any) -> None:
        if self.family in {socket.AF_INET, socket.AF_INET6} and not (_is_local(address[0]) or address[0] in found):
            raise BeyondLoopbackError(f"a test wants to connect to {address[0]}")
        connect(self, address)

    def guarded_look_up(host: Any, *arguments: Any, **options: Any) -> Any:
        if not (_is_local(host) or host in found):
            raise BeyondLoopbackError(f"a test wants the address of {host}")
        addresses = look_up(host, *arguments, **options)
        found.update(each[4][0] for each in addresses)
        return addresses

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(socket.socket, "connect", guarded_connect)
        patch.setattr(socket, "getaddrinfo", guarded_look_up)
        yield


@pytest.fixture(autouse=True)
def _clean_environment(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """No setting or key of the person who runs the tests reaches them, and nothing is written to their HOME."""
    for name in list(os.environ):
        if name.startswith(("DOMAINGEN_", "OPENAI_")) and not name.startswith("DOMAINGEN_TEST_"):
            monkeypatch.delenv(name)
    monkeypatch.setenv("DOMAINGEN_HOME", str(tmp_path / "home"))


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    return load_settings()


@pytest.fixture
def sqlite_url(tmp_path: Path) -> str:
    url = f"sqlite:///{tmp_path / 'test.sqlite3'}"
    database = Database(url)
    upgrade(database)
    database.close()
    return url


@pytest.fixture(scope="session")
def postgres_template() -> Iterator[str]:
    """A database at the newest schema that tests clone, which takes a tenth of the time of migrating."""
    name = f"domaingen_template_{uuid.uuid4().hex[:8]}"
    admin = create_engine(POSTGRES_URL, isolation_level="AUTOCOMMIT")
    try:
        with admin.connect() as connection:
            connection.execute(text(f"CREATE DATABASE {name}"))
    except OperationalError as error:
        missing(f"no PostgreSQL at {make_url(POSTGRES_URL).render_as_string(hide_password=True)}: {error.orig}")
    database = Database(make_url(POSTGRES_URL).set(database=name).render_as_string(hide_password=False))
    upgrade(database)
    database.close()
    yield name
    with admin.connect() as connection:
        connection.execute(text(f"DROP DATABASE {name} WITH (FORCE)"))
    admin.dispose()


@pytest.fixture
def postgres_url(postgres_template: str) -> Iterator[str]:
    name = f"domaingen_test_{uuid.uuid4().hex[:8]}"
    admin = create_engine(POSTGRES_URL, isolation_level="AUTOCOMMIT")
    with admin.connect() as connection:
        connection.execute(text(f"CREATE DATABASE {name} TEMPLATE {postgres_template}"))
    yield make_url(POSTGRES_URL).set(database=name).render_as_string(hide_password=False)
    with admin.connect() as connection:
        connection.execute(text(f"DROP DATABASE {name} WITH (FORCE)"))
    admin.dispose()


@pytest.fixture(params=["sqlite", "postgres"])
def database_url(request: pytest.FixtureRequest) -> str:
    """Runs a test on both databases."""
    return str(request.getfixturevalue(f"{request.param}_url"))


@pytest.fixture
def database(database_url: str) -> Iterator[Database]:
    database = Database(database_url)
    yield database
    database.close()


@pytest.fixture
def redis_url() -> str:
    """The machine's Redis, for tests that only need one to be there. They use keys of their own."""
    try:
        redis.Redis.from_url(REDIS_URL, socket_timeout=2).ping()
    except redis.RedisError as error:
        missing(f"no Redis at {REDIS_URL}: {error}")
    return REDIS_URL


@pytest.fixture
def make_batch(database: Database) -> Callable[..., tuple[str, list[int]]]:
    """Stores a batch of simple rows, open and ready to be claimed; returns its id and the rows' ids."""
    from tests.support.rows import store_batch

    def make(rows: int = 10, **changes: object) -> tuple[str, list[int]]:
        return store_batch(database, rows, **changes)

    return make
