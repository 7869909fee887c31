"""What a worker writes into the database, without its training: in the worker's own words, over a connection of its own."""

from sqlalchemy import delete

from service.database import Database
from service.records import Epoch, TrainingState
from worker import claims
from worker.claims import Claim


def claimed(database: Database, worker: str = "worker-a") -> Claim:
    """Claim the training whose turn it is."""
    claim = claims.claim(database, worker, 60)
    assert claim is not None
    return claim


def begun(database: Database, claim: Claim, after_epoch: int) -> None:
    """Begin after an epoch: as `worker.progress.ProgressWriter.begin`, which is tested where Keras is loaded anyway."""
    with database.transaction() as session:
        claims.execute_fenced(session, claims.fenced_update(claim).values(epoch=after_epoch, step=0))
        session.execute(delete(Epoch).where(Epoch.training_id == claim.training_id, Epoch.epoch > after_epoch))
        claims.record_where_it_goes_on(session, claim, after_epoch)


def epoch_ended(database: Database, claim: Claim, number: int, loss: float = 0.5) -> None:
    """Write an epoch's figures."""
    with database.transaction() as session:
        claims.execute_fenced(session, claims.fenced_update(claim).values(epoch=number, epochs=100, step=0))
        figures = {"accuracy": 0.8, "val_loss": None, "val_accuracy": None, "learning_rate": 0.002, "seconds": 1.5}
        session.add(Epoch(training_id=claim.training_id, epoch=number, loss=loss, **figures))


def stepped(database: Database, claim: Claim, step: int) -> None:
    """Write progress within an epoch."""
    with database.transaction() as session:
        claims.execute_fenced(session, claims.fenced_update(claim).values(step=step, activity="training"))


def ended(database: Database, claim: Claim, state: TrainingState, reason: str | None = None) -> None:
    """End the training."""
    with database.transaction() as session:
        claims.finish(session, claim, state, reason)
