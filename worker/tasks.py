"""The bridge between records and learning: claim a training, carry it out, write down how it ended.

Imports Keras, so it is itself imported only in a worker's child process, after the fork.
"""

import logging
import time
from dataclasses import astuple
from typing import TYPE_CHECKING

from sqlalchemy.exc import InterfaceError, OperationalError

from service import logs
from service.database import Database
from service.errors import DatasetUnavailable, StorageFull
from service.images.expectation import Expectation, scale
from service.images.sets.catalogue import BUILTINS
from service.images.sets.opening import LabelledSet
from service.records import TrainingState
from worker import checkpoints, claims, outcomes, receipts
from worker.calibrating.carrying_out import calibrate
from worker.claims import Claim
from worker.downloads import open_or_download
from worker.heartbeat import TIME_LIMIT, Heartbeat
from worker.imports import carrying_out as imports
from worker.keeping import Keeper
from worker.learning import checkpoints as learned
from worker.learning import evaluation, export, training, weights
from worker.learning.datasets import LabelledImages
from worker.learning.errors import Diverged, LearningError, UnusableCheckpoint
from worker.learning.recipes import Recipe
from worker.learning.training import Job, Validation
from worker.leases import LeaseLost
from worker.outcomes import Outcome
from worker.progress import ProgressCallback, ProgressWriter
from worker.rescuing import OUT_OF_MEMORY
from worker.stopping import Cancelled, ShuttingDown, Stops, TimeLimit
from worker.waiting import is_work_waiting

if TYPE_CHECKING:
    from worker.app import Workshop

logger = logging.getLogger(__name__)

PARITY_IMAGES = 64
STORE_AGAIN_SECONDS = 1.0
TOO_LONG = (
    "It has computed for {seconds:,.0f} s, as long as a training may here: fewer epochs or a smaller network fit."
)
NO_MEMORY = "The network and one batch of images did not fit into memory: a smaller batch_size or network may."


def work(workshop: "Workshop") -> None:
    """Import one data set or carry out one training; ring again if more waits.

    Imports go first: they take seconds, trainings wait for them, and nobody may have more than a few.
    """
    settings, database = workshop.settings, workshop.database
    if workshop.is_shutting_down():
        return
    if imports.work(workshop):
        if is_work_waiting(database) and not workshop.is_shutting_down():
            workshop.doorbell.ring()
        return
    claim = claims.claim(database, workshop.name, settings.lease_seconds)
    if claim is None:
        return
    if is_work_waiting(database):
        workshop.doorbell.ring()  # for another worker: rings that came at once were one
    seconds_left = settings.max_training_seconds - claim.compute_seconds
    about = logs.bound(training=claim.training_id, attempt=claim.attempt)
    with about, Heartbeat(database, claim, settings.lease_seconds, seconds_left) as heartbeat:
        logger.info("training %s: attempt %d begins", claim.training_id, claim.attempt)
        carry_out(workshop, claim, Stops(heartbeat, workshop.is_shutting_down, seconds_left))
    if is_work_waiting(database) and not workshop.is_shutting_down():
        workshop.doorbell.ring()


def carry_out(workshop: "Workshop", claim: Claim, stops: Stops) -> None:
    """Train, and write down how it ended, whatever happens: this is the edge of the worker."""
    database = workshop.database
    try:
        outcome = train(workshop, claim, stops)
        _store(database, claim, stops, outcome)
        logger.info("training %s: succeeded, test accuracy %.4f", claim.training_id, outcome.evaluation.test_accuracy)
    except LeaseLost:
        logger.warning("training %s: attempt %d is not ours any more", claim.training_id, claim.attempt)
    except ShuttingDown:
        _give_back(database, claim, f"worker {workshop.name} was stopped")
    except Cancelled:
        logger.info("training %s: cancelled", claim.training_id)
        _end(database, claim, TrainingState.CANCELLED, "cancelled while it ran")
    except TimeLimit:
        detail = TOO_LONG.format(seconds=workshop.settings.max_training_seconds)
        logger.warning("training %s: failed as %s", claim.training_id, TIME_LIMIT)
        _end(database, claim, TrainingState.FAILED, TIME_LIMIT, error_type=TIME_LIMIT, error_detail=detail)
    except (OperationalError, InterfaceError):
        # Nothing was committed. The lease ends, and the training is claimed again, here or elsewhere.
        logger.exception("training %s: the database failed; attempt %d is given up", claim.training_id, claim.attempt)
    except Exception as error:
        error_type, detail = why(error)
        logger.warning("training %s: failed as %s: %s", claim.training_id, error_type, detail, exc_info=error)
        _end(database, claim, TrainingState.FAILED, error_type, error_type=error_type, error_detail=detail)


def _store(database: Database, claim: Claim, stops: Stops, outcome: Outcome) -> None:
    """Store the outcome, again and again while the database does not take it: it is away for a moment, or its disk is full.

    A commit may have landed whose answer was lost: then the next try finds the claim gone, and that is well.
    """
    while True:
        try:
            return outcomes.store(database, claim, outcome)
        except (OperationalError, InterfaceError) as error:
            logger.warning("training %s: its outcome is not stored yet: %s", claim.training_id, error)
            stops.check()
            time.sleep(STORE_AGAIN_SECONDS)


