"""Carry out a batch: fetch what came in, answer it chunk by chunk, write down how it ended."""

import logging
import os
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from functools import lru_cache
from typing import Final

import numpy as np
from sqlalchemy import select
from sqlalchemy.exc import InterfaceError, OperationalError

from service import logs
from service.database import Database
from service.errors import CyfraError
from service.images.archives.limits import ArchiveLimits
from service.images.decoding import Limits
from service.inference import bundles
from service.inference.engine import Engine, Network
from service.records import ArtefactContent, BatchChunk, TrainingState
from service.settings import Settings
from worker.batches import claims
from worker.batches.answering import Answers, Sizes, answered, in_order, pieces
from worker.batches.claims import BatchClaim
from worker.batches.inputs import Fetched, fetched
from worker.heartbeat import TIME_LIMIT, Heartbeat
from worker.leases import LeaseLost
from worker.stopping import Cancelled, ShuttingDown, Stops, TimeLimit

logger = logging.getLogger(__name__)

KEEP_AGAIN_SECONDS: Final = 1.0
MODEL_GONE: Final = "model-gone"


class ModelGone(Exception):
    """The version that the batch was submitted for is not stored any more."""


def carry_out(database: Database, settings: Settings, claim: BatchClaim, is_shutting_down: Callable[[], bool]) -> None:
    """Predict, and write down how it ended, whatever happens: this is the edge of the process."""
    seconds = settings.max_training_seconds
    about = logs.bound(batch=claim.batch_id, attempt=claim.attempt)
    with about, Heartbeat(database, claim, settings.lease_seconds, seconds) as heartbeat:
        logger.info("%s: attempt %d begins behind %d of %d", claim.title, claim.attempt, claim.done, claim.total)
        try:
            predict(database, settings, claim, Stops(heartbeat, is_shutting_down, seconds))
            _end(database, claim, TrainingState.SUCCEEDED)
        except LeaseLost:
            logger.warning("%s: attempt %d is not ours any more", claim.title, claim.attempt)
        except ShuttingDown:
            _give_back(database, claim)
        except Cancelled:
            _end(database, claim, TrainingState.CANCELLED)
        except (OperationalError, InterfaceError):
            # Nothing of this step was committed. The lease ends, and the batch is claimed again, here or elsewhere.
            logger.exception("%s: the database failed; attempt %d is given up", claim.title, claim.attempt)
        except Exception as error:
            error_type, detail = why(error, seconds)
            logger.warning("%s: failed as %s: %s", claim.title, error_type, detail, exc_info=error)
            _end(database, claim, TrainingState.FAILED, error_type=error_type, error_detail=detail)


def why(error: Exception, seconds: float) -> tuple[str, str]:
    """Return the type of a failure, and what a person can do about it."""
    match error:
        case CyfraError():
            return error.name, error.detail
        case TimeLimit():
            return (
                TIME_LIMIT,
                f"It has computed for {seconds:,.0f} s, as long as a batch may here: send fewer pictures.",
            )
        case ModelGone():
            return MODEL_GONE, "The version of the model was removed before the batch was done. Submit it to another."
        case MemoryError():
            return "out-of-memory", "The pictures and the network did not fit into memory: send smaller pictures."
    return "internal", f"{type(error).__name__}: {error}"[:2000].replace("\x00", "")


def predict(database: Database, settings: Settings, claim: BatchClaim, stops: Stops) -> None:
    """Answer every picture behind the first `claim.done`, and keep the answers chunk by chunk."""
    engine = _engine(database, claim)
    limits = Limits(max_pixels=settings.max_image_pixels)
    threads = settings.threads or os.cpu_count() or 1
    sizes, keeper = Sizes(claim.expects), _Keeper(database, claim, stops)
    with (
        fetched(database, claim.batch_id, settings.home) as given,
        bundles.opened(given.file, given.source, ArchiveLimits.of_batches(settings.max_batch_images)) as bundle,
        ThreadPoolExecutor(threads, "answering") as executor,
    ):
        chunks = pieces(bundle.loads(claim.done), claim.done, sizes)
        work = lambda piece: answered(piece, engine, limits, stops.check, claim.normalize)  # noqa: E731
        for answers in in_order(executor, work, chunks, threads):
            sizes.learn(answers)
            names = list(bundle.names[answers.start : answers.start + len(answers)])
            keeper.keep(answers, names, given)


