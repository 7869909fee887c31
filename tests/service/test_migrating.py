"""From an empty database to head, on SQLite and PostgreSQL; and what is refused."""

import re
from collections.abc import Iterator
from importlib.resources import files
from pathlib import Path

import pytest
from alembic import command
from alembic.autogenerate import compare_metadata
from alembic.config import Config
from alembic.migration import MigrationContext
from sqlalchemy import inspect, text

from service import migrating
from service.database import Database
from service.errors import DatabaseNotReady
from service.records import Base


@pytest.fixture
def empty(empty_database_url: str) -> Iterator[Database]:
    database = Database(empty_database_url)
    yield database
    database.close()


def test_an_empty_database_is_migrated_once(empty: Database) -> None:
    assert migrating.migrate(empty)
    assert not migrating.migrate(empty)

    migrating.check(empty)
    assert {table.name for table in Base.metadata.sorted_tables} <= set(inspect(empty.engine).get_table_names())


def test_the_migrations_make_exactly_the_tables_that_the_records_describe(empty: Database) -> None:
    migrating.migrate(empty)

    with empty.engine.connect() as connection:
        context = MigrationContext.configure(connection, opts={"compare_type": True})
        differences = compare_metadata(context, Base.metadata)

    assert differences == []


def test_an_empty_database_is_not_ready_and_says_what_to_do(empty: Database) -> None:
    with pytest.raises(DatabaseNotReady, match="Run `cyfra migrate` once"):
        migrating.check(empty)


def test_a_database_that_a_newer_version_wrote_is_refused(empty: Database) -> None:
    migrating.migrate(empty)
    with empty.engine.execution_options(writes=True).begin() as connection:
        connection.execute(text("UPDATE alembic_version SET version_num = '9999'"))

    for refused in (migrating.check, migrating.migrate):
        with pytest.raises(DatabaseNotReady, match="a newer Cyfra wrote it"):
            refused(empty)


def test_a_process_that_runs_goes_on_with_a_newer_database_but_not_with_an_older_one(empty: Database) -> None:
    migrating.migrate(empty)
    with empty.engine.execution_options(writes=True).begin() as connection:
        connection.execute(text("UPDATE alembic_version SET version_num = '9999'"))
    migrating.check_running(empty)

    with empty.engine.execution_options(writes=True).begin() as connection:
        connection.execute(text("UPDATE alembic_version SET version_num = '0001'"))
    with pytest.raises(DatabaseNotReady, match="Run `cyfra migrate` once"):
        migrating.check_running(empty)


def test_trainings_of_before_there_were_receipts_stay_as_they_are(empty: Database) -> None:
    before, after = "0007", "0008"
    migrate_to(empty, before)
    with empty.engine.execution_options(writes=True).begin() as connection:
        row = "'0123456789abcdef', 'anna', 'succeeded', 1, '2026-01-01', '{}', 'mnist', 1, 0, 0, 1, 0, 0"
        columns = "id, owner, state, version, created_at, spec, dataset, attempt, losses, epoch, epochs, step, steps"
        connection.execute(text(f"INSERT INTO trainings ({columns}) VALUES ({row})"))
        connection.execute(
            text(
                "INSERT INTO training_changes (training_id, at, state, attempt) "
                "VALUES ('0123456789abcdef', '2026-01-01', 'succeeded', 1)"
            )
        )

    migrate_to(empty, after)
    there = rows(empty)
    migrate_to(empty, before)
    migrate_to(empty, after)

    assert there == rows(empty) == {"trainings": 1, "training_changes": 1, "receipts": 0, "reruns": 0}


def rows(database: Database) -> dict[str, int]:
    tables = ("trainings", "training_changes", "receipts", "reruns")
    with database.engine.connect() as connection:
        return {table: connection.execute(text(f"SELECT count(*) FROM {table}")).scalar_one() for table in tables}


def migrate_to(database: Database, revision: str) -> None:
    """Bring a database up or down to a revision."""
    with database.engine.execution_options(writes=True).begin() as connection:
        configuration = Config()
        configuration.set_main_option("script_location", str(files("migrations")))
        configuration.attributes["connection"] = connection
        is_there = "alembic_version" in inspect(connection).get_table_names()
        now = connection.execute(text("SELECT version_num FROM alembic_version")).scalar_one() if is_there else ""
        (command.upgrade if revision > now else command.downgrade)(configuration, revision)


def test_a_database_with_foreign_tables_is_refused(empty: Database) -> None:
    with empty.engine.execution_options(writes=True).begin() as connection:
        connection.execute(text("CREATE TABLE trainings (id integer)"))

    with pytest.raises(DatabaseNotReady, match="was not made by"):
        migrating.migrate(empty)


def test_later_migrations_only_add_so_that_what_runs_can_go_on_in_an_upgrade() -> None:
    """Those up to 0002 are from before that was promised (docs/deploy.md)."""
    takes_away = re.compile(r"op\.(drop_|rename_|alter_column)|\b(DROP|RENAME) ", re.IGNORECASE)
    for path in Path(str(files("migrations"))).glob("versions/0*.py"):
        upgrade = path.read_text().partition("def upgrade")[2].partition("def downgrade")[0]
        assert path.name < "0003" or not takes_away.search(upgrade), path.name
