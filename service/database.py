"""The engine, and the two ways to use it: `reading()` and `transaction()`.

On SQLite a transaction takes the write lock at its start (`BEGIN IMMEDIATE`), so that two writers queue up instead of
failing half-way, and the database uses a write-ahead log only with a library that has the fix for the bug that corrupts it
(SQLite 3.7.0 to 3.51.2: two connections that write and checkpoint at the same moment).
"""

import logging
from collections.abc import Iterator
from contextlib import contextmanager
from importlib import import_module
from pathlib import Path
from types import ModuleType
from typing import Any, Final

import sqlalchemy
from sqlalchemy import event
from sqlalchemy.engine import URL, make_url
from sqlalchemy.orm import Session, sessionmaker
from sqlalchemy.pool import NullPool

from service import waits
from service.records.clock import teach_host_clock

logger = logging.getLogger(__name__)


def _sqlite_module() -> ModuleType:
    """Return the DB-API module with the newest SQLite: pysqlite3 brings its own, Python's may be old."""
    try:
        return import_module("pysqlite3.dbapi2")
    except ImportError:  # there is no wheel of it for every platform
        return import_module("sqlite3")


SQLITE: Final = _sqlite_module()
"""Loaded here and now: TensorFlow exports the functions of the SQLite that is built into it, an older one, and a module that
is loaded after it calls those."""

FIRST_SQLITE_WITH_SAFE_WAL: Final = (3, 51, 3)
BUSY_TIMEOUT_MILLISECONDS: Final = 20_000
SILENCE_MILLISECONDS: Final = 60_000


class Database:
    """One engine and its sessions; whoever makes it closes it."""

    def __init__(self, url: str, *, keep_connections: bool = True, on_wait: waits.Listener = waits.ignore) -> None:
        """Open an engine on `url`. Without `keep_connections` each transaction has a connection of its own.

        A process that forks must not keep connections, or parent and child speak into the same socket. `on_wait` is told
        how long callers waited for a kept connection, and for SQLite's write lock.
        """
        self.url = _with_driver(make_url(url))
        pool: dict[str, Any] = {"poolclass": NullPool}
        if keep_connections:
            pool = {"poolclass": waits.pool_that_tells(on_wait), "pool_size": 10, "max_overflow": 40}
        if self.is_sqlite:
            self.engine = sqlalchemy.create_engine(self.url, module=SQLITE, **pool)
            _follow_sqlite_rules(self.engine)
            waits.tell_of_write_locks(self.engine, on_wait)
        else:
            checks = {"pool_pre_ping": True} if keep_connections else {}
            self.engine = sqlalchemy.create_engine(self.url, connect_args=_connection(self.url), **checks, **pool)
        # One state for all statements of a reader: SQLite gives that by itself, PostgreSQL when asked.
        snapshot = self.engine if self.is_sqlite else self.engine.execution_options(isolation_level="REPEATABLE READ")
        self._readers = sessionmaker(snapshot, expire_on_commit=False)
        self._writers = sessionmaker(self.engine.execution_options(writes=True), expire_on_commit=False)

    @property
    def is_sqlite(self) -> bool:
        """Whether the database is a SQLite file."""
        return self.url.get_backend_name() == "sqlite"

    @property
    def file(self) -> Path | None:
        """The SQLite file; None for a server, and for a database that is only in memory."""
        name = self.url.database
        return Path(name).absolute() if self.is_sqlite and name and name != ":memory:" else None

    @contextmanager
    def reading(self) -> Iterator[Session]:
        """Give a session that sees one state of the database and changes nothing."""
        with self._readers() as session:
            yield session

    @contextmanager
    def transaction(self) -> Iterator[Session]:
        """Give a session that is committed at the end of the block, and rolled back when the block raises."""
        with self._writers.begin() as session:
            yield session

    def apart(self) -> tuple[tuple[Any, ...], dict[str, Any]]:
        """Return the arguments with which the DB-API opens a connection that belongs to no pool, and that no rule is for."""
        arguments, options = self.engine.dialect.create_connect_args(self.url)
        return tuple(arguments), dict(options) | ({} if self.is_sqlite else _connection(self.url))

    def close(self) -> None:
        """Close every connection."""
        self.engine.dispose()


def _with_driver(url: URL) -> URL:
    """Name the installed driver where the URL names only the database system."""
    if url.drivername in {"postgres", "postgresql"}:
        return url.set(drivername="postgresql+psycopg")
    return url


def _connection(url: URL) -> dict[str, object]:
    """Return what a connection to PostgreSQL is opened with.

    A client whose host loses power, or that is stopped, in the middle of a transaction would hold its locks for hours: ours are
    over in seconds, so a minute of silence ends one. Likewise a client notices within a minute that the server's host is gone.
    """
    given = {"connect_timeout": 5, "keepalives_idle": 30, "keepalives_interval": 10, "keepalives_count": 3}
    options = {"options": f"-c idle_in_transaction_session_timeout={SILENCE_MILLISECONDS}"}
    return {name: value for name, value in {**given, **options}.items() if name not in url.query}


def _follow_sqlite_rules(engine: sqlalchemy.Engine) -> None:
    version = tuple(SQLITE.sqlite_version_info)
    journal = "WAL" if version >= FIRST_SQLITE_WITH_SAFE_WAL else "DELETE"
    if journal != "WAL":
        logger.warning("SQLite %s has the WAL bug: the rollback journal is used, which is slower", version)

    @event.listens_for(engine, "connect")
    def prepare(connection: Any, _record: object) -> None:  # noqa: ANN401 - a DB-API connection has no type
        connection.isolation_level = None  # SQLAlchemy's transactions begin where we say, see below
        cursor = connection.cursor()
        cursor.execute(f"PRAGMA busy_timeout = {BUSY_TIMEOUT_MILLISECONDS}")
        if cursor.execute("PRAGMA page_count").fetchone()[0] == 0:
            # Of a new file only: it can then shrink step by step (`cyfra prune`), while others read and write it.
            cursor.execute("PRAGMA auto_vacuum = INCREMENTAL")
        cursor.execute(f"PRAGMA journal_mode = {journal}")
        cursor.execute("PRAGMA synchronous = FULL")  # an acknowledged training survives a power cut
        cursor.execute("PRAGMA foreign_keys = ON")
        cursor.close()
        teach_host_clock(connection)

    @event.listens_for(engine, "begin")
    def begin(connection: sqlalchemy.Connection) -> None:
        writes = connection.get_execution_options().get("writes", False)
        connection.exec_driver_sql(waits.TAKE_WRITE_LOCK if writes else "BEGIN")
