"""Checkpoints in the database: whole or not there, the last two kept, and only whoever holds the claim writes them."""

import pytest
from sqlalchemy import func, select, update

from service.database import Database
from service.records import Checkpoint, CheckpointPart, Training, TrainingState, fairness
from worker import checkpoints, claims
from worker.checkpoints import PART_BYTES
from worker.claims import Claim
from worker.learning.checkpoints import Place
from worker.leases import LeaseLost


@pytest.fixture
def claim(database: Database) -> Claim:
    """A training that is claimed."""
    with database.transaction() as session:
        session.add(Training(id="one", owner="ada", spec={}, dataset="mnist-5k"))
        session.flush()
        fairness.refresh(session, "ada")
    claim = claims.claim(database, "worker", 60)
    assert claim is not None
    return claim


def count(database: Database, record: type[Checkpoint] | type[CheckpointPart]) -> int:
    with database.reading() as session:
        return session.scalars(select(func.count()).select_from(record)).one()


def test_what_is_larger_than_a_part_comes_back_as_it_was(database: Database, claim: Claim) -> None:
    content = bytes(range(256)) * (2 * PART_BYTES // 256) + b"the rest"

    checkpoints.store(database, claim, Place(3, 4), content)

    assert list(checkpoints.newest_first(database, "one")) == [content]
    assert count(database, CheckpointPart) == 3


def test_the_last_two_are_kept_and_the_newest_comes_first(database: Database, claim: Claim) -> None:
    for epoch in range(4):
        checkpoints.store(database, claim, Place(epoch, 0), b"epoch %d" % epoch)

    assert list(checkpoints.newest_first(database, "one")) == [b"epoch 3", b"epoch 2"]
    assert (count(database, Checkpoint), count(database, CheckpointPart)) == (2, 2)


def test_one_that_was_not_written_to_its_end_is_not_read_and_swept_away_by_the_next(
    database: Database, claim: Claim
) -> None:
    checkpoints.store(database, claim, Place(1, 0), b"whole")
    checkpoints.store(database, claim, Place(2, 0), b"torn")
    with database.transaction() as session:
        newest = select(func.max(Checkpoint.id)).scalar_subquery()
        session.execute(update(Checkpoint).where(Checkpoint.id == newest).values(is_complete=False))
    assert list(checkpoints.newest_first(database, "one")) == [b"whole"]

    checkpoints.store(database, claim, Place(2, 0), b"next")

    assert list(checkpoints.newest_first(database, "one")) == [b"next", b"whole"]
    assert count(database, Checkpoint) == 2


def test_who_has_lost_the_claim_writes_nothing(database: Database, claim: Claim) -> None:
    with database.transaction() as session:
        session.execute(update(Training).values(attempt=2))

    with pytest.raises(LeaseLost):
        checkpoints.store(database, claim, Place(1, 0), b"stale")

    assert count(database, Checkpoint) == 0


def test_the_end_of_a_training_takes_its_checkpoints_along(database: Database, claim: Claim) -> None:
    checkpoints.store(database, claim, Place(1, 0), b"state")

    with database.transaction() as session:
        claims.finish(session, claim, TrainingState.SUCCEEDED)

    assert (count(database, Checkpoint), count(database, CheckpointPart)) == (0, 0)


def test_a_training_that_is_given_back_keeps_them(database: Database, claim: Claim) -> None:
    checkpoints.store(database, claim, Place(1, 0), b"state")

    claims.release(database, claim, "the worker was stopped")

    assert list(checkpoints.newest_first(database, "one")) == [b"state"]
