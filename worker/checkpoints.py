"""Checkpoints in the database: written in parts, valid once the last has landed, the last two kept.

A kill in the middle of writing leaves an incomplete one, which nobody reads and the next one sweeps away; the complete ones
before it stay. Every part is written under the claim, and what makes it valid is fenced by it.
"""

from collections.abc import Iterator
from typing import Final

from sqlalchemy import delete, select, update
from sqlalchemy.exc import IntegrityError

from service.database import Database
from service.records import Checkpoint, CheckpointPart
from service.records.counting import count
from worker import claims
from worker.claims import Claim
from worker.learning.checkpoints import Place
from worker.leases import LeaseLost

PART_BYTES: Final = 8 << 20  # about as long as one transaction should hold SQLite's one writer
KEPT: Final = 2


def store(database: Database, claim: Claim, place: Place, content: bytes) -> None:
    """Store a checkpoint and sweep away older ones; raise LeaseLost once the claim is lost."""
    try:
        checkpoint_id = _begin(database, claim, place, content)
        for number, start in enumerate(range(0, len(content), PART_BYTES)):
            with database.transaction() as session:
                claims.hold(session, claim)
                part = content[start : start + PART_BYTES]
                session.add(CheckpointPart(checkpoint_id=checkpoint_id, number=number, content=part))
        _complete(database, claim, checkpoint_id)
    except IntegrityError as error:
        raise LeaseLost from error  # whoever holds the training now has swept away what was not complete


def _begin(database: Database, claim: Claim, place: Place, content: bytes) -> int:
    with database.transaction() as session:
        claims.hold(session, claim)
        checkpoint = Checkpoint(
            training_id=claim.training_id,
            attempt=claim.attempt,
            epoch=place.epoch,
            step=place.step,
            size=len(content),
        )
        session.add(checkpoint)
        session.flush()
        return checkpoint.id


def _complete(database: Database, claim: Claim, checkpoint_id: int) -> None:
    with database.transaction() as session:
        claims.hold(session, claim)
        session.execute(update(Checkpoint).where(Checkpoint.id == checkpoint_id).values(is_complete=True))
        kept = (
            select(Checkpoint.id)
            .where(Checkpoint.training_id == claim.training_id, Checkpoint.is_complete)
            .order_by(Checkpoint.id.desc())
            .limit(KEPT)
        )
        session.execute(
            delete(Checkpoint).where(Checkpoint.training_id == claim.training_id, Checkpoint.id.not_in(kept)),
            execution_options={"synchronize_session": False},
        )
        count(session, "checkpoints")


def newest_first(database: Database, training_id: str) -> Iterator[bytes]:
    """Give the training's complete checkpoints. Their bytes end with their own SHA-256: whoever reads them checks it."""
    with database.reading() as session:
        query = select(Checkpoint.id).where(Checkpoint.training_id == training_id, Checkpoint.is_complete)
        found = session.scalars(query.order_by(Checkpoint.id.desc())).all()
    for checkpoint_id in found:
        yield _content(database, checkpoint_id)


def _content(database: Database, checkpoint_id: int) -> bytes:
    with database.reading() as session:
        query = select(CheckpointPart.content).where(CheckpointPart.checkpoint_id == checkpoint_id)
        return b"".join(session.scalars(query.order_by(CheckpointPart.number)))
