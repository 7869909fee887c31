"""The registry: trained weights with a name, versions and aliases."""

from datetime import datetime
from typing import Final

from sqlalchemy import BigInteger, ForeignKey, ForeignKeyConstraint, String
from sqlalchemy.orm import Mapped, mapped_column

from service.records.base import Base, Instant, Json
from service.records.clock import now

DEFAULT_MODEL: Final = "default"  # the model that answers /predict


class Model(Base):
    """A name under which versions of trained weights are served."""

    __tablename__ = "models"

    name: Mapped[str] = mapped_column(String(100), primary_key=True)
    created_at: Mapped[datetime] = mapped_column(Instant, default=now())
    latest_version: Mapped[int] = mapped_column(default=0)  # raised in the transaction that adds a version


class ModelVersion(Base):
    """One version: what a training produced, and what is needed to serve it without asking the training."""

    __tablename__ = "model_versions"

    name: Mapped[str] = mapped_column(ForeignKey("models.name", ondelete="CASCADE"), primary_key=True)
    version: Mapped[int] = mapped_column(primary_key=True)
    training_id: Mapped[str | None] = mapped_column(ForeignKey("trainings.id", ondelete="SET NULL"), index=True)
    created_at: Mapped[datetime] = mapped_column(Instant, default=now())
    dataset: Mapped[str] = mapped_column(String(100))
    input: Mapped[Json]  # {"height", "width", "channels", "handwriting"}
    classes: Mapped[Json]  # {"names": [...]}
    parameters: Mapped[int] = mapped_column(BigInteger)
    test_accuracy: Mapped[float]
    keras_sha256: Mapped[str] = mapped_column(ForeignKey("artefacts.sha256"), index=True)
    onnx_sha256: Mapped[str] = mapped_column(ForeignKey("artefacts.sha256"), index=True)


class ModelAlias(Base):
    """A name for a version that can be moved: `stable` is the one that answers when nobody asks for another."""

    __tablename__ = "model_aliases"

    name: Mapped[str] = mapped_column(ForeignKey("models.name", ondelete="CASCADE"), primary_key=True)
    alias: Mapped[str] = mapped_column(String(63), primary_key=True)
    version: Mapped[int]
    updated_at: Mapped[datetime] = mapped_column(Instant, default=now(), onupdate=now())

    __table_args__ = (
        ForeignKeyConstraint(
            ["name", "version"],
            ["model_versions.name", "model_versions.version"],
            ondelete="CASCADE",
            name="fk_model_aliases_version_model_versions",
        ),
    )
