"""A worker stores the same bytes that somebody else removes: two real connections, step by step."""

import hashlib
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from sqlalchemy import select, text

from service.database import Database
from service.records import ArtefactContent, TrainingArtefact, TrainingState, storing
from service.retention import operations
from service.retention.rules import Rules
from service.settings import Settings
from service.trainings.queries import remove_unless_running
from tests.service.retention import rows
from tests.service.retention.rows import DAY
from tests.waiting import wait_until

CONTENT = b"the same weights"
SHA256 = hashlib.sha256(CONTENT).hexdigest()
RULES = Rules.of(Settings())

on_postgresql = pytest.mark.parametrize("database_url", ["postgresql"], indirect=True)


@pytest.fixture
def aside() -> Iterator[ThreadPoolExecutor]:
    """Threads that do something at the same time; their results raise what went wrong there."""
    with ThreadPoolExecutor() as threads:
        yield threads


@pytest.fixture
def ending(database: Database) -> str:
    """The id of a training that is just ending with the bytes that an old one left, to which nothing points any more."""
    with database.transaction() as session:
        rows.add_artefact(session, CONTENT, age=DAY)
        return rows.add_training(session, TrainingState.RUNNING)


def store(database: Database, training_id: str) -> None:
    with database.transaction() as session:
        sha256 = storing.store(session, CONTENT)
        session.add(TrainingArtefact(training_id=training_id, format="keras", sha256=sha256))


def require_stored(database: Database, training_id: str) -> None:
    with database.reading() as session:
        pointed = select(TrainingArtefact.sha256).where(TrainingArtefact.training_id == training_id)
        assert session.scalars(pointed).one() == SHA256
        assert session.scalars(select(ArtefactContent.content)).one() == CONTENT


def wait_for_a_waiter(database: Database) -> None:
    """Wait until some connection waits for a lock that another one has."""
    query = text(
        "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'"
    )

    def is_waiting() -> bool:
        with database.reading() as session:
            return bool(session.scalar(query))

    wait_until(is_waiting, what="a connection that waits for a lock")


@on_postgresql
def test_prune_passes_by_what_a_worker_is_just_storing(database: Database, ending: str, tmp_path: Path) -> None:
    with database.transaction() as session:
        sha256 = storing.store(session, CONTENT)

        removed = list(operations.prune(database, tmp_path, RULES))  # on other connections; it does not wait

        session.add(TrainingArtefact(training_id=ending, format="keras", sha256=sha256))

    assert {each.count for each in removed} == {0}
    require_stored(database, ending)


@on_postgresql
def test_a_worker_that_comes_while_prune_removes_stores_the_bytes_anew(
    database: Database, ending: str, aside: ThreadPoolExecutor
) -> None:
    with database.transaction() as session:
        assert storing.remove_unreferenced(session, [SHA256]) == [SHA256]
        worker = aside.submit(store, database, ending)
        wait_for_a_waiter(database)

    worker.result(30)
    require_stored(database, ending)


@on_postgresql
def test_a_worker_that_comes_between_lock_and_removal_waits_for_its_end(
    database: Database, ending: str, aside: ThreadPoolExecutor
) -> None:
    with database.transaction() as session:
        session.execute(text("SELECT sha256 FROM artefacts FOR UPDATE"))  # remove_unreferenced's first statement
        worker = aside.submit(store, database, ending)
        wait_for_a_waiter(database)
        assert storing.remove_unreferenced(session, [SHA256]) == [SHA256]

    worker.result(30)
    require_stored(database, ending)


@on_postgresql
def test_deleting_a_training_leaves_the_bytes_that_a_worker_is_just_storing(database: Database, ending: str) -> None:
    with database.transaction() as session:
        old = rows.add_training(session, TrainingState.SUCCEEDED, ended_ago=DAY)
        session.add(TrainingArtefact(training_id=old, format="keras", sha256=SHA256))
    with database.transaction() as session:
        sha256 = storing.store(session, CONTENT)
        with database.transaction() as other:
            assert remove_unless_running(other, old)
        session.add(TrainingArtefact(training_id=ending, format="keras", sha256=sha256))

    require_stored(database, ending)


def test_many_workers_and_many_prunes_at_once_lose_nothing(
    database: Database, tmp_path: Path, aside: ThreadPoolExecutor
) -> None:
    rules = Rules.of(Settings(keep_artefact_hours=0))
    with database.transaction() as session:
        trainings = [rows.add_training(session, TrainingState.RUNNING) for _ in range(20)]

    def store_and_delete(own: list[str]) -> None:
        for training_id in own:
            store(database, training_id)
            require_stored(database, training_id)
            with database.transaction() as session:
                session.execute(text("UPDATE trainings SET state = 'failed' WHERE id = :id"), {"id": training_id})
                assert remove_unless_running(session, training_id)

    is_over = threading.Event()

    def keep_pruning() -> None:
        while not is_over.is_set():
            list(operations.prune(database, tmp_path, rules))

    pruners = [aside.submit(keep_pruning) for _ in range(2)]
    workers = [aside.submit(store_and_delete, trainings[start::3]) for start in range(3)]
    try:
        for worker in workers:
            worker.result(60)
    finally:
        is_over.set()
    for pruner in pruners:
        pruner.result(30)
    list(operations.prune(database, tmp_path, rules))
    with database.reading() as session:
        assert session.scalars(select(ArtefactContent.sha256)).all() == []
