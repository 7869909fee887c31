"""How long the database kept a caller waiting: for a connection of the pool, and on SQLite for the write lock.

Whoever wants to know gives a listener; `service.database` puts it in, and knows no more of it.
"""

from collections.abc import Callable
from time import perf_counter
from typing import Any, Final

import sqlalchemy
from sqlalchemy import event
from sqlalchemy.pool import PoolProxiedConnection, QueuePool

CONNECTION: Final = "connection"
WRITE_LOCK: Final = "write-lock"
TAKE_WRITE_LOCK: Final = "BEGIN IMMEDIATE"

Listener = Callable[[str, float], None]
"""Takes what was waited for (`connection` or `write-lock`), and for how many seconds."""


def ignore(_what: str, _seconds: float) -> None:
    """Listen to nothing."""


def pool_that_tells(listener: Listener) -> type[QueuePool]:
    """Return a pool that tells how long each caller waited: for its turn, and for a new connection where one was made."""

    class TellingPool(QueuePool):
        __module__ = QueuePool.__module__  # SQLAlchemy names its log after it, and keeps that of its own modules quiet

        def connect(self) -> PoolProxiedConnection:
            began = perf_counter()
            try:
                return super().connect()
            finally:  # a wait that was in vain was one too
                listener(CONNECTION, perf_counter() - began)

    return TellingPool


def tell_of_write_locks(engine: sqlalchemy.Engine, listener: Listener) -> None:
    """Tell `listener` how long each writer waited for SQLite's one write lock."""

    @event.listens_for(engine, "before_cursor_execute")
    def begin(_connection: Any, _cursor: Any, statement: str, _values: Any, context: Any, _many: bool) -> None:  # noqa: ANN401
        if statement == TAKE_WRITE_LOCK:
            context.waits_since = perf_counter()

    @event.listens_for(engine, "after_cursor_execute")
    def taken(_connection: Any, _cursor: Any, statement: str, _values: Any, context: Any, _many: bool) -> None:  # noqa: ANN401
        if statement == TAKE_WRITE_LOCK:
            listener(WRITE_LOCK, perf_counter() - context.waits_since)

    @event.listens_for(engine, "handle_error")
    def refused(failure: sqlalchemy.ExceptionContext) -> None:
        if failure.statement == TAKE_WRITE_LOCK and failure.execution_context is not None:
            listener(WRITE_LOCK, perf_counter() - getattr(failure.execution_context, "waits_since", perf_counter()))
