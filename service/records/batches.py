"""Batches of predictions: many pictures that a worker names, what came in, and what was answered."""

from datetime import datetime

from sqlalchemy import BigInteger, ForeignKey, Index, LargeBinary, String, Text
from sqlalchemy.orm import Mapped, mapped_column

from service.records.base import Base, Instant, Json
from service.records.clock import now
from service.records.trainings import StateColumn, TrainingState


class PredictionBatch(Base):
    """One job: pictures + a version of a model -> a class for each. Its states are those of a training."""

    __tablename__ = "prediction_batches"

    id: Mapped[str] = mapped_column(String(16), primary_key=True)
    owner: Mapped[str] = mapped_column(String(200))
    state: Mapped[TrainingState] = mapped_column(StateColumn, default=TrainingState.QUEUED)
    version: Mapped[int] = mapped_column(default=1)  # raised by every write: the ETag
    created_at: Mapped[datetime] = mapped_column(Instant, default=now())
    started_at: Mapped[datetime | None] = mapped_column(Instant)
    finished_at: Mapped[datetime | None] = mapped_column(Instant)

    # The model version that was resolved when it was submitted, and all that is needed to answer and to read the answers.
    model: Mapped[str] = mapped_column(String(100))
    model_version: Mapped[int]
    onnx_sha256: Mapped[str] = mapped_column(String(64))
    expects: Mapped[Json]  # {"height", "width", "channels", "handwriting"}
    classes: Mapped[Json]  # {"names": [...]}
    normalize: Mapped[str] = mapped_column(String(6), server_default="auto")  # auto, always or never

    form: Mapped[str] = mapped_column(String(16))  # zip, npz, idx or files
    filename: Mapped[str | None] = mapped_column(Text)
    array: Mapped[str | None] = mapped_column(Text)  # which one of an npz
    size: Mapped[int] = mapped_column(BigInteger)  # bytes that came
    labels_from: Mapped[str | None] = mapped_column(String(16))  # None: there are none
    notes: Mapped[Json]  # {"notes": [...]}

    # The claim, as a training's: every write after it carries the attempt it belongs to.
    attempt: Mapped[int] = mapped_column(default=0)
    losses: Mapped[int] = mapped_column(default=0)
    worker: Mapped[str | None] = mapped_column(String(200))
    lease_clock: Mapped[str | None] = mapped_column(String(64))
    lease_began: Mapped[float | None]
    lease_until: Mapped[float | None]
    cancel_requested_at: Mapped[datetime | None] = mapped_column(Instant)

    total: Mapped[int]  # pictures
    done: Mapped[int] = mapped_column(default=0)  # of those, in their order; the next attempt goes on behind them
    unreadable: Mapped[int] = mapped_column(default=0)  # of those that are done
    labelled: Mapped[int] = mapped_column(default=0)  # of those that were answered
    right: Mapped[int] = mapped_column(default=0)  # of those that are labelled
    eta_seconds: Mapped[float | None]
    error_type: Mapped[str | None] = mapped_column(String(50))
    error_detail: Mapped[str | None] = mapped_column(Text)

    __table_args__ = (
        Index("ix_prediction_batches_state_created_at_id", "state", "created_at", "id"),
        Index("ix_prediction_batches_created_at_id", "created_at", "id"),
        Index("ix_prediction_batches_owner_started_at", "owner", "started_at"),  # whose turn it is
    )


class BatchInput(Base):
    """What came in for a batch; it has the batch's id, is stored before it, and goes when the batch ends."""

    __tablename__ = "batch_inputs"

    batch_id: Mapped[str] = mapped_column(String(16), primary_key=True)
    created_at: Mapped[datetime] = mapped_column(Instant, default=now())
    size: Mapped[int] = mapped_column(BigInteger)
    source: Mapped[Json] = mapped_column(deferred=True)  # see `service.inference.bundles.Source`
    # One class index a picture, 16 bit little-endian, -1 where there is no label; null if there are none at all.
    labels: Mapped[bytes | None] = mapped_column(LargeBinary, deferred=True)


class BatchInputPart(Base):
    """Some of the bytes, a row each, so that no transaction carries more than a few megabytes."""

    __tablename__ = "batch_input_parts"

    batch_id: Mapped[str] = mapped_column(ForeignKey("batch_inputs.batch_id", ondelete="CASCADE"), primary_key=True)
    number: Mapped[int] = mapped_column(primary_key=True)  # from 0
    content: Mapped[bytes] = mapped_column(LargeBinary, deferred=True)


class BatchChunk(Base):
    """The answers to some pictures in a row, written in one transaction with the batch's `done`."""

    __tablename__ = "batch_chunks"

    batch_id: Mapped[str] = mapped_column(ForeignKey("prediction_batches.id", ondelete="CASCADE"), primary_key=True)
    start: Mapped[int] = mapped_column(primary_key=True)  # the first picture's index
    count: Mapped[int]
    names: Mapped[Json]  # {"names": [...]}
    # `likeliest` columns of (count, likeliest): class indices as unsigned 16 bit, probabilities as float32, little-endian.
    likeliest: Mapped[int]
    top: Mapped[bytes] = mapped_column(LargeBinary)
    probabilities: Mapped[bytes] = mapped_column(LargeBinary)
    # (count,) unsigned bytes, places in `service.inference.calibration.VERDICTS`; null where the model gives none.
    verdicts: Mapped[bytes | None] = mapped_column(LargeBinary)
    true: Mapped[bytes | None] = mapped_column(LargeBinary)  # class indices as in `BatchInput.labels`
    errors: Mapped[Json]  # {"3": {"type", "detail"}}: what is wrong with the picture at that place of the chunk
