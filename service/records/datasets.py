"""Data sets that people have sent: what was sent, what became of it, and its pixels."""

from datetime import datetime
from enum import StrEnum

from sqlalchemy import BigInteger, Enum, ForeignKey, Index, LargeBinary, String, Text
from sqlalchemy.orm import Mapped, mapped_column

from service.records.base import Base, Instant, Json
from service.records.clock import now


class DatasetState(StrEnum):
    """Where a data set stands. The last three are terminal."""

    IMPORTING = "importing"  # waits for a worker, or one holds a claim on it
    READY = "ready"  # can be trained on
    REFUSED = "refused"  # what was sent cannot become a data set; has an error_type and an error_detail
    FAILED = "failed"  # it could not be imported, for no fault of what was sent; has the same two


DatasetStateColumn = Enum(
    DatasetState,
    native_enum=False,
    create_constraint=False,
    length=16,
    values_callable=lambda states: [s.value for s in states],
)


class DatasetUpload(Base):
    """Files that somebody has sent, until they are imported; the bytes are in `DatasetUploadPart`."""

    __tablename__ = "dataset_uploads"

    id: Mapped[int] = mapped_column(primary_key=True)
    created_at: Mapped[datetime] = mapped_column(Instant, default=now())


class DatasetUploadPart(Base):
    """Some of the bytes of one of the files, a row each, so that no transaction carries more than a few megabytes."""

    __tablename__ = "dataset_upload_parts"

    upload_id: Mapped[int] = mapped_column(ForeignKey("dataset_uploads.id", ondelete="CASCADE"), primary_key=True)
    role: Mapped[str] = mapped_column(
        String(16), primary_key=True
    )  # which file: see `service.images.intake.collecting`
    number: Mapped[int] = mapped_column(primary_key=True)  # from 0
    content: Mapped[bytes] = mapped_column(LargeBinary, deferred=True)


class Dataset(Base):
    """A data set that somebody has sent."""

    __tablename__ = "datasets"

    id: Mapped[int] = mapped_column(primary_key=True)
    name: Mapped[str] = mapped_column(String(100), unique=True)
    owner: Mapped[str] = mapped_column(String(200))
    state: Mapped[DatasetState] = mapped_column(DatasetStateColumn, default=DatasetState.IMPORTING)
    created_at: Mapped[datetime] = mapped_column(Instant, default=now())
    finished_at: Mapped[datetime | None] = mapped_column(Instant)

    title: Mapped[str] = mapped_column(String(200))
    description: Mapped[str] = mapped_column(Text)
    source: Mapped[str] = mapped_column(String(200))  # what the sender called it
    size: Mapped[int] = mapped_column(BigInteger)  # bytes that were sent
    options: Mapped[Json]
    upload_id: Mapped[int | None] = mapped_column(ForeignKey("dataset_uploads.id", ondelete="SET NULL"), index=True)

    # The claim, as of a training: every write after it carries the attempt it belongs to.
    attempt: Mapped[int] = mapped_column(default=0)
    losses: Mapped[int] = mapped_column(default=0)
    worker: Mapped[str | None] = mapped_column(String(200))  # None: it waits for one
    lease_clock: Mapped[str | None] = mapped_column(String(64))
    lease_until: Mapped[float | None]

    # Progress, overwritten as it goes.
    activity: Mapped[str | None] = mapped_column(String(100))
    done: Mapped[int] = mapped_column(default=0)  # pictures
    total: Mapped[int] = mapped_column(default=0)
    eta_seconds: Mapped[float | None]

    sha256: Mapped[str | None] = mapped_column(String(64), index=True)
    facts: Mapped[Json | None]  # of a ready one: classes, shape, how many of each
    lint: Mapped[Json | None]  # what was odd about it
    error_type: Mapped[str | None] = mapped_column(String(50))
    error_detail: Mapped[str | None] = mapped_column(Text)

    __table_args__ = (Index("ix_datasets_state_created_at", "state", "created_at"),)


class DatasetPart(Base):
    """Some of the bytes of one of the four arrays of a set, compressed by zlib; of the attempt that has ended, or of one that
    is under way. Every machine makes its own files of them.
    """

    __tablename__ = "dataset_parts"

    dataset_id: Mapped[int] = mapped_column(ForeignKey("datasets.id", ondelete="CASCADE"), primary_key=True)
    attempt: Mapped[int] = mapped_column(primary_key=True)
    array: Mapped[str] = mapped_column(String(16), primary_key=True)
    number: Mapped[int] = mapped_column(primary_key=True)  # from 0
    content: Mapped[bytes] = mapped_column(LargeBinary, deferred=True)
