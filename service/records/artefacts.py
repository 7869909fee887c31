"""Stored bytes of models, addressed by their SHA-256, apart from everything that is selected often."""

from datetime import datetime

from sqlalchemy import BigInteger, ForeignKey, LargeBinary, String
from sqlalchemy.orm import Mapped, mapped_column

from service.records.base import Base, Instant
from service.records.clock import now


class Artefact(Base):
    """What is known of some stored bytes; the bytes themselves are in `ArtefactContent`."""

    __tablename__ = "artefacts"

    sha256: Mapped[str] = mapped_column(String(64), primary_key=True)
    size: Mapped[int] = mapped_column(BigInteger)
    created_at: Mapped[datetime] = mapped_column(Instant, default=now())


class ArtefactContent(Base):
    """The bytes, in a table of their own: read by primary key when somebody downloads or serves them, never else."""

    __tablename__ = "artefact_contents"

    sha256: Mapped[str] = mapped_column(ForeignKey("artefacts.sha256", ondelete="CASCADE"), primary_key=True)
    content: Mapped[bytes] = mapped_column(LargeBinary, deferred=True)
