"""Bring a database to the version this program was written for, or say why that cannot be."""

import logging
from importlib.resources import files

from alembic import command
from alembic.config import Config
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection, inspect, text

from service.database import Database
from service.errors import DatabaseNotReady

logger = logging.getLogger(__name__)
logging.getLogger("alembic").setLevel(logging.WARNING)  # it speaks at every look at the version

MIGRATION_LOCK = (
    0x63796672  # "cyfr": PostgreSQL's advisory lock, so that two starting processes migrate one after another
)


def migrate(database: Database) -> bool:
    """Upgrade to head; return whether anything was to be done. Raise DatabaseNotReady if a newer program wrote it."""
    with database.engine.execution_options(writes=True).begin() as connection:
        if not database.is_sqlite:
            connection.execute(text("SELECT pg_advisory_xact_lock(:key)"), {"key": MIGRATION_LOCK})
        found = _found_revision(connection)
        _refuse_unknown(connection, found)
        if found == head():
            return False
        command.upgrade(_config(connection), "head")
        logger.info("migrated the database from %s to %s", found or "empty", head())
        return True


def check(database: Database) -> None:
    """Raise DatabaseNotReady unless the database is at head."""
    with database.engine.connect() as connection:
        found = _found_revision(connection)
        _refuse_unknown(connection, found)
    if found != head():
        raise DatabaseNotReady(
            f"The database is at version {found or 'none (it is empty)'}, this program needs {head()}. "
            "Run `cyfra migrate` once."
        )


def check_running(database: Database) -> None:
    """Raise DatabaseNotReady if a process that has started (see `check`) can no longer work with the database.

    An upgrade migrates while older processes still answer. Migrations only add, so those go on until they are replaced.
    """
    with database.engine.connect() as connection:
        found = _found_revision(connection)
    if found is None or found in _known() - {head()}:
        check(database)


def head() -> str:
    """Return the newest revision this program knows."""
    revision = ScriptDirectory(str(files("migrations"))).get_current_head()
    assert revision is not None, "migrations/versions is empty"
    return revision


def _found_revision(connection: Connection) -> str | None:
    return MigrationContext.configure(connection).get_current_revision()


def _known() -> set[str]:
    return {script.revision for script in ScriptDirectory(str(files("migrations"))).walk_revisions()}


def _refuse_unknown(connection: Connection, found: str | None) -> None:
    if found is not None and found not in _known():
        raise DatabaseNotReady(
            f"The database is at version {found}, which this program does not know: a newer Cyfra wrote it. "
            f"Start that version, or restore a backup from before the upgrade. This one knows up to {head()}."
        )
    if found is None and inspect(connection).has_table("trainings"):
        raise DatabaseNotReady(
            "The database has tables but no version: it was not made by `cyfra migrate`. Give an empty database."
        )


def _config(connection: Connection) -> Config:
    config = Config()
    config.set_main_option("script_location", str(files("migrations")).replace("%", "%%"))
    config.attributes["connection"] = connection
    return config