class _Keeper:
    """Writes answers down, and reckons when the last will be there."""

    def __init__(self, database: Database, claim: BatchClaim, stops: Stops) -> None:
        self._database = database
        self._claim = claim
        self._stops = stops
        self._began_at = time.monotonic()

    def keep(self, answers: Answers, names: list[str], given: Fetched) -> None:
        """Write, again and again while the database does not take it. Raise Cancelled, LeaseLost, TimeLimit, ShuttingDown."""
        os.utime(given.file)  # `cyfra prune` takes a file that nobody has touched for an hour for one left behind
        done = answers.start + len(answers)
        pace = (time.monotonic() - self._began_at) / (done - self._claim.done)
        true = None if given.labels is None else given.labels[answers.start : done]
        is_answered = np.ones(len(answers), bool)
        is_answered[list(answers.errors)] = False
        is_labelled = is_answered & (true >= 0) if true is not None else np.zeros(len(answers), bool)
        is_right = is_labelled & (answers.top[:, 0] == true) if true is not None else is_labelled
        figures = {
            "unreadable": len(answers.errors),
            "labelled": int(is_labelled.sum()),
            "right": int(is_right.sum()),
        }
        while True:
            try:
                chunk = _chunk(
                    self._claim.batch_id, answers, names, None if true is None else true.astype("<i2").tobytes()
                )
                is_cancelled = claims.keep(
                    self._database, self._claim, chunk, figures, pace * (self._claim.total - done)
                )
                break
            except (OperationalError, InterfaceError) as error:  # it is away for a moment, or its disk is full
                logger.warning("%s: answers are not kept yet: %s", self._claim.title, error)
                self._stops.check()
                time.sleep(KEEP_AGAIN_SECONDS)
        if is_cancelled:
            raise Cancelled
        self._stops.check()


def _chunk(batch_id: str, answers: Answers, names: list[str], true: bytes | None) -> BatchChunk:
    return BatchChunk(
        batch_id=batch_id,
        start=answers.start,
        count=len(answers),
        names={"names": names},
        likeliest=answers.top.shape[1],
        top=answers.top.astype("<u2").tobytes(),
        probabilities=answers.probabilities.astype(np.dtype("<f4")).tobytes(),
        verdicts=None if answers.verdicts is None else answers.verdicts.tobytes(),
        true=true,
        errors={str(place): error for place, error in answers.errors.items()},
    )


def _engine(database: Database, claim: BatchClaim) -> Engine:
    return Engine(
        name=claim.model,
        version=claim.model_version,
        classes=claim.classes,
        expects=claim.expects,
        network=_network(database, claim.onnx_sha256),
        onnx_sha256=claim.onnx_sha256,
    )


@lru_cache(maxsize=2)
def _network(database: Database, onnx_sha256: str) -> Network:
    """Return a network; the last ones are kept, for batches of the same model come one after another."""
    with database.reading() as session:
        content = session.scalar(select(ArtefactContent.content).where(ArtefactContent.sha256 == onnx_sha256))
    if content is None:
        raise ModelGone
    return Network(content)


def _give_back(database: Database, claim: BatchClaim) -> None:
    try:
        claims.release(database, claim)
        logger.info("%s: given back", claim.title)
    except LeaseLost:
        logger.warning("%s: attempt %d is not ours any more", claim.title, claim.attempt)


def _end(database: Database, claim: BatchClaim, state: TrainingState, **columns: object) -> None:
    try:
        with database.transaction() as session:
            claims.finish(session, claim.batch_id, claim.attempt, state, **columns)
        logger.info("%s: %s", claim.title, state.value)
    except LeaseLost:
        logger.warning("%s: attempt %d is not ours any more", claim.title, claim.attempt)
