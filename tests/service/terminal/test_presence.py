"""`cyfra worker --check`: whether a worker of this host looks for work."""

import platform
from collections.abc import Iterator

import pytest
from sqlalchemy.orm import Session

from service.cli import run
from service.database import Database
from service.records.clock import seconds_from_now
from service.records.workers import Worker

HERE = platform.node()


@pytest.fixture
def session(database: Database, monkeypatch: pytest.MonkeyPatch) -> Iterator[Session]:
    """A transaction in a new database, of which the command knows; the test commits it."""
    monkeypatch.setenv("CYFRA_DATABASE_URL", database.url.render_as_string(hide_password=False))
    with database.transaction() as session:
        yield session


def seen(session: Session, name: str, seconds_ago: float) -> None:
    """Write a worker down as seen, and commit."""
    session.add(Worker(name=name, started_at=seconds_from_now(-1000), seen_at=seconds_from_now(-seconds_ago)))
    session.commit()


def test_a_worker_that_looks_for_work_is_healthy(session, capsys):
    seen(session, f"{HERE}:7", seconds_ago=10)

    assert run(["worker", "--check"]) == 0

    assert f"The worker {HERE}:7 looks for work" in capsys.readouterr().out


def test_one_that_has_not_looked_for_long_is_not(session, capsys):
    seen(session, f"{HERE}:7", seconds_ago=90)

    assert run(["worker", "--check"]) == 1

    assert f"No worker of {HERE} has looked for work in the last 60 s" in capsys.readouterr().err


def test_workers_of_other_hosts_say_nothing_about_this_one(session):
    seen(session, f"{HERE}x:7", seconds_ago=1)

    assert run(["worker", "--check"]) == 1


def test_one_that_looks_seldom_is_given_time(session, monkeypatch):
    seen(session, f"{HERE}:7", seconds_ago=90)
    monkeypatch.setenv("CYFRA_LOOK_SECONDS", "60")

    assert run(["worker", "--check"]) == 0


def test_a_database_that_does_not_answer_is_something_else(monkeypatch, capsys):
    monkeypatch.setenv("CYFRA_DATABASE_URL", "postgresql://cyfra:secret@127.0.0.1:1/cyfra")

    assert run(["worker", "--check"]) == 3

    assert "The database does not answer" in capsys.readouterr().err
