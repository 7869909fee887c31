"""The database's clock: leases are set and judged by it alone, so that no host's clock matters.

`now()` and `seconds_from_now(n)` are SQL expressions; `Instant` is the column type that holds them, always UTC.
"""

from datetime import UTC, datetime
from typing import Any

from sqlalchemy import DateTime, Dialect, TypeDecorator
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


def now() -> seconds_from_now:
    """Return the database's time, the moment of the statement (not of the transaction's start)."""
    return seconds_from_now(0)


@compiles(seconds_from_now, "postgresql")
def _on_postgresql(element: seconds_from_now, _compiler: SQLCompiler, **_options: Any) -> str:  # noqa: ANN401
    return f"(clock_timestamp() + interval '{element.seconds:.6f} seconds')"


@compiles(seconds_from_now, "sqlite")
def _on_sqlite(element: seconds_from_now, _compiler: SQLCompiler, **_options: Any) -> str:  # noqa: ANN401
    # %f has milliseconds; three more digits make it the text that SQLAlchemy itself writes, so that texts compare as times.
    return f"(strftime('%Y-%m-%d %H:%M:%f', 'now', '{element.seconds:+.3f} seconds') || '000')"
