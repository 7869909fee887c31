"""What a training was made with, attempt by attempt; what came out, as hashes; and which training repeats which."""

from datetime import datetime

from sqlalchemy import ForeignKey, String
from sqlalchemy.orm import Mapped, mapped_column

from service.records.base import Base, Instant, Json
from service.records.clock import now


class TrainingAttempt(Base):
    """What one attempt was made with, written when its network begins to learn."""

    __tablename__ = "training_attempts"

    training_id: Mapped[str] = mapped_column(ForeignKey("trainings.id", ondelete="CASCADE"), primary_key=True)
    attempt: Mapped[int] = mapped_column(primary_key=True)
    began_at: Mapped[datetime] = mapped_column(Instant, default=now())
    after_epoch: Mapped[int]  # epochs that were done when it began: those before are another attempt's
    after_step: Mapped[int]  # and steps of the next one
    dataset_sha256: Mapped[str] = mapped_column(String(64))
    made_with: Mapped[Json]  # versions, hardware, settings: see `worker.learning.surroundings`


class Receipt(Base):
    """What came out of a training that succeeded, as hashes. There is none for those of before 0008."""

    __tablename__ = "receipts"

    training_id: Mapped[str] = mapped_column(ForeignKey("trainings.id", ondelete="CASCADE"), primary_key=True)
    weights_sha256: Mapped[str] = mapped_column(String(64))
    weights: Mapped[Json]  # {"arrays": [{"name", "dtype", "shape", "sha256"}, …]}


class Rerun(Base):
    """That a training repeats another one, and how its weights differ."""

    __tablename__ = "reruns"

    training_id: Mapped[str] = mapped_column(ForeignKey("trainings.id", ondelete="CASCADE"), primary_key=True)
    original_id: Mapped[str] = mapped_column(String(16), index=True)  # no foreign key: it may be deleted
    difference: Mapped[Json | None]  # see `worker.learning.weights`; null until it has succeeded
