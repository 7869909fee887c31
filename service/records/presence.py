"""How many workers there are."""

from typing import Final

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from service.records.clock import seconds_from_now
from service.records.workers import Worker

SEEN_SECONDS: Final = 60.0
"""A worker looks for work every few seconds; one that has not for this long is gone."""


def workers_alive(session: Session) -> int:
    """Return how many workers have been seen of late."""
    return session.scalars(select(func.count()).where(Worker.seen_at > seconds_from_now(-SEEN_SECONDS))).one()
