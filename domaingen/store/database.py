"""Opening a database: one engine per process, explicit transactions, the two dialects' differences.

SQLite runs in WAL mode with every writing transaction begun as IMMEDIATE: a deferred one that reads first and
writes later fails at once when another writer was faster, whatever the busy timeout
(https://www.sqlite.org/lang_transaction.html).
"""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, TypeVar

import structlog
from sqlalchemy import Connection, Double, create_engine, event, make_url
from sqlalchemy.exc import DBAPIError, OperationalError
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.sql.expression import FunctionElement
from tenacity import Retrying, retry_if_exception, stop_after_delay, wait_exponential_jitter

from domaingen.errors import StoreError

log = structlog.get_logger(__name__)
Result = TypeVar("Result")

_BUSY_TIMEOUT_MS = 60_000


class now_s(FunctionElement[float]):  # noqa: N801 - reads as a SQL function
    """The database's clock in Unix seconds, so that hosts with wrong clocks agree about leases."""

    type = Double()
    inherit_cache = True
    name = "now_s"


@compiles(now_s, "sqlite")
def _now_sqlite(element: Any, compiler: Any, **kwargs: Any) -> str:
    return "((julianday('now') - 2440587.5) * 86400.0)"


@compiles(now_s, "postgresql")
def _now_postgres(element: Any, compiler: Any, **kwargs: Any) -> str:
    # clock_timestamp() moves within a transaction, now() does not.
    return "CAST(EXTRACT(EPOCH FROM clock_timestamp()) AS DOUBLE PRECISION)"


class Database:
    """An engine and the one way to use it: `with database.begin() as connection`.

    A session is never held during a model call: claim and commit, work, record and commit.
    """

    def __init__(self, url: str) -> None:
        try:
            parsed = make_url(url)
        except Exception as error:
            raise StoreError("DOMAINGEN_DATABASE_URL is no database URL; see docs/settings.md") from error
        if parsed.get_backend_name() not in {"sqlite", "postgresql"}:
            raise StoreError(f"database {parsed.get_backend_name()} is not supported; use SQLite or PostgreSQL")
        if parsed.drivername == "postgresql":
            parsed = parsed.set(drivername="postgresql+psycopg")
        self.is_sqlite = parsed.get_backend_name() == "sqlite"
        self.url = parsed
        if self.is_sqlite:
            if parsed.database in {None, "", ":memory:"}:
                raise StoreError("an in-memory SQLite can't be shared between processes; name a file")
            Path(str(parsed.database)).parent.mkdir(parents=True, exist_ok=True)
            self.engine = create_engine(parsed, connect_args={"timeout": _BUSY_TIMEOUT_MS / 1000})
            event.listen(self.engine, "connect", _prepare_sqlite)
            event.listen(self.engine, "begin", _begin_immediate)
        else:
            # pre_ping: a server restart must cost one reconnect, not one failed chunk per pooled connection.
            self.engine = create_engine(
                parsed, pool_pre_ping=True, pool_recycle=1800, connect_args={"connect_timeout": 10}
            )
            event.listen(self.engine, "connect", _prepare_postgres)

    @contextmanager
    def begin(self) -> Iterator[Connection]:
        """A transaction: committed at the end of the block, rolled back on an error."""
        with self.engine.begin() as connection:
            yield connection

    @contextmanager
    def read(self) -> Iterator[Connection]:
        """A connection for reading alone; on SQLite it takes no write lock."""
        with self.engine.connect().execution_options(domaingen_read=True) as connection:
            yield connection

    def close(self) -> None:
        """Close all pooled connections."""
        self.engine.dispose()


def _prepare_sqlite(connection: Any, _record: Any) -> None:
    connection.isolation_level = None  # pysqlite must not begin transactions by itself; _begin_immediate does
    cursor = connection.cursor()
    cursor.execute(f"PRAGMA busy_timeout={_BUSY_TIMEOUT_MS}")
    cursor.execute("PRAGMA journal_mode=WAL")
    # NORMAL in WAL loses no committed transaction when a process is killed, only on power loss.
    cursor.execute("PRAGMA synchronous=NORMAL")
    cursor.execute("PRAGMA foreign_keys=ON")
    cursor.execute("PRAGMA cache_size=-16000")
    cursor.close()


def _prepare_postgres(connection: Any, _record: Any) -> None:
    # A process that is frozen within a transaction must not hold its rows for ever. Set by a statement and not at
    # connecting, which PgBouncer refuses.
    connection.autocommit = True
    connection.execute("SET idle_in_transaction_session_timeout = '60s'")
    connection.autocommit = False


def _begin_immediate(connection: Connection) -> None:
    reading = connection.get_execution_options().get("domaingen_read")
    connection.exec_driver_sql("BEGIN" if reading else "BEGIN IMMEDIATE")


def is_passing(error: BaseException) -> bool:
    """Whether a database error may go away by itself: a restart, a lost connection, a lock held too long."""
    return isinstance(error, OperationalError) or (isinstance(error, DBAPIError) and error.connection_invalidated)


def retrying(work: Callable[[], Result], *, patience_s: float = 60.0) -> Result:
    """Call `work`, a whole transaction, again while the database is away, for at most `patience_s` seconds."""
    for attempt in Retrying(
        retry=retry_if_exception(is_passing),
        stop=stop_after_delay(patience_s),
        wait=wait_exponential_jitter(multiplier=0.1, max=5.0),
        reraise=True,
        before_sleep=lambda state: log.warning(
            "database is away; trying again",
            attempt=state.attempt_number,
            error=type(state.outcome.exception()).__name__ if state.outcome else None,
        ),
    ):
        with attempt:
            return work()
    raise AssertionError("unreachable: tenacity re-raises")
