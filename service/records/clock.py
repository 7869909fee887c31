"""The database's clocks, as SQL expressions: one for times that people read, one for leases.

`now()` and `seconds_from_now(n)` tell the time of day; `Instant` is the column type that holds it, always UTC.

Leases are set and judged by `lease_now()` alone, so that no host's clock matters. On PostgreSQL it is the server's clock.
SQLite has none of its own: all its processes are on one host, so it is that host's monotonic clock, which nobody sets and
which stands still while a laptop sleeps. It begins anew at each start of the host; `lease_clock()` names the start that a
lease belongs to, and a lease on another clock has ended, together with the process that held it.

"""

import time
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final

from sqlalchemy import DateTime, Dialect, Double, String, TypeDecorator
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.sql.compiler import SQLCompiler
from sqlalchemy.sql.expression import ColumnElement


class Instant(TypeDecorator[datetime]):
    """A point in time with its zone: `timestamptz` on PostgreSQL, UTC text on SQLite."""

    impl = DateTime(timezone=True)
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        """Turn a zoned time into UTC; SQLite keeps it without its zone."""
        if value is None:
            return None
        if value.tzinfo is None:
            raise ValueError(f"Received a time without a zone: {value!r}. Give an aware datetime.")
        utc = value.astimezone(UTC)
        return utc.replace(tzinfo=None) if dialect.name == "sqlite" else utc

    def process_result_value(self, value: datetime | None, dialect: Dialect) -> datetime | None:  # noqa: ARG002
        """Give the zone back."""
        if value is None:
            return None
        return value.replace(tzinfo=UTC) if value.tzinfo is None else value.astimezone(UTC)


class seconds_from_now(ColumnElement[datetime]):  # noqa: N801 - reads like the SQL function it is
    """The database's time plus `seconds` (may be negative)."""

    inherit_cache = False  # the number is part of the text
    type = Instant()

    def __init__(self, seconds: float) -> None:
        self.seconds = float(seconds)


class now(ColumnElement[datetime]):  # noqa: N801 - reads like the SQL function it is
    """The database's time, the moment of the statement (not of the transaction's start)."""

    inherit_cache = True  # nearly every write has it, and a statement that cannot be cached is compiled each time
    type = Instant()


@compiles(now, "postgresql")
def _now_on_postgresql(_element: now, _compiler: SQLCompiler, **_options: Any) -> str:  # noqa: ANN401
    return "clock_timestamp()"


@compiles(now, "sqlite")
def _now_on_sqlite(_element: now, _compiler: SQLCompiler, **_options: Any) -> str:  # noqa: ANN401
    return "(strftime('%Y-%m-%d %H:%M:%f', 'now') || '000')"  # the digits: see below


@compiles(seconds_from_now, "postgresql")
def _on_postgresql(element: seconds_from_now, _compiler: SQLCompiler, **_options: Any) -> str:  # noqa: ANN401
    return f"(clock_timestamp() + interval '{element.seconds:.6f} seconds')"


@compiles(seconds_from_now, "sqlite")
def _on_sqlite(element: seconds_from_now, _compiler: SQLCompiler, **_options: Any) -> str:  # noqa: ANN401
    # %f has milliseconds; three more digits make it the text that SQLAlchemy itself writes, so that texts compare as times.
    return f"(strftime('%Y-%m-%d %H:%M:%f', 'now', '{element.seconds:+.3f} seconds') || '000')"


class lease_clock(ColumnElement[str]):  # noqa: N801 - reads like the SQL function it is
    """The name of the clock that leases are on."""

    inherit_cache = True
    type = String()


class lease_now(ColumnElement[float]):  # noqa: N801 - reads like the SQL function it is
    """Seconds on that clock."""

    inherit_cache = True
    type = Double()


@compiles(lease_clock, "postgresql")
def _clock_on_postgresql(_element: lease_clock, _compiler: SQLCompiler, **_options: Any) -> str:  # noqa: ANN401
    return "'server'"


@compiles(lease_now, "postgresql")
def _seconds_on_postgresql(_element: lease_now, _compiler: SQLCompiler, **_options: Any) -> str:  # noqa: ANN401
    return "CAST(extract(epoch FROM clock_timestamp()) AS double precision)"


@compiles(lease_clock, "sqlite")
def _clock_on_sqlite(_element: lease_clock, _compiler: SQLCompiler, **_options: Any) -> str:  # noqa: ANN401
    return "host_clock()"


@compiles(lease_now, "sqlite")
def _seconds_on_sqlite(_element: lease_now, _compiler: SQLCompiler, **_options: Any) -> str:  # noqa: ANN401
    return "host_seconds()"


BOOT_ID: Final = Path("/proc/sys/kernel/random/boot_id")


def teach_host_clock(connection: Any) -> None:  # noqa: ANN401 - a DB-API connection has no type
    """Give a SQLite connection the two functions that the lease's clock is made of."""
    name, read = _host_clock()
    connection.create_function("host_clock", 0, lambda: name)
    connection.create_function("host_seconds", 0, read)


def _host_clock() -> tuple[str, Any]:
    try:
        return BOOT_ID.read_text().strip(), time.monotonic
    except OSError:  # not Linux: nothing tells one start of the host from another, so the time of day must do
        return "time of day", time.time
