"""How a process learns that trainings have changed, without asking for them.

SQLite counts commits: `PRAGMA data_version` on a connection of its own says whether there was one, and reads no table. It takes
some microseconds, so it is looked at ten times a second. PostgreSQL tells by itself: migration 0004's triggers NOTIFY in every
transaction that adds, changes or removes a training.
"""

import asyncio
import logging
from collections.abc import AsyncGenerator
from contextlib import aclosing
from typing import Any, Final

from service.database import SQLITE, Database

logger = logging.getLogger(__name__)

CHANNEL: Final = "cyfra_trainings"
APPLICATION: Final = "cyfra live"
LOOK_SECONDS: Final = 0.1
FIRST_PAUSE_SECONDS: Final = 0.2
LONGEST_PAUSE_SECONDS: Final = 5.0

Changed = str | None
"""The id of a training that was added, changed or removed; None for any number of them."""


async def changes(database: Database) -> AsyncGenerator[Changed]:
    """Give what has changed, from now on and without end; None at first, and after every time that the database was away."""
    source = _commits if database.is_sqlite else _notifications
    failures = database.engine.dialect.loaded_dbapi.Error, OSError
    pause = FIRST_PAUSE_SECONDS
    while True:
        try:
            async with aclosing(source(database)) as changed:
                async for one in changed:
                    pause = FIRST_PAUSE_SECONDS
                    yield one
        except failures as error:
            logger.warning("nothing is heard of changes; listening again in %g s: %s", pause, error)
        await asyncio.sleep(pause)
        pause = min(2 * pause, LONGEST_PAUSE_SECONDS)


async def _commits(database: Database) -> AsyncGenerator[Changed]:
    arguments, options = database.apart()
    connection = SQLITE.connect(*arguments, **options, isolation_level=None)
    try:
        connection.execute("PRAGMA busy_timeout = 0")  # the event loop must not wait
        seen = None
        while True:
            version = _data_version(connection)
            if version not in {None, seen}:
                seen = version
                yield None
            await asyncio.sleep(LOOK_SECONDS)
    finally:
        connection.close()


def _data_version(connection: Any) -> int | None:  # noqa: ANN401 - a DB-API connection has no type
    """Return a number that every commit of another connection changes; None while one with a rollback journal is under way."""
    try:
        rows: list[tuple[int]] = connection.execute("PRAGMA data_version").fetchall()
    except SQLITE.OperationalError as error:
        if "locked" not in str(error):
            raise
        return None
    return rows[0][0]


async def _notifications(database: Database) -> AsyncGenerator[Changed]:
    import psycopg  # noqa: PLC0415 - eight megabytes, which a service with SQLite has no use for

    arguments, options = database.apart()
    options.setdefault("application_name", APPLICATION)
    connection = await psycopg.AsyncConnection.connect(*arguments, **options, autocommit=True)
    try:
        await connection.execute(f"LISTEN {CHANNEL}")
        yield None
        async for notice in connection.notifies():
            yield notice.payload
    finally:
        await connection.close()
