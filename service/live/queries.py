"""SQL that reads what is known of the trainings somebody watches: three statements, however many there are."""

from collections import defaultdict
from collections.abc import Mapping

from sqlalchemy import Row, and_, or_, select
from sqlalchemy.orm import Session

from service.live.facts import ChangeOfState, EpochFigures, Facts
from service.records import Epoch, Training, TrainingChange
from service.trainings.schemas import Progress

ROW = (
    Training.id,
    Training.version,
    Training.state,
    Training.attempt,
    Training.cancel_requested_at,
    *(getattr(Training, name) for name in Progress.model_fields),
)
CHANGE = tuple(getattr(TrainingChange, name) for name in ChangeOfState.__dataclass_fields__)
EPOCH = tuple(getattr(Epoch, name) for name in EpochFigures.__dataclass_fields__)


def facts(session: Session, known: Mapping[str, Facts | None]) -> dict[str, Facts]:
    """Return what is known now of each training, given what was known; one that is not there (any more) is left out.

    Where nothing has changed, what was known is returned itself, after a single statement for all of them.
    """
    rows = session.execute(select(*ROW).where(Training.id.in_(known))).all()
    changed = [row for row in rows if not _is_known(row, known[row.id])]
    found = {row.id: former for row in rows if (former := known[row.id]) is not None}
    if not changed:
        return found
    changes = _changes(session, changed)
    kept = {row.id: _kept(row, known[row.id]) for row in changed}
    epochs = _epochs_after(session, {id_: epochs[-1].epoch if epochs else 0 for id_, epochs in kept.items()})
    for row in changed:
        found[row.id] = Facts(
            version=row.version,
            state=row.state,
            attempt=row.attempt,
            cancel_requested_at=row.cancel_requested_at,
            progress=Progress.model_validate(row, from_attributes=True),
            changes=tuple(changes[row.id]),
            epochs=(*kept[row.id], *epochs[row.id]),
        )
    return found


def _is_known(row: Row[*tuple[object, ...]], former: Facts | None) -> bool:
    return former is not None and row.version == former.version


def _kept(row: Row[*tuple[object, ...]], former: Facts | None) -> tuple[EpochFigures, ...]:
    """Return the epochs that need not be read again: all, unless an attempt began or went on before one of them."""
    if former is None or row.attempt != former.attempt or row.epoch < former.last_epoch:
        return ()
    return tuple(former.epochs)


def _changes(session: Session, rows: list[Row[*tuple[object, ...]]]) -> dict[str, list[ChangeOfState]]:
    found = defaultdict(list)
    query = select(TrainingChange.training_id, *CHANGE).where(TrainingChange.training_id.in_([row.id for row in rows]))
    for training_id, *columns in session.execute(query.order_by(TrainingChange.id)):
        found[training_id].append(ChangeOfState(*columns))
    return found


def _epochs_after(session: Session, last: Mapping[str, int]) -> dict[str, list[EpochFigures]]:
    found = defaultdict(list)
    newer = or_(*(and_(Epoch.training_id == id_, Epoch.epoch > number) for id_, number in last.items()))
    for training_id, *columns in session.execute(select(Epoch.training_id, *EPOCH).where(newer).order_by(Epoch.epoch)):
        found[training_id].append(EpochFigures(*columns))
    return found
