"""Answers that are given again: what a request with an `Idempotency-Key` was answered."""

from datetime import datetime

from sqlalchemy import LargeBinary, String
from sqlalchemy.orm import Mapped, mapped_column

from service.records.base import Base, Instant, Json
from service.records.clock import now


class IdempotentAnswer(Base):
    """The answer to a caller's request, stored in the transaction that carried it out."""

    __tablename__ = "idempotent_answers"

    caller: Mapped[str] = mapped_column(String(200), primary_key=True)
    key: Mapped[str] = mapped_column(String(255), primary_key=True)
    request_sha256: Mapped[str] = mapped_column(String(64))  # of method, path and body
    status: Mapped[int]
    headers: Mapped[Json]
    body: Mapped[bytes] = mapped_column(LargeBinary)
    created_at: Mapped[datetime] = mapped_column(Instant, default=now(), index=True)
