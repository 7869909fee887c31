"""Transactions: all or nothing, writers one after another, and SQLite's rules."""

import threading
from pathlib import Path

import pytest
from sqlalchemy import select, text, update

from service.database import FIRST_SQLITE_WITH_SAFE_WAL, Database
from service.records import Model
from tests.waiting import wait_until


def test_a_block_that_raises_leaves_nothing_behind(database: Database) -> None:
    def write_half() -> None:
        with database.transaction() as session:
            session.add(Model(name="half"))
            session.flush()
            raise RuntimeError

    with pytest.raises(RuntimeError):
        write_half()

    with database.reading() as session:
        assert session.scalars(select(Model.name)).all() == []


def test_writers_queue_up_and_no_raise_is_lost(database: Database) -> None:
    with database.transaction() as session:
        session.add(Model(name="counted"))

    def raise_it() -> None:
        for _ in range(25):
            with database.transaction() as session:
                session.execute(update(Model).values(latest_version=Model.latest_version + 1))

    threads = [threading.Thread(target=raise_it) for _ in range(4)]
    for thread in threads:
        thread.start()
    wait_until(lambda: not any(thread.is_alive() for thread in threads))

    with database.reading() as session:
        assert session.scalars(select(Model.latest_version)).one() == 100


def test_sqlite_uses_a_write_ahead_log_only_where_it_is_safe(tmp_path: Path) -> None:
    database = Database(f"sqlite:///{tmp_path / 'x.sqlite3'}")

    with database.reading() as session:
        version = tuple(int(part) for part in session.scalars(text("SELECT sqlite_version()")).one().split("."))
        journal = session.scalars(text("PRAGMA journal_mode")).one()
        foreign_keys = session.scalars(text("PRAGMA foreign_keys")).one()

    assert journal == ("wal" if version >= FIRST_SQLITE_WITH_SAFE_WAL else "delete")
    assert foreign_keys == 1


def test_postgresql_ends_a_transaction_that_has_fallen_silent(database: Database) -> None:
    if database.is_sqlite:
        pytest.skip("SQLite has no server that could")
    with database.reading() as session:
        assert session.scalar(text("SHOW idle_in_transaction_session_timeout")) == "1min"


def test_options_of_the_url_are_the_users_own(database: Database) -> None:
    if database.is_sqlite:
        pytest.skip("SQLite takes no such options")
    url = database.url.update_query_dict({"options": "-c work_mem=8MB"})
    other = Database(url.render_as_string(hide_password=False))

    with other.reading() as session:
        assert session.scalar(text("SHOW work_mem")) == "8MB"
    other.close()
