"""INSERT that may meet a row which is there already: SQLAlchemy has ON CONFLICT for each database apart."""

from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.orm import Session

from service.records.base import Base


def insert(session: Session, record: type[Base]) -> postgresql.Insert | sqlite.Insert:
    """Return an INSERT into the record's table that takes `on_conflict_do_nothing` and `on_conflict_do_update`."""
    if session.get_bind().dialect.name == "postgresql":
        return postgresql.insert(record)
    return sqlite.insert(record)
