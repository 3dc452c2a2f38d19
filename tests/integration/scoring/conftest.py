"""Fixtures of the scoring tests."""

from collections.abc import Iterator

import pytest

from domaingen.store.database import Database


@pytest.fixture
def sqlite_database(sqlite_url: str) -> Iterator[Database]:
    """For what does not differ between databases."""
    database = Database(sqlite_url)
    yield database
    database.close()
