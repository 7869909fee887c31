"""From an empty database to head, on SQLite and PostgreSQL; and what is refused."""

import re
from collections.abc import Iterator
from importlib.resources import files
from pathlib import Path

import pytest
from alembic.autogenerate import compare_metadata
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
