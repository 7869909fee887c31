"""Progress: written at every epoch and every second within one; the same write learns of a cancellation."""

import logging
import time
from dataclasses import dataclass
from typing import Any

import keras
from sqlalchemy import delete
from sqlalchemy.exc import DBAPIError

from service.database import Database
from service.records import Epoch, Training
from service.records.counting import count
from worker.claims import Claim, fenced_update, record_where_it_goes_on
from worker.learning.following import EpochResult
from worker.leases import LeaseLost, execute_fenced
from worker.stopping import Cancelled, Stops

logger = logging.getLogger(__name__)


@dataclass
class Standing:
    """Where the training stands, as the columns of its row."""

    activity: str = "starting"
    epoch: int = 0
    step: int = 0
    steps: int = 0
    eta_seconds: float | None = None
    loss: float | None = None
    accuracy: float | None = None


class ProgressWriter:
    """Writes where a training stands into its row, fenced by its claim."""

    def __init__(self, database: Database, claim: Claim, stops: Stops, every_seconds: float) -> None:
        self.standing = Standing()
        self._database = database
        self._claim = claim
        self._stops = stops
        self._every_seconds = every_seconds
        self._written_at = 0.0
        self._unwritten: list[EpochResult] = []

    def say(self, activity: str) -> None:
        """Write what the worker begins to do. Raise Cancelled, LeaseLost, TimeLimit or ShuttingDown if it must not go on."""
        self._stops.check()
        self.standing.activity = activity
        self.write()

    def begin(self, epoch: int, step: int) -> None:
        """Write that the training begins after `epoch` epochs and `step` steps, and forget what was logged beyond."""
        self.standing.epoch, self.standing.step = epoch, step
        with self._database.transaction() as session:
            execute_fenced(session, fenced_update(self._claim).values(**vars(self.standing)))
            beyond = delete(Epoch).where(Epoch.training_id == self._claim.training_id, Epoch.epoch > epoch)
            session.execute(beyond, execution_options={"synchronize_session": False})
            record_where_it_goes_on(session, self._claim, epoch)

    def tick(self) -> None:
        """Write if it is time to; raise Cancelled, LeaseLost, TimeLimit or ShuttingDown if the work must not go on."""
        self._stops.check()
        self._write_now_and_then()

    def tick_in_validation(self) -> None:
        """As `tick`; but a worker that shuts down lets a short validation end, because a checkpoint comes after it."""
        self._stops.check_patiently()
        self._write_now_and_then()

    def tick_in_training(self) -> None:
        """As `tick`; but that the worker shuts down is the business of whoever writes the checkpoints."""
        self._stops.check_right()
        self._write_now_and_then()

    def _write_now_and_then(self) -> None:
        if time.monotonic() - self._written_at >= self._every_seconds:
            self.write()

    def end_epoch(self, result: EpochResult) -> None:
        """Write an epoch's figures."""
        self._unwritten.append(result)
        self.write()

    def write(self) -> None:
        """Write now. A database that is away for a moment does not end a training: the heartbeat decides about that."""
        self._stops.check_right()
        self._written_at = time.monotonic()
        try:
            is_cancelled = self._write()
        except DBAPIError as error:
            logger.warning("training %s: progress not written: %s", self._claim.training_id, error)
            return
        if is_cancelled:
            raise Cancelled

    def _write(self) -> bool:
        statement = fenced_update(self._claim).values(**vars(self.standing)).returning(Training.cancel_requested_at)
        with self._database.transaction() as session:
            row = session.execute(statement, execution_options={"synchronize_session": False}).one_or_none()
            if row is None:
                raise LeaseLost
            for result in self._unwritten:  # again, perhaps: a commit may have landed whose answer was lost
                session.merge(Epoch(training_id=self._claim.training_id, **vars(result)))
            if self._unwritten:
                session.flush()
                count(session, "epochs", by=len(self._unwritten))
        self._unwritten.clear()
        return row.cancel_requested_at is not None


class ProgressCallback(keras.callbacks.Callback):  # type: ignore[misc] # keras has no types
    """Tells a ProgressWriter what Keras does."""

    def __init__(self, writer: ProgressWriter) -> None:
        super().__init__()
        self._writer = writer
        self._first_step_at = 0.0
        self._steps_done = 0

    def on_train_begin(self, logs: dict[str, Any] | None = None) -> None:  # noqa: ARG002 - Keras' signature
        """Say how many steps there will be."""
        self._writer.standing.steps = self.params["steps"]
        self._writer.say("training")

    def on_epoch_begin(self, epoch: int, logs: dict[str, Any] | None = None) -> None:  # noqa: ARG002 - Keras' signature
        """Count steps from 0 again."""
        self._writer.standing.epoch = epoch
        self._writer.standing.step = 0

    def on_train_batch_end(self, batch: int, logs: dict[str, float] | None = None) -> None:
        """Count a step."""
        standing = self._writer.standing
        self._steps_done += 1
        standing.step = batch + 1
        if logs:
            standing.loss, standing.accuracy = float(logs["loss"]), float(logs["accuracy"])
        standing.eta_seconds = self._eta_seconds()
        self._writer.tick_in_training()

    def _eta_seconds(self) -> float | None:
        """Return the time left at the mean pace so far; the first step also compiles the network, and does not count."""
        if self._steps_done == 1:
            self._first_step_at = time.monotonic()
            return None
        pace = (time.monotonic() - self._first_step_at) / (self._steps_done - 1)
        standing = self._writer.standing
        done = standing.epoch * standing.steps + standing.step  # in earlier attempts, too
        steps_left: int = self.params["epochs"] * standing.steps - done
        return pace * steps_left

    def on_epoch_end(self, epoch: int, logs: dict[str, float]) -> None:
        """Write the epoch's figures."""
        self._writer.standing.epoch = epoch + 1
        self._writer.standing.step = 0
        self._writer.end_epoch(EpochResult.from_logs(epoch, logs))

    def on_test_batch_end(self, batch: int, logs: dict[str, Any] | None = None) -> None:  # noqa: ARG002 - Keras' signature
        """Stop in the middle of a validation, too."""
        self._writer.tick_in_validation()

    def on_predict_batch_end(self, batch: int, logs: dict[str, Any] | None = None) -> None:  # noqa: ARG002 - Keras' signature
        """Stop in the middle of the evaluation, too."""
        self._writer.tick()
