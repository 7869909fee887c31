"""The workers that there are, and what all of them have counted."""

from datetime import datetime

from sqlalchemy import BigInteger, String
from sqlalchemy.orm import Mapped, mapped_column

from service.records.base import Base, Instant
from service.records.clock import now


class Worker(Base):
    """A worker that has looked for work; one that has not been seen for a while is gone."""

    __tablename__ = "workers"

    name: Mapped[str] = mapped_column(String(200), primary_key=True)
    started_at: Mapped[datetime] = mapped_column(Instant, default=now())
    seen_at: Mapped[datetime] = mapped_column(Instant, default=now())


class Counter(Base):
    """Something that only grows, over all workers: epochs, lost leases, trainings by how they ended."""

    __tablename__ = "counters"

    name: Mapped[str] = mapped_column(String(100), primary_key=True)
    label: Mapped[str] = mapped_column(String(100), primary_key=True, default="")
    value: Mapped[int] = mapped_column(BigInteger, default=0)
