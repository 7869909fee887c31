"""What may be submitted, and what becomes of it."""

from datetime import UTC, datetime
from typing import Any

from sqlalchemy.orm import Session

from service.auth.caller import Caller
from service.edge import cursors
from service.errors import BadCursor, NotAllowed, StillRunning
from service.networks.checking import NetworkLimits
from service.queue import Doorbell
from service.records import Training, TrainingLabel, TrainingState
from service.sets.finding import AllSets
from service.trainings import identity, queries, replies
from service.trainings.presets import TRAININGS
from service.trainings.queries import Filters
from service.trainings.resolving import resolve
from service.trainings.schemas import PresetList, PresetReply, TrainingPage, TrainingReply, TrainingRequest


def submit(
    session: Session, doorbell: Doorbell, caller: Caller, request: TrainingRequest, limits: NetworkLimits
) -> TrainingReply:
    """Queue a training, and ring once it is committed. Raise NotAllowed or InvalidFields for what is not."""
    _check_priority(caller, request.priority)
    training = enqueue(
        session, doorbell, caller, resolve(request, limits, AllSets(session, hold=True)), request.priority
    )
    return replies.one(session, training)


def enqueue(session: Session, doorbell: Doorbell, caller: Caller, spec: dict[str, Any], priority: int = 0) -> Training:
    """Queue a training of a specification that `resolve` has found in order; ring once it is committed."""
    training = Training(
        id=identity.new_id(),
        owner=caller.name,
        state=TrainingState.QUEUED,
        spec=spec,
        preset=spec["preset"],
        dataset=spec["dataset"],
        network=spec["network"]["name"],
        register_as=spec["register_as"],
        priority=priority,
        epochs=spec["recipe"]["epochs"],
        labels=[TrainingLabel(key=key, value=value) for key, value in spec["labels"].items()],
    )
    queries.add(session, training)
    doorbell.ring_after_commit(session)
    return training


def _check_priority(caller: Caller, priority: int) -> None:
    if priority > 0 and not caller.may_prioritise:
        raise NotAllowed(
            f"Received the priority {priority}, and {caller.name!r} is not among those who may let a training go before "
            "others' (CYFRA_PRIORITY_CALLERS). Leave it out, or send one from -100 to 0."
        )


def get(session: Session, training_id: str) -> tuple[TrainingReply, str]:
    """Return a training and its ETag; raise UnknownTraining."""
    training = find(session, training_id)
    reply = replies.one(session, training)
    return reply, replies.etag(reply, training.version)


def find(session: Session, training_id: str) -> Training:
    """Return the training's record; raise UnknownTraining."""
    training = queries.get(session, training_id) if identity.is_id(training_id) else None
    if training is None:
        raise identity.unknown(training_id)
    return training


def has_succeeded(session: Session, training_id: str) -> bool:
    """Whether there is such a training, and it has ended with a report: nothing about it changes any more."""
    training = queries.get(session, training_id) if identity.is_id(training_id) else None
    return training is not None and training.state == TrainingState.SUCCEEDED


def list_presets() -> PresetList:
    """Return every training that has a name."""
    return PresetList(presets=[PresetReply(name=name, **preset) for name, preset in TRAININGS.items()])


def list_trainings(
    session: Session, filters: Filters, cursor: str | None, limit: int
) -> tuple[TrainingPage, str | None]:
    """Return a page of trainings, newest first, and the cursor of the next page."""
    place = None if cursor is None else _place(cursors.decode(cursor, filters))
    found = queries.page(session, filters, place, limit + 1)
    shown = found[:limit]
    following = None
    if len(found) > limit:
        following = cursors.encode([shown[-1].created_at.isoformat(), shown[-1].id], filters)
    return TrainingPage(trainings=replies.many(session, shown), next=None), following


def _place(parts: list[Any]) -> tuple[datetime, str]:
    try:
        created_at, training_id = parts
        place = datetime.fromisoformat(created_at).astimezone(UTC)
        if not identity.is_id(training_id):
            raise ValueError(training_id)
    except (TypeError, ValueError, OverflowError) as error:
        raise BadCursor("The cursor is not one of ours. Take it from `next` of the page before.") from error
    return place, training_id


def cancel(session: Session, training_id: str) -> TrainingReply:
    """Cancel a queued training at once, ask a running one's worker to stop; a training that has ended stays as it is."""
    find(session, training_id)
    training = queries.get_locked(session, training_id)  # so that its worker cannot give it back meanwhile
    if training is not None and not queries.cancel_queued(session, training_id):
        queries.ask_to_cancel(session, training_id)
    session.expire_all()
    return replies.one(session, find(session, training_id))


def remove(session: Session, training_id: str) -> None:
    """Delete a training with its report; models that came out of it stay. Raise StillRunning."""
    training = find(session, training_id)
    if not queries.remove_unless_running(session, training_id):
        state = replies.visible_state(training)
        raise StillRunning(
            f"The training is {state}. Cancel it first: POST /v1/trainings/{training_id}/cancel",
            retry_after_seconds=replies.POLL_RUNNING_SECONDS,
        )
