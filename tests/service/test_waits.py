"""Waits for the database are told to whoever listens."""

import threading

from sqlalchemy import text

from service.database import Database
from service.waits import CONNECTION, WRITE_LOCK
from tests.waiting import wait_until


def test_a_writer_that_waits_for_another_is_told_of(database_url: str) -> None:
    told: list[tuple[str, float]] = []
    database = Database(database_url, on_wait=lambda what, seconds: told.append((what, seconds)))

    def write() -> None:
        with database.transaction() as session:
            session.execute(text("SELECT 1"))

    with database.transaction() as session:
        session.execute(text("SELECT 1"))
        second = threading.Thread(target=write)
        second.start()
        wait_until(lambda: [what for what, _ in told].count(CONNECTION) == 2, what="the second writer's connection")
    second.join()
    database.close()

    assert all(0 <= seconds < 20 for _, seconds in told)
    assert [what for what, _ in told].count(WRITE_LOCK) == (2 if database.is_sqlite else 0)


def test_the_wait_is_still_told_of_after_all_connections_were_closed(database: Database, database_url: str) -> None:
    told: list[str] = []
    listened = Database(database_url, on_wait=lambda what, _: told.append(what))
    listened.engine.dispose()

    with listened.reading() as session:
        session.execute(text("SELECT 1"))
    listened.close()

    assert told == [CONNECTION]
