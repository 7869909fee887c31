"""SQL about models."""

from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import select
from sqlalchemy.orm import Session

from service.records import Artefact, ArtefactContent, Model, ModelAlias, ModelVersion


@dataclass(frozen=True)
class ModelRows:
    """A model with its versions, oldest first, and its aliases."""

    model: Model
    versions: Sequence[ModelVersion]
    aliases: dict[str, int]


def names(session: Session) -> Sequence[str]:
    """Return the names of all models, in order."""
    return session.scalars(select(Model.name).order_by(Model.name)).all()


def get(session: Session, name: str) -> ModelRows | None:
    """Return a model with all it has."""
    model = session.get(Model, name)
    if model is None:
        return None
    versions = session.scalars(
        select(ModelVersion).where(ModelVersion.name == name).order_by(ModelVersion.version)
    ).all()
    aliases = session.scalars(select(ModelAlias).where(ModelAlias.name == name).order_by(ModelAlias.alias)).all()
    return ModelRows(model, versions, {alias.alias: alias.version for alias in aliases})


def sizes(session: Session, sha256s: Sequence[str]) -> dict[str, int]:
    """Return the sizes of artefacts, in bytes."""
    found = session.execute(select(Artefact.sha256, Artefact.size).where(Artefact.sha256.in_(sha256s)))
    return {row.sha256: row.size for row in found}


def set_alias(session: Session, name: str, alias: str, version: int) -> None:
    """Point an alias at a version, whether it exists already or not."""
    session.get_one(Model, name, with_for_update=True)  # two callers set a new alias one after another
    session.merge(ModelAlias(name=name, alias=alias, version=version))
    session.flush()


def artefact_content(session: Session, sha256: str) -> bytes:
    """Return the bytes of an artefact that something points to."""
    return session.scalars(select(ArtefactContent.content).where(ArtefactContent.sha256 == sha256)).one()
