"""That a worker is there: a row that it keeps fresh, and how it and its child are called."""

import platform

from sqlalchemy import delete

from service.database import Database
from service.records import Worker
from service.records.clock import now
from service.records.inserting import insert


def name_of(pid: int) -> str:
    """Return how a process of this host is called in the records."""
    return f"{platform.node()}:{pid}"


def say_present(database: Database, name: str) -> None:
    """Write down that the worker `name` is there now."""
    with database.transaction() as session:
        statement = insert(session, Worker).values(name=name, started_at=now(), seen_at=now())
        session.execute(statement.on_conflict_do_update(index_elements=["name"], set_={"seen_at": now()}))


def say_goodbye(database: Database, name: str) -> None:
    """Write down that the worker `name` is gone."""
    with database.transaction() as session:
        session.execute(delete(Worker).where(Worker.name == name))
