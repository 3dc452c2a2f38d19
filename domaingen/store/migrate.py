"""Bringing a database to the schema of this program.

A SQLite file belongs to this machine and is upgraded by the program itself. A Postgres is shared by hosts that
may run different versions, so it is upgraded by an explicit command, `domaingen db upgrade`, and refused before.
"""

from pathlib import Path

from alembic import command
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy.exc import DBAPIError

from domaingen.errors import StoreError
from domaingen.locks import exclusive
from domaingen.store.database import Database


def _config() -> Config:
    config = Config()
    config.set_main_option("script_location", str(Path(__file__).parent / "migrations"))
    return config


def head_revision() -> str:
    """The newest schema version that this program knows."""
    head = ScriptDirectory.from_config(_config()).get_current_head()
    assert head is not None  # noqa: S101 - migrations are part of the package
    return head


def current_revision(database: Database) -> str | None:
    """The database's schema version; None for an empty one.

    Raises:
        StoreError: It can't be reached.
    """
    try:
        with database.read() as connection:
            return MigrationContext.configure(connection).get_current_revision()
    except DBAPIError as error:
        place = database.url.render_as_string(hide_password=True)
        raise StoreError(
            f"the database {place} can't be reached ({type(error).__name__}); check DOMAINGEN_DATABASE_URL"
        ) from error


def upgrade(database: Database) -> str:
    """Apply all missing migrations and return the version reached.

    Raises:
        StoreError: The database was made by a newer program.
    """
    known = {revision.revision for revision in ScriptDirectory.from_config(_config()).walk_revisions()}
    current = current_revision(database)
    if current is not None and current not in known:
        raise StoreError(f"the database has schema {current}, which this version does not know; update domaingen")
    config = _config()
    with database.begin() as connection:
        config.attributes["connection"] = connection
        command.upgrade(config, "head")
    return head_revision()


def ensure_ready(database: Database) -> None:
    """Upgrade a SQLite file; check a Postgres.

    Raises:
        StoreError: A Postgres is not at this program's version; says what to run.
    """
    if database.is_sqlite:
        if current_revision(database) != head_revision():
            file = Path(str(database.url.database))
            with exclusive(file.with_name(file.name + ".upgrade.lock")):
                upgrade(database)
        return
    current, head = current_revision(database), head_revision()
    if current != head:
        state = "is empty" if current is None else f"has schema {current}"
        raise StoreError(f"the database {state}, this program needs {head}; run `domaingen db upgrade`")
