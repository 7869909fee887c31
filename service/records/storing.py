"""Store the bytes of a model, and remove those that nothing points to: two programs may do both at once with the same bytes.

Whoever stores locks the artefact's row, old or new, until what points to it is committed. Whoever removes passes by rows that
are locked, locks the others, and looks for what points to them in a second statement: on PostgreSQL that one sees whatever was
committed before the lock was had, and behind the lock nothing can come to point to the row. SQLite has one writer anyway.
"""

import hashlib
from collections.abc import Sequence

from sqlalchemy import ColumnElement, delete, exists, or_, select
from sqlalchemy.orm import Session

from service.records.artefacts import Artefact, ArtefactContent
from service.records.clock import now
from service.records.inserting import insert
from service.records.models import ModelVersion
from service.records.trainings import TrainingArtefact


def store(session: Session, content: bytes) -> str:
    """Store bytes unless they are stored already; return their SHA-256. Until the transaction ends nobody removes them."""
    sha256 = hashlib.sha256(content).hexdigest()
    session.execute(
        insert(session, Artefact)
        .values(sha256=sha256, size=len(content))
        .on_conflict_do_update(index_elements=[Artefact.sha256], set_={"created_at": now()})
    )  # DO NOTHING would lock nothing, and the row could be gone before anything points to it
    if not session.scalar(select(exists().where(ArtefactContent.sha256 == sha256))):
        session.add(ArtefactContent(sha256=sha256, content=content))
        session.flush()
    return sha256


def remove_unreferenced(session: Session, sha256s: Sequence[str]) -> Sequence[str]:
    """Remove those of the given artefacts that nothing points to and nobody is storing; return which."""
    mine = session.scalars(
        select(Artefact.sha256).where(Artefact.sha256.in_(sha256s)).with_for_update(skip_locked=True)
    ).all()
    return session.scalars(
        delete(Artefact).where(Artefact.sha256.in_(mine), ~is_referenced()).returning(Artefact.sha256),
        execution_options={"synchronize_session": False},
    ).all()


def is_referenced() -> ColumnElement[bool]:
    """Return the condition that a training or a version of a model points to the artefact."""
    return or_(
        exists().where(TrainingArtefact.sha256 == Artefact.sha256),
        exists().where(ModelVersion.keras_sha256 == Artefact.sha256),
        exists().where(ModelVersion.onnx_sha256 == Artefact.sha256),
    )
