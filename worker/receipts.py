"""What a training was made with, written down as each attempt begins; and for a rerun, how it differs from the original."""

import hashlib
import logging
from dataclasses import asdict
from functools import cache
from pathlib import Path

import keras
from sqlalchemy import select

import worker.learning
from service.database import Database
from service.images import expectation
from service.records import ArtefactContent, Rerun, TrainingArtefact, TrainingAttempt
from service.records.base import Json
from worker import claims
from worker.claims import Claim
from worker.learning import surroundings, weights
from worker.learning.checkpoints import Place
from worker.learning.errors import UnreadableWeights

logger = logging.getLogger(__name__)

GONE = "The original was deleted before its rerun had ended."


def begin(database: Database, claim: Claim, place: Place, dataset_sha256: str) -> None:
    """Write down what this attempt, which goes on from `place`, is made with; raise LeaseLost once the claim is lost.

    A second time in an attempt, because a checkpoint was no good, takes the first one's place.
    """
    with database.transaction() as session:
        claims.hold(session, claim)
        session.merge(
            TrainingAttempt(
                training_id=claim.training_id,
                attempt=claim.attempt,
                after_epoch=place.epoch,
                after_step=place.step,
                dataset_sha256=dataset_sha256,
                made_with=made_with(),
            )
        )


@cache
def made_with() -> Json:
    """Return what this process trains with, and the hash of the code that trains: none of it changes while it lives."""
    return {**asdict(surroundings.describe()), "code_sha256": code_sha256()}


def code_sha256() -> str:
    """Return the SHA-256 over the source of what weights follow from: names and bytes, in the order of the names.

    A version says little while one develops; Git is not there in an image.
    """
    learning = Path(worker.learning.__path__[0])
    digest = hashlib.sha256()
    for file in (*sorted(learning.glob("*.py")), Path(expectation.__file__)):
        content = file.read_bytes()
        digest.update(f"{file.name} {len(content)}\n".encode())
        digest.update(content)
    return digest.hexdigest()


def difference(database: Database, claim: Claim, model: keras.Model) -> Json | None:
    """Return how a rerun's weights differ from the original's, under `unknown` why nobody can say; None if it is none."""
    with database.reading() as session:
        original = session.scalar(select(Rerun.original_id).where(Rerun.training_id == claim.training_id))
        if original is None:
            return None
        content = session.scalar(
            select(ArtefactContent.content)
            .join(TrainingArtefact, TrainingArtefact.sha256 == ArtefactContent.sha256)
            .where(TrainingArtefact.training_id == original, TrainingArtefact.format == "keras")
        )
    if content is None:
        return {"unknown": GONE}
    try:
        return asdict(weights.compare(model, content))
    except UnreadableWeights as error:
        logger.warning("training %s: not compared with %s: %s", claim.training_id, original, error)
        return {"unknown": str(error)}
