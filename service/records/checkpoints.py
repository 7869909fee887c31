"""Where a training goes on after its worker was lost."""

from datetime import datetime

from sqlalchemy import BigInteger, ForeignKey, LargeBinary, false
from sqlalchemy.orm import Mapped, mapped_column

from service.records.base import Base, Instant
from service.records.clock import now


class Checkpoint(Base):
    """A training's whole state at the end of one of its steps; the bytes are in `CheckpointPart`."""

    __tablename__ = "checkpoints"

    id: Mapped[int] = mapped_column(primary_key=True)
    training_id: Mapped[str] = mapped_column(ForeignKey("trainings.id", ondelete="CASCADE"), index=True)
    attempt: Mapped[int]  # which attempt wrote it
    epoch: Mapped[int]  # epochs finished
    step: Mapped[int]  # steps done of the next one
    size: Mapped[int] = mapped_column(BigInteger)
    created_at: Mapped[datetime] = mapped_column(Instant, default=now())
    is_complete: Mapped[bool] = mapped_column(default=False, server_default=false())  # the last part has landed


class CheckpointPart(Base):
    """Some of the bytes, a row each, so that no transaction carries more than a few megabytes."""

    __tablename__ = "checkpoint_parts"

    checkpoint_id: Mapped[int] = mapped_column(ForeignKey("checkpoints.id", ondelete="CASCADE"), primary_key=True)
    number: Mapped[int] = mapped_column(primary_key=True)  # from 0
    content: Mapped[bytes] = mapped_column(LargeBinary, deferred=True)
