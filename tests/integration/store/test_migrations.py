"""Migrations lead to the models, on both databases."""

from pathlib import Path

import pytest
from alembic.autogenerate import compare_metadata
from alembic.runtime.migration import MigrationContext
from sqlalchemy import inspect, text

from domaingen.errors import StoreError
from domaingen.store.database import Database
from domaingen.store.migrate import current_revision, ensure_ready, head_revision, upgrade
from domaingen.store.schema import Table


def described(database: Database) -> dict[str, object]:
    """Tables with their columns, constraints and indexes, as the database itself tells them."""
    inspector = inspect(database.engine)
    tables: dict[str, object] = {}
    for name in sorted(inspector.get_table_names()):
        if name == "alembic_version":
            continue
        tables[name] = {
            "columns": {
                column["name"]: (str(column["type"]), column["nullable"]) for column in inspector.get_columns(name)
            },
            "checks": {check["name"]: check["sqltext"] for check in inspector.get_check_constraints(name)},
            "unique": {
                unique["name"]: unique["column_names"] for unique in inspector.get_unique_constraints(name)
            },
            "foreign": {
                key["name"]: (key["constrained_columns"], key["referred_table"], key["options"])
                for key in inspector.get_foreign_keys(name)
            },
            "primary": inspector.get_pk_constraint(name)["constrained_columns"],
            "indexes": {
                index["name"]: (
                    index["column_names"],
                    index["unique"],
                    sorted(f"{key}: {value}" for key, value in index.get("dialect_options", {}).items()),
                )
                for index in inspector.get_indexes(name)
            },
        }
    return tables


def test_alembic_finds_no_difference_between_migrations_and_models(database: Database) -> None:
    with database.read() as connection:
        context = MigrationContext.configure(connection, opts={"compare_type": True})
        assert compare_metadata(context, Table.metadata) == []


def test_an_upgraded_empty_database_equals_the_models(database: Database, tmp_path: Path) -> None:
    migrated = described(database)
    if database.is_sqlite:
        fresh = Database(f"sqlite:///{tmp_path / 'fresh.sqlite3'}")
        Table.metadata.create_all(fresh.engine)
    else:
        fresh = database
        with database.engine.begin() as connection:
            connection.execute(text("DROP SCHEMA public CASCADE"))
            connection.execute(text("CREATE SCHEMA public"))
        Table.metadata.create_all(database.engine)
    assert migrated == described(fresh)
    assert "outcomes" in migrated


def test_a_new_sqlite_file_is_made_ready_by_the_program(tmp_path: Path) -> None:
    database = Database(f"sqlite:///{tmp_path / 'deep' / 'new.sqlite3'}")
    ensure_ready(database)
    assert current_revision(database) == head_revision()


def test_an_empty_postgres_is_refused_with_the_command_to_run(postgres_url: str) -> None:
    database = Database(postgres_url)
    with database.engine.begin() as connection:
        connection.execute(text("DROP TABLE alembic_version"))
    with pytest.raises(StoreError, match="domaingen db upgrade"):
        ensure_ready(database)
    database.close()


def test_a_database_of_a_newer_program_is_refused(sqlite_url: str) -> None:
    database = Database(sqlite_url)
    with database.begin() as connection:
        connection.execute(text("UPDATE alembic_version SET version_num = '9999'"))
    with pytest.raises(StoreError, match="update domaingen"):
        upgrade(database)


def test_an_unreachable_postgres_is_named_without_its_password() -> None:
    database = Database("postgresql://user:secret@127.0.0.1:1/none")
    with pytest.raises(StoreError, match="can't be reached") as error:
        ensure_ready(database)
    assert "secret" not in str(error.value)
