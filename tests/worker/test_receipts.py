"""What the worker writes down of an attempt, and how it compares a rerun with its original."""

import json
import secrets

import pytest
from sqlalchemy import select, update

from service.database import Database
from service.records import Rerun, Training, TrainingArtefact, TrainingAttempt, fairness, storing
from tests.worker.learning.conftest import LINEAR
from worker import claims, receipts
from worker.claims import Claim
from worker.learning.checkpoints import Place
from worker.learning.export import to_keras
from worker.learning.networks import build
from worker.leases import LeaseLost

SHA = "a" * 64


@pytest.fixture
def claim(database: Database) -> Claim:
    """A training that is claimed."""
    add_training(database, "one")
    claim = claims.claim(database, "worker", 60)
    assert claim is not None
    return claim


def add_training(database: Database, training_id: str) -> None:
    with database.transaction() as session:
        session.add(Training(id=training_id, owner="ada", spec={}, dataset="mnist-5k"))
        session.flush()
        fairness.refresh(session, "ada")


def add_original(database: Database, rerun: str, keras_file: bytes | None) -> None:
    """Make a training the rerun of another one, which has a network unless `keras_file` is None."""
    original = secrets.token_hex(8)
    with database.transaction() as session:
        session.add(Training(id=original, owner="ada", spec={}, dataset="mnist-5k", state="succeeded"))
        session.add(Rerun(training_id=rerun, original_id=original))
        session.flush()
        if keras_file is not None:
            sha256 = storing.store(session, keras_file)
            session.add(TrainingArtefact(training_id=original, format="keras", sha256=sha256))


def attempts(database: Database) -> list[TrainingAttempt]:
    with database.reading() as session:
        return list(session.scalars(select(TrainingAttempt).order_by(TrainingAttempt.attempt)))


def test_an_attempt_is_written_down_with_what_it_is_made_with(database: Database, claim: Claim) -> None:
    receipts.begin(database, claim, Place(2, 7), SHA)

    (one,) = attempts(database)
    assert (one.attempt, one.after_epoch, one.after_step, one.dataset_sha256) == (1, 2, 7, SHA)
    assert one.made_with == json.loads(json.dumps(receipts.made_with()))
    assert one.began_at is not None


def test_an_attempt_that_begins_anew_because_a_checkpoint_was_no_good_is_one_attempt(
    database: Database, claim: Claim
) -> None:
    for place in (Place(2, 7), Place(1, 0), Place(0, 0)):
        receipts.begin(database, claim, place, SHA)

    assert [(one.attempt, one.after_epoch, one.after_step) for one in attempts(database)] == [(1, 0, 0)]


def test_who_has_lost_the_claim_writes_nothing_down(database: Database, claim: Claim) -> None:
    with database.transaction() as session:
        session.execute(update(Training).values(attempt=2))

    with pytest.raises(LeaseLost):
        receipts.begin(database, claim, Place(0, 0), SHA)

    assert attempts(database) == []


def test_the_code_that_trains_has_one_hash(database: Database) -> None:
    assert receipts.code_sha256() == receipts.code_sha256()
    assert len(receipts.code_sha256()) == 64


def test_a_training_that_is_no_rerun_is_compared_with_nothing(database: Database, claim: Claim) -> None:
    assert receipts.difference(database, claim, build(LINEAR, (28, 28, 1), seed=1)) is None


def test_a_rerun_is_compared_with_the_network_of_its_original(database: Database, claim: Claim) -> None:
    same, other = (build(LINEAR, (28, 28, 1), seed=seed) for seed in (1, 2))
    add_original(database, "one", to_keras(same))

    equal = receipts.difference(database, claim, same)
    unequal = receipts.difference(database, claim, other)

    assert equal == {"arrays": 2, "differing": 0, "largest": 0.0, "where": None}
    assert unequal is not None
    assert (unequal["differing"], unequal["where"]) == (1, "dense/kernel")
    assert unequal["largest"] > 0


@pytest.mark.parametrize(
    ("content", "said"), [(None, "deleted"), (b"", "cannot be read"), (b"PK junk", "cannot be read")]
)
def test_an_original_that_cannot_be_read_says_why_and_fails_no_rerun(
    database: Database, claim: Claim, content: bytes | None, said: str
) -> None:
    add_original(database, "one", content)

    found = receipts.difference(database, claim, build(LINEAR, (28, 28, 1), seed=1))

    assert found is not None
    assert said in found["unknown"]
