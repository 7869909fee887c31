"""What a worker writes of a training that goes on."""

from sqlalchemy import select

from service.database import Database
from service.records import Epoch, Training, TrainingChange
from tests.worker.test_claims import claimed, queue
from worker import claims
from worker.heartbeat import Heartbeat
from worker.learning.following import EpochResult
from worker.progress import ProgressWriter
from worker.stopping import Stops


def writer(database: Database, claim: claims.Claim) -> ProgressWriter:
    stops = Stops(Heartbeat(database, claim, 60, 1000), lambda: False, 1000)
    return ProgressWriter(database, claim, stops, every_seconds=0)


def epoch(number: int) -> EpochResult:
    return EpochResult(number, 0.5, 0.8, None, None, 0.01, 1.0)


def test_an_attempt_that_goes_on_says_after_which_epoch_and_voids_those_beyond(database: Database) -> None:
    queue(database, "one")
    first = writer(database, claimed(database))
    for number in (1, 2, 3):
        first.end_epoch(epoch(number))
    claims.release(database, first._claim, "the worker was stopped")

    second = claimed(database)
    writer(database, second).begin(1, 4)

    with database.reading() as session:
        changes = session.scalars(select(TrainingChange).order_by(TrainingChange.id)).all()
        told = [(change.state.value, change.resumes_after_epoch) for change in changes]
        assert told[-3:] == [("running", 0), ("queued", None), ("running", 1)]
        assert session.scalars(select(Epoch.epoch)).all() == [1]
        assert session.scalars(select(Training.epoch)).one() == 1
