"""Who waits for a worker: one row an owner, by which the fairest claim is found with one look at an index."""

from datetime import datetime

from sqlalchemy import Index, String
from sqlalchemy.orm import Mapped, mapped_column

from service.records.base import Base, Instant


class Owner(Base):
    """An owner of trainings, as the queue sees them.

    `running` and `next_*` follow from the owner's trainings; whoever changes a training's state brings them up to date in
    the same transaction (`service.records.fairness`).
    """

    __tablename__ = "owners"

    name: Mapped[str] = mapped_column(String(200), primary_key=True)
    running: Mapped[int] = mapped_column(default=0)  # trainings that workers hold
    usage: Mapped[float]  # what they have computed, decaying: see `service.records.fairness`
    next_priority: Mapped[int | None] = mapped_column()  # of the owner's next queued training; null if none waits
    next_created_at: Mapped[datetime | None] = mapped_column(Instant)

    __table_args__ = (
        Index(
            "ix_owners_turn",
            next_priority.desc(),
            "running",
            "usage",
            "next_created_at",
            "name",
            sqlite_where=next_priority.is_not(None),
            postgresql_where=next_priority.is_not(None),
        ),
    )
