"""SQL of predictions: the bytes of a model."""

from sqlalchemy import select

from service.database import Database
from service.records import ArtefactContent


def artefact(database: Database, sha256: str) -> bytes:
    """Return the bytes of an artefact that a model version points to."""
    with database.reading() as session:
        return session.scalars(select(ArtefactContent.content).where(ArtefactContent.sha256 == sha256)).one()
