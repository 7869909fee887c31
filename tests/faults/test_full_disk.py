"""The disk fills at a checkpoint or at the commit: the log says so, nothing is damaged, and it goes on afterwards."""

import random
import time
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from pathlib import Path

import psycopg
import pytest
import sqlalchemy
from sqlalchemy import func, select, text

from service.records import Base, Checkpoint
from tests.disks import SmallDisk, postgresql_on_small_disk, small_disk
from tests.faults.conftest import Uninterrupted, new_site
from tests.faults.nursery import Foundling, Nursery
from tests.faults.results import SMALL, assert_one_result, history, weights
from tests.faults.rounds import FULL, rounds
from tests.waiting import wait_until
from tests.workers import Site

MEGABYTES = 32
GROWING = ("checkpoints", "checkpoint_parts", "artefact_contents", "reports")  # the tables that take bytes
LATE = ("evaluating", "exporting", "checking the export", "storing")
NO_CHECKPOINT, NO_OUTCOME = "checkpoint not stored", "its outcome is not stored yet"
PLAIN_WORDS = ("disk is full", "No space left on device")


@pytest.fixture
def cramped(kind: str, tmp_path: Path, request: pytest.FixtureRequest) -> Iterator[tuple[Site, SmallDisk]]:
    """A site whose database is on a small disk; of PostgreSQL, the tables that grow."""
    overrides = {
        "lease_seconds": 2,
        "checkpoint_seconds": 0.05,
        "max_attempts": 1000,
        "threads": 1,
        "min_free_bytes": 0,
    }
    with ExitStack() as stack:
        if kind == "postgresql+redis":
            template = request.getfixturevalue("migrated_postgresql")
            url, disk = stack.enter_context(postgresql_on_small_disk(MEGABYTES, template))
            stack.enter_context(moved_to_small_disk(url, GROWING))
        else:
            disk = stack.enter_context(small_disk(MEGABYTES))
            url = f"sqlite:///{disk.path / 'cyfra.sqlite3'}"
        yield stack.enter_context(new_site(kind, tmp_path, database_url=url, **overrides)), disk


@contextmanager
def moved_to_small_disk(url: str, tables: Sequence[str]) -> Iterator[None]:
    """Move tables to where `trainings` is, and back."""
    with psycopg.connect(url, autocommit=True) as connection:
        query = (
            "SELECT spcname FROM pg_class c JOIN pg_tablespace t ON t.oid = c.reltablespace WHERE relname = 'trainings'"
        )
        (small,) = connection.execute(query).fetchone() or ("",)
        for table in tables:
            connection.execute(f"ALTER TABLE {table} SET TABLESPACE {small}")
    yield
    with psycopg.connect(url, autocommit=True) as connection:
        for table in tables:
            connection.execute(f"ALTER TABLE {table} SET TABLESPACE pg_default")


def test_the_disk_is_full_at_a_checkpoint(
    cramped: tuple[Site, SmallDisk], kind: str, nursery: Nursery, uninterrupted: Uninterrupted
) -> None:
    site, disk = cramped
    met: Counter[str] = Counter()
    for rng in rounds("disk full at a checkpoint", kind, full=10):
        first = newest_checkpoint(site)
        training_id = site.submit(**SMALL)
        with nursery.worker(site.settings) as worker:
            wait_until(lambda first=first: newest_checkpoint(site) > first, 120, "a checkpoint")
            time.sleep(rng.uniform(0, 0.2))  # the moment is the point
            met[suffer(site, disk, worker, training_id, rng)] += 1
            assert_nothing_happened(site, training_id, uninterrupted)
    assert not FULL or met[NO_CHECKPOINT], "no checkpoint met a full disk: the test has lost its point"


def test_the_disk_is_full_at_the_commit(
    cramped: tuple[Site, SmallDisk], kind: str, nursery: Nursery, uninterrupted: Uninterrupted
) -> None:
    site, disk = cramped
    met: Counter[str] = Counter()
    for rng in rounds("disk full at the commit", kind, full=10):
        training_id, moment = site.submit(**SMALL), rng.randrange(len(LATE))
        with nursery.worker(site.settings) as worker:
            wait_until(
                lambda training_id=training_id, moment=moment: activity(site, training_id) in {*LATE[moment:], None},
                120,
                LATE[moment],
            )
            met[suffer(site, disk, worker, training_id, rng)] += 1
            assert_nothing_happened(site, training_id, uninterrupted)
    assert not FULL or met[NO_OUTCOME], "no commit met a full disk: the test has lost its point"


def suffer(site: Site, disk: SmallDisk, worker: Foundling, training_id: str, rng: random.Random) -> str:
    """Fill the disk, look at what that does, and give the space back; return what the worker complained of."""
    with full(site, disk):
        complaint = wait_until(lambda: complaint_of(worker) or has_ended(site, training_id), 60, "a complaint")
        assert_whole(site)
        # Often until after the end of the lease, which cannot be renewed on this disk.
        time.sleep(rng.uniform(0, 1.5 * site.settings.lease_seconds))
    training = site.wait_for(training_id, "succeeded", "failed")
    assert training["state"] == "succeeded", training
    assert_whole(site)
    if complaint in {NO_CHECKPOINT, NO_OUTCOME}:
        assert any(words in worker.log.read_text() for words in PLAIN_WORDS)
    return complaint


@contextmanager
def full(site: Site, disk: SmallDisk) -> Iterator[None]:
    """Leave no room, also not in what SQLite has set aside for its log."""
    if site.database.is_sqlite:
        with site.database.engine.connect() as connection:
            wait_until(lambda: connection.exec_driver_sql("PRAGMA wal_checkpoint(TRUNCATE)").one()[0] == 0)
    disk.fill()
    try:
        yield
    finally:
        disk.empty()


def complaint_of(worker: Foundling) -> str:
    log = worker.log.read_text()
    return next((complaint for complaint in (NO_CHECKPOINT, NO_OUTCOME) if complaint in log), "")


def has_ended(site: Site, training_id: str) -> str:
    return "" if activity(site, training_id) else "nothing: the training had ended"


def activity(site: Site, training_id: str) -> str | None:
    found: str | None = site.training(training_id)["progress"].get("activity")
    return found


def newest_checkpoint(site: Site) -> int:
    with site.database.reading() as session:
        return session.scalar(select(func.max(Checkpoint.id))) or 0


def assert_whole(site: Site) -> None:
    """Assert that the database is not damaged; PostgreSQL reads every row of every table."""
    with site.database.reading() as session:
        if site.database.is_sqlite:
            assert session.execute(text("PRAGMA integrity_check")).scalars().all() == ["ok"]
            assert session.execute(text("PRAGMA foreign_key_check")).all() == []
            return
        for table in Base.metadata.sorted_tables:
            session.execute(sqlalchemy.select(table)).all()


def assert_nothing_happened(site: Site, training_id: str, uninterrupted: Uninterrupted) -> None:
    assert weights(site, training_id) == uninterrupted.weights
    assert history(site, training_id) == uninterrupted.history
    assert_one_result(site, training_id)