def why(error: Exception) -> tuple[str, str]:
    """Return the type of a failure, and what a person can do about it."""
    match error:
        case Diverged():
            return "diverged", str(error)
        case DatasetUnavailable() | StorageFull():
            return "data-unavailable", error.detail
        case LearningError():
            return "invalid", str(error)
        case MemoryError():
            return OUT_OF_MEMORY, NO_MEMORY
    if type(error).__name__ == "ResourceExhaustedError":  # TensorFlow's, without importing TensorFlow
        return OUT_OF_MEMORY, NO_MEMORY
    return "internal", f"{type(error).__name__}: {error}"[:2000].replace("\x00", "")


def train(workshop: "Workshop", claim: Claim, stops: Stops) -> Outcome:
    """Load, train, evaluate, export, and check the export against the trained network on real images."""
    spec, settings = claim.spec, workshop.settings
    progress = ProgressWriter(workshop.database, claim, stops, settings.progress_seconds)
    progress.say("loading data")
    data = open_or_download(workshop.database, settings, spec["dataset"], progress.tick)
    progress.say("building the network")
    test_images = LabelledImages(data.x_test, data.y_test, len(data.classes))
    fitted = _fit(workshop, claim, stops, data, progress)
    progress.say("evaluating")
    found = evaluation.evaluate(fitted.model, test_images, data.classes, scale, [ProgressCallback(progress)])
    difference = receipts.difference(workshop.database, claim, fitted.model)
    progress.say("exporting")
    onnx = export.to_onnx(fitted.model)
    progress.say("checking the export")
    export.parity(fitted.model, onnx, scale(data.x_test[:PARITY_IMAGES]))
    progress.say("calibrating")
    calibrated = calibrate(onnx, data, Validation.from_json(spec["validation"]), spec["seed"], progress.tick)
    progress.say("storing")
    height, width, channels = data.shape
    return Outcome(
        dataset=data.name,
        dataset_sha256=data.sha256,
        expects=Expectation(height, width, channels, data.handwriting),
        classes=data.classes,
        parameters=fitted.model.count_params(),
        evaluation=found,
        notes=notes(spec, data),
        keras=export.to_keras(fitted.model),
        onnx=calibrated.onnx,
        confidence=calibrated.figures,
        weights=weights.weigh(fitted.model),
        difference=difference,
    )


def _fit(
    workshop: "Workshop", claim: Claim, stops: Stops, data: LabelledSet, progress: ProgressWriter
) -> training.Fitted:
    """Train, from the newest checkpoint that fits."""
    spec = claim.spec
    job = Job(
        layers=spec["network"]["layers"],
        input_shape=data.shape,
        recipe=Recipe.from_json(spec["recipe"], data.classes),
        validation=Validation.from_json(spec["validation"]),
        seed=spec["seed"],
    )
    images = (
        LabelledImages(data.x_train, data.y_train, len(data.classes)),
        LabelledImages(data.x_test, data.y_test, len(data.classes)),
    )
    settings = workshop.settings
    keeper = Keeper(
        workshop.database, claim, stops, every_seconds=settings.checkpoint_seconds, epochs=job.recipe.epochs
    )
    fingerprint = learned.fingerprint(job, data.sha256)

    def fit(resume: learned.State | None) -> training.Fitted:
        place = learned.Place(0, 0) if resume is None else resume.place
        receipts.begin(workshop.database, claim, place, data.sha256)
        progress.begin(place.epoch, place.step)
        return training.fit(
            job, *images, scale, [ProgressCallback(progress)], keeper.keep, resume, fingerprint=fingerprint
        )

    for content in checkpoints.newest_first(workshop.database, claim.training_id):
        try:
            state = learned.read(content)
            logger.info("training %s: goes on after %d epochs, %d steps", claim.training_id, *astuple(state.place))
            return fit(state)
        except UnusableCheckpoint as error:
            logger.warning("training %s: a checkpoint is left out: %s", claim.training_id, error)
    return fit(None)


def notes(spec: dict[str, object], data: LabelledSet) -> tuple[str, ...]:
    """Return what one must know to judge the figures."""
    found = []
    validation = spec["validation"]
    if isinstance(validation, dict) and validation["from"] == "test":
        found.append(
            "Validated on the test set: it steered the learning rate or the stopping, so that the test figures flatter."
        )
    if data.name in BUILTINS and "jpeg" in data.source:
        found.append(
            f"The images come from JPEG copies ({data.source}), so that figures may differ from published ones."
        )
    return tuple(found)


def _give_back(database: Database, claim: Claim, reason: str) -> None:
    try:
        claims.release(database, claim, reason)
        logger.info("training %s: given back", claim.training_id)
    except LeaseLost:
        logger.warning("training %s: attempt %d is not ours any more", claim.training_id, claim.attempt)


def _end(database: Database, claim: Claim, state: TrainingState, reason: str, **columns: object) -> None:
    try:
        with database.transaction() as session:
            claims.finish(session, claim, state, reason, **columns)
    except LeaseLost:
        logger.warning("training %s: attempt %d is not ours any more", claim.training_id, claim.attempt)
