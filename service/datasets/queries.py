"""SQL about data sets that people send."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Final

from sqlalchemy import delete, func, select
from sqlalchemy.orm import Session

from service.database import Database
from service.records import Dataset, DatasetState, DatasetUpload, DatasetUploadPart, Training, TrainingState

PART_BYTES: Final = 8 << 20  # about as long as one transaction should hold SQLite's one writer
UNENDED: Final = (TrainingState.QUEUED, TrainingState.RUNNING)
MOST_TOLD: Final = 5


def every(session: Session) -> Sequence[Dataset]:
    """Return all data sets that people have sent, by their names."""
    return session.scalars(select(Dataset).order_by(Dataset.name)).all()


def locked(session: Session, name: str) -> Dataset | None:
    """Return a data set that nobody else changes, or begins to use, until the transaction ends."""
    query = select(Dataset).where(Dataset.name == name).with_for_update()
    return session.scalars(query.execution_options(populate_existing=True)).one_or_none()


def importing(session: Session, owner: str) -> int:
    """Return how many of an owner's data sets are not imported yet."""
    mine = (Dataset.owner == owner, Dataset.state == DatasetState.IMPORTING)
    return session.scalars(select(func.count()).where(*mine)).one()


def add(session: Session, dataset: Dataset) -> None:
    """Insert a data set; raise sqlalchemy's IntegrityError if its name was taken at the same moment."""
    session.add(dataset)
    session.flush()
    session.refresh(dataset)


def remove(session: Session, dataset: Dataset) -> None:
    """Delete a data set with its pixels, and what was sent for it."""
    upload_id = dataset.upload_id
    session.execute(delete(Dataset).where(Dataset.id == dataset.id), execution_options={"synchronize_session": False})
    session.expunge(dataset)
    if upload_id is not None:
        session.execute(delete(DatasetUpload).where(DatasetUpload.id == upload_id))


def has_content(session: Session, sha256: str) -> bool:
    """Whether any data set has these pixels."""
    return bool(session.scalars(select(func.count()).where(Dataset.sha256 == sha256)).one())


def trainings_on(session: Session, name: str) -> Sequence[str]:
    """Return some trainings on a data set that have not ended."""
    query = select(Training.id).where(Training.dataset == name, Training.state.in_(UNENDED))
    return session.scalars(query.order_by(Training.created_at).limit(MOST_TOLD)).all()


def stage(database: Database, files: Mapping[str, Path]) -> int:
    """Store what was sent in short transactions, before anything points to it; return its id.

    If that fails, whatever has been stored is removed again; after a kill `cyfra prune` does that.
    """
    with database.transaction() as session:
        upload = DatasetUpload()
        session.add(upload)
        session.flush()
        upload_id = upload.id
    try:
        for role, file in files.items():
            with file.open("rb") as opened:
                number = 0
                while content := opened.read(PART_BYTES):
                    with database.transaction() as session:
                        part = DatasetUploadPart(upload_id=upload_id, role=role, number=number, content=content)
                        session.add(part)
                    number += 1
    except BaseException:
        discard(database, upload_id)
        raise
    return upload_id


def discard(database: Database, upload_id: int) -> None:
    """Remove what was sent, unless a data set points to it."""
    wanted = select(Dataset.upload_id).where(Dataset.upload_id == upload_id).exists()
    with database.transaction() as session:
        session.execute(delete(DatasetUpload).where(DatasetUpload.id == upload_id, ~wanted))
