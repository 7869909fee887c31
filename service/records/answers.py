"""SQL about stored answers, and about who may store one."""

import hashlib

from sqlalchemy import BigInteger, Boolean, delete, func, literal, select
from sqlalchemy.orm import Session
from sqlalchemy.sql.functions import Function

from service.records.clock import seconds_from_now
from service.records.idempotency import IdempotentAnswer


def find(session: Session, caller: str, key: str, hours: float) -> IdempotentAnswer | None:
    """Return the answer that belongs to a caller's key, unless it is older than `hours`."""
    query = select(IdempotentAnswer).where(
        IdempotentAnswer.caller == caller,
        IdempotentAnswer.key == key,
        IdempotentAnswer.created_at > seconds_from_now(-3600 * hours),
    )
    return session.scalars(query).one_or_none()


def keep(session: Session, answer: IdempotentAnswer) -> None:
    """Store an answer, in the place of an older one with the same caller and key."""
    older = (IdempotentAnswer.caller == answer.caller, IdempotentAnswer.key == answer.key)
    session.execute(delete(IdempotentAnswer).where(*older))
    session.add(answer)
    session.flush()


def hold(session: Session, caller: str, key: str) -> bool:
    """Whether no other transaction carries out this caller's key; if so, none does until this one ends.

    On PostgreSQL that is an advisory lock, which goes with the transaction however its process dies. A SQLite database has
    one writer: the transaction waited for the others before it began, so there is nothing to lock.
    """
    if session.get_bind().dialect.name != "postgresql":
        return True
    digest = hashlib.sha256(f"{caller}\0{key}".encode()).digest()
    number = literal(int.from_bytes(digest[:8], "big", signed=True), BigInteger)
    lock: Function[bool] = func.pg_try_advisory_xact_lock(number, type_=Boolean)
    return session.scalars(select(lock)).one()
