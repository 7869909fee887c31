"""SQL that finds what is left of data sets that came to nothing, and removes it: as `service.retention.queries` does."""

from collections.abc import Sequence

from sqlalchemy import ColumnElement, and_, delete, exists, func, select
from sqlalchemy.orm import Session

from service.records import Dataset, DatasetState, DatasetUpload, DatasetUploadPart
from service.records.clock import seconds_from_now
from service.retention.queries import Doomed
from service.retention.rules import Rules

ENDED = (DatasetState.REFUSED, DatasetState.FAILED)
UNSYNCHRONISED = {"synchronize_session": False}


def find_imports(session: Session, rules: Rules) -> list[Doomed]:
    """Return data sets that were refused or failed long ago; the key is the id."""
    return [Doomed(dataset_id, 0) for dataset_id in session.scalars(select(Dataset.id).where(_ended_long_ago(rules)))]


def remove_imports(session: Session, rules: Rules, ids: Sequence[int]) -> Sequence[int]:
    """Remove them; return which."""
    statement = delete(Dataset).where(Dataset.id.in_(ids), _ended_long_ago(rules)).returning(Dataset.id)
    return session.scalars(statement, execution_options=UNSYNCHRONISED).all()


def _ended_long_ago(rules: Rules) -> ColumnElement[bool]:
    return and_(Dataset.state.in_(ENDED), Dataset.finished_at < seconds_from_now(-rules.imports_seconds))


def find_uploads(session: Session, rules: Rules) -> list[Doomed]:
    """Return what was sent and no data set points to, because a process was killed; the key is the id."""
    size = (
        select(func.coalesce(func.sum(func.length(DatasetUploadPart.content)), 0))
        .where(DatasetUploadPart.upload_id == DatasetUpload.id)
        .scalar_subquery()
    )
    return [Doomed(*row) for row in session.execute(select(DatasetUpload.id, size).where(_is_nobodys(rules)))]


def remove_uploads(session: Session, rules: Rules, ids: Sequence[int]) -> Sequence[int]:
    """Remove it with its parts; return which."""
    statement = delete(DatasetUpload).where(DatasetUpload.id.in_(ids), _is_nobodys(rules)).returning(DatasetUpload.id)
    return session.scalars(statement, execution_options=UNSYNCHRONISED).all()


def _is_nobodys(rules: Rules) -> ColumnElement[bool]:
    is_old = DatasetUpload.created_at < seconds_from_now(-rules.leftovers_seconds)
    return and_(~exists().where(Dataset.upload_id == DatasetUpload.id), is_old)


def contents(session: Session) -> set[str]:
    """Return the SHA-256 of every data set that is ready: the files of any other are of one that was deleted."""
    return set(session.scalars(select(Dataset.sha256).where(Dataset.sha256.is_not(None))))
