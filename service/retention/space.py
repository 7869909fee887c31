"""How much room the database takes, and how it gives back what it does not need."""

import shutil
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from sqlalchemy import text

from service.database import BUSY_TIMEOUT_MILLISECONDS, Database
from service.errors import StorageFull

PAGES_AT_ONCE: Final = 256  # 1 MiB: nobody waits long for the write lock
PATIENCE_MILLISECONDS: Final = 1000  # whoever waits for the log to be emptied keeps writers waiting
VACUUMED: Final = (
    "artefacts, artefact_contents, checkpoints, checkpoint_parts, idempotent_answers, trainings, reports, datasets, "
    "dataset_parts, dataset_uploads, dataset_upload_parts, prediction_batches, batch_chunks, batch_inputs, batch_input_parts"
)


@dataclass(frozen=True)
class Space:
    """What the database takes on its disk, in bytes, and how much of that holds nothing (None: not known)."""

    size: int
    empty: int | None


def held(database: Database) -> Space:
    """Return how much the database holds now."""
    if not database.is_sqlite:
        with database.reading() as session:
            return Space(session.scalars(text("SELECT pg_database_size(current_database())")).one(), None)
    with _sqlite(database) as cursor:
        empty = _figure(cursor, "freelist_count") * _figure(cursor, "page_size")
    return Space(sum(_size(part) for part in _parts(database)), empty)


def shorten_log(database: Database) -> None:
    """Give the room of SQLite's write-ahead log back to the disk, unless somebody reads from it just now."""
    if not database.is_sqlite:
        return
    with _sqlite(database) as cursor:
        _say(cursor, f"PRAGMA busy_timeout = {PATIENCE_MILLISECONDS}")
        try:
            _say(cursor, "PRAGMA wal_checkpoint(TRUNCATE)")
        finally:
            _say(cursor, f"PRAGMA busy_timeout = {BUSY_TIMEOUT_MILLISECONDS}")


def give_back(database: Database) -> None:
    """Give a SQLite file's empty pages back to the disk, a few at a time; others go on meanwhile.

    A file that was made before it could shrink keeps them for new rows; `vacuum` changes that. So does a PostgreSQL server,
    whose autovacuum makes them fit for use.
    """
    if not database.is_sqlite:
        return
    with _sqlite(database) as cursor:
        while (before := _figure(cursor, "freelist_count")) > 0:
            _say(cursor, f"PRAGMA incremental_vacuum({PAGES_AT_ONCE})")
            if _figure(cursor, "freelist_count") >= before:
                break  # it cannot shrink, or others free pages as fast
    shorten_log(database)  # the file shrinks when what its log says is carried out


def vacuum(database: Database) -> None:
    """Write a SQLite file anew without its empty pages; let PostgreSQL look for space that it can use again.

    SQLite lets nobody write meanwhile, and needs the room for two copies: raise StorageFull if there is less.
    """
    if not database.is_sqlite:
        with database.engine.execution_options(isolation_level="AUTOCOMMIT").connect() as connection:
            connection.execute(text(f"VACUUM {VACUUMED}"))
        return
    with _sqlite(database) as cursor:
        needed = 2 * (_figure(cursor, "page_count") - _figure(cursor, "freelist_count")) * _figure(cursor, "page_size")
        _require(database, needed)
        _say(cursor, "PRAGMA auto_vacuum = INCREMENTAL")  # from now on the file can shrink step by step
        _say(cursor, "VACUUM")
    shorten_log(database)


def _require(database: Database, needed: int) -> None:
    assert database.file is not None
    free = shutil.disk_usage(database.file.parent).free
    if free < needed:
        raise StorageFull(
            f"--vacuum writes the database anew and needs {-(-needed >> 20)} MiB for that; {free >> 20} MiB are free on its "
            "disk. Nothing was changed by it. Without --vacuum, what was removed makes room for new rows in the file."
        )


@contextmanager
def _sqlite(database: Database) -> Iterator[Any]:
    """Give a cursor outside any transaction: what is done here cannot be done in one."""
    with closing(database.engine.raw_connection()) as connection, closing(connection.cursor()) as cursor:
        yield cursor


def _figure(cursor: Any, name: str) -> int:  # noqa: ANN401 - a DB-API cursor has no type
    """Return what a pragma says."""
    (figure,) = cursor.execute(f"PRAGMA {name}").fetchone()
    return int(figure)


def _say(cursor: Any, statement: str) -> None:  # noqa: ANN401
    """Carry out a statement to its end: a vacuum goes on only while its rows are fetched."""
    cursor.execute(statement).fetchall()


def _parts(database: Database) -> list[Path]:
    file = database.file
    return [] if file is None else [file.with_name(file.name + suffix) for suffix in ("", "-wal", "-journal")]


def _size(part: Path) -> int:
    try:
        return part.stat().st_size
    except OSError:
        return 0
