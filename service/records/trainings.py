"""A training, everything that happened to it, and what it produced."""

from datetime import datetime
from enum import StrEnum

from sqlalchemy import BigInteger, Enum, ForeignKey, Index, String, Text
from sqlalchemy.orm import Mapped, mapped_column, relationship

from service.records.base import Base, Instant, Json
from service.records.clock import now


class TrainingState(StrEnum):
    """Where a training stands. The last three are terminal: nothing leaves them."""

    QUEUED = "queued"  # accepted, waits for a worker; also again after its worker was lost
    RUNNING = "running"  # a worker holds a claim; with cancel_requested_at set it reads "cancelling"
    SUCCEEDED = "succeeded"  # has a report and artefacts
    FAILED = "failed"  # has an error_type and an error_detail
    CANCELLED = "cancelled"  # somebody asked for it

    @property
    def is_terminal(self) -> bool:
        """Whether nothing will change any more."""
        return self in {TrainingState.SUCCEEDED, TrainingState.FAILED, TrainingState.CANCELLED}


StateColumn = Enum(
    TrainingState,
    native_enum=False,
    create_constraint=False,
    length=16,
    values_callable=lambda states: [s.value for s in states],
)


class Training(Base):
    """One job: data set + network + recipe + seed -> a model and its report."""

    __tablename__ = "trainings"

    id: Mapped[str] = mapped_column(String(16), primary_key=True)
    owner: Mapped[str] = mapped_column(String(200))
    state: Mapped[TrainingState] = mapped_column(StateColumn, default=TrainingState.QUEUED)
    version: Mapped[int] = mapped_column(default=1)  # raised by every write: the ETag
    created_at: Mapped[datetime] = mapped_column(Instant, default=now())
    started_at: Mapped[datetime | None] = mapped_column(Instant)
    finished_at: Mapped[datetime | None] = mapped_column(Instant)

    spec: Mapped[Json]
    preset: Mapped[str | None] = mapped_column(String(100))
    dataset: Mapped[str] = mapped_column(String(100))
    dataset_sha256: Mapped[str | None] = mapped_column(String(64))
    network: Mapped[str | None] = mapped_column(String(100))
    register_as: Mapped[str | None] = mapped_column(String(100))
    priority: Mapped[int] = mapped_column(default=0, server_default="0")  # the highest is claimed first

    # The claim: every write after it carries the attempt it belongs to.
    attempt: Mapped[int] = mapped_column(default=0)
    losses: Mapped[int] = mapped_column(default=0)  # how many of the attempts ended because their worker was lost
    worker: Mapped[str | None] = mapped_column(String(200))
    lease_clock: Mapped[str | None] = mapped_column(String(64))  # see `service.records.clock`
    lease_began: Mapped[float | None]  # seconds on that clock, as the next one; None: claimed by an older worker
    lease_until: Mapped[float | None]
    compute_seconds: Mapped[float] = mapped_column(default=0.0, server_default="0")  # of all attempts that have ended
    cancel_requested_at: Mapped[datetime | None] = mapped_column(Instant)

    # Progress, overwritten as it goes.
    activity: Mapped[str | None] = mapped_column(String(100))
    epoch: Mapped[int] = mapped_column(default=0)
    epochs: Mapped[int] = mapped_column(default=0)
    step: Mapped[int] = mapped_column(default=0)
    steps: Mapped[int] = mapped_column(default=0)
    eta_seconds: Mapped[float | None]
    loss: Mapped[float | None]
    accuracy: Mapped[float | None]

    parameters: Mapped[int | None] = mapped_column(BigInteger)
    test_loss: Mapped[float | None]
    test_accuracy: Mapped[float | None]
    error_type: Mapped[str | None] = mapped_column(String(50))
    error_detail: Mapped[str | None] = mapped_column(Text)

    labels: Mapped[list["TrainingLabel"]] = relationship(
        lazy="selectin", cascade="all, delete-orphan", passive_deletes=True
    )

    __table_args__ = (
        Index("ix_trainings_state_created_at_id", "state", "created_at", "id"),
        Index("ix_trainings_created_at_id", "created_at", "id"),
        Index("ix_trainings_queue", "owner", "state", priority.desc(), "created_at", "id"),  # an owner's next one
        Index("ix_trainings_alike", "dataset", "network", "state", "finished_at"),  # how long such a one takes
    )


class TrainingLabel(Base):
    """A key and a value that the submitter hung on a training, to find it by."""

    __tablename__ = "training_labels"

    training_id: Mapped[str] = mapped_column(ForeignKey("trainings.id", ondelete="CASCADE"), primary_key=True)
    key: Mapped[str] = mapped_column(String(63), primary_key=True)
    value: Mapped[str] = mapped_column(String(255))

    __table_args__ = (Index("ix_training_labels_key_value", "key", "value"),)


class TrainingChange(Base):
    """One change of state, with its time: the history that is never rewritten."""

    __tablename__ = "training_changes"

    id: Mapped[int] = mapped_column(primary_key=True)
    training_id: Mapped[str] = mapped_column(ForeignKey("trainings.id", ondelete="CASCADE"), index=True)
    at: Mapped[datetime] = mapped_column(Instant, default=now())
    state: Mapped[TrainingState] = mapped_column(StateColumn)
    attempt: Mapped[int]
    reason: Mapped[str | None] = mapped_column(Text)
    resumes_after_epoch: Mapped[int | None]  # of a running one, once its worker knows; epochs beyond it are void


class Epoch(Base):
    """The figures of one epoch of one training: one row, queryable."""

    __tablename__ = "epochs"

    training_id: Mapped[str] = mapped_column(ForeignKey("trainings.id", ondelete="CASCADE"), primary_key=True)
    epoch: Mapped[int] = mapped_column(primary_key=True)
    loss: Mapped[float]
    accuracy: Mapped[float]
    val_loss: Mapped[float | None]
    val_accuracy: Mapped[float | None]
    learning_rate: Mapped[float]
    seconds: Mapped[float]


class TrainingArtefact(Base):
    """Which artefact a training produced in which format."""

    __tablename__ = "training_artefacts"

    training_id: Mapped[str] = mapped_column(ForeignKey("trainings.id", ondelete="CASCADE"), primary_key=True)
    format: Mapped[str] = mapped_column(String(16), primary_key=True)
    sha256: Mapped[str] = mapped_column(ForeignKey("artefacts.sha256"), index=True)
