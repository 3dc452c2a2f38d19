"""Arenas for fault tests, on SQLite or on a Postgres of the test's own."""

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from domaingen.store.database import Database
from domaingen.store.migrate import upgrade
from tests.conftest import missing
from tests.faults.arena import Arena
from tests.support.servers import PostgresServer


@pytest.fixture
def make_arena(tmp_path: Path) -> Iterator[Callable[..., Arena]]:
    arenas: list[Arena] = []

    def make(database_url: str, **settings: object) -> Arena:
        arena = Arena(tmp_path / f"arena{len(arenas)}", database_url, **settings)  # type: ignore[arg-type]
        arenas.append(arena)
        return arena

    yield make
    for arena in arenas:
        arena.close()


@pytest.fixture
def own_postgres(tmp_path: Path) -> Iterator[PostgresServer]:
    """A PostgreSQL that this test may stop."""
    binaries = PostgresServer.find_binaries()
    if binaries is None:
        missing("no PostgreSQL server programs (initdb) on this machine")
    assert binaries is not None
    server = PostgresServer(tmp_path / "postgres", binaries)
    server.create()
    database = Database(server.url)
    upgrade(database)
    database.close()
    yield server
    server.stop("immediate")
