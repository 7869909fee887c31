"""A training's row, as the JSON that clients read."""

from collections import defaultdict
from collections.abc import Sequence
from math import ceil
from typing import Final

from sqlalchemy.orm import Session

from service.records import ModelVersion, Training, TrainingChange, TrainingState
from service.trainings import queries, waiting
from service.trainings.forecasting import NO_TURN, Turn
from service.trainings.queries import NO_REPETITION, Repetition
from service.trainings.schemas import Change, Failure, Metrics, Progress, RegisteredAs, TrainingReply

CANCELLING: Final = "cancelling"
POLL_QUEUED_SECONDS: Final = 5
POLL_RUNNING_SECONDS: Final = 2
LONGEST_POLL_SECONDS: Final = 30


def visible_state(training: Training) -> str:
    """Return the state as clients see it: `running` with a cancel asked for reads `cancelling`."""
    if training.state == TrainingState.RUNNING and training.cancel_requested_at is not None:
        return CANCELLING
    return training.state.value


def poll_after_seconds(training: Training, turn: Turn = NO_TURN) -> int | None:
    """Return when it makes sense to ask again: soon near a change, seldom in the middle of hours."""
    if training.state.is_terminal:
        return None
    if training.state == TrainingState.QUEUED:
        return min(LONGEST_POLL_SECONDS, max(POLL_QUEUED_SECONDS, ceil((turn.starts_in_seconds or 0) / 20)))
    return min(LONGEST_POLL_SECONDS, max(POLL_RUNNING_SECONDS, ceil((training.eta_seconds or 0) / 20)))


def rounded(seconds: float | None) -> int | None:
    """Return a forecast no finer than it is good for, so that it does not change at every look."""
    if seconds is None:
        return None
    grain = 5 if seconds < 120 else 30 if seconds < 1800 else 300
    return round(seconds / grain) * grain


def etag(reply: TrainingReply, version: int) -> str:
    """Return the strong ETag: the row's version, and the turn in the queue, which others change."""
    turn = "-".join(str(part or 0) for part in (reply.queue_position, reply.starts_in_seconds, reply.ends_in_seconds))
    return f'"{version}-{turn}-{len(reply.models)}"'


def one(session: Session, training: Training) -> TrainingReply:
    """Return one training as JSON."""
    return many(session, [training])[0]


def many(session: Session, trainings: Sequence[Training]) -> list[TrainingReply]:
    """Return trainings as JSON, with three queries however many there are; some more when one of them is queued."""
    ids = [training.id for training in trainings]
    changes = defaultdict(list)
    for change in queries.changes(session, ids):
        changes[change.training_id].append(change)
    versions = defaultdict(list)
    for version in queries.versions(session, ids):
        versions[version.training_id].append(version)
    repetitions = queries.repetitions(session, ids)
    is_any_queued = any(training.state == TrainingState.QUEUED for training in trainings)
    turns = waiting.turns(session) if is_any_queued else {}
    return [
        _reply(
            training,
            changes[training.id],
            versions[training.id],
            turns.get(training.id, NO_TURN),
            repetitions.get(training.id, NO_REPETITION),
        )
        for training in trainings
    ]


def _reply(
    training: Training,
    changes: Sequence[TrainingChange],
    versions: Sequence[ModelVersion],
    turn: Turn,
    repetition: Repetition,
) -> TrainingReply:
    return TrainingReply(
        id=training.id,
        state=visible_state(training),  # type: ignore[arg-type] # one of the six names
        owner=training.owner,
        created_at=training.created_at,
        started_at=training.started_at,
        finished_at=training.finished_at,
        cancel_requested_at=training.cancel_requested_at,
        attempt=training.attempt,
        compute_seconds=training.compute_seconds,
        preset=training.preset,
        dataset=training.dataset,
        network=training.network,
        register_as=training.register_as,
        priority=training.priority,
        rerun_of=repetition.rerun_of,
        labels={label.key: label.value for label in training.labels},
        spec=training.spec,
        queue_position=turn.position or None,
        starts_in_seconds=rounded(turn.starts_in_seconds),
        ends_in_seconds=rounded(turn.ends_in_seconds),
        poll_after_seconds=poll_after_seconds(training, turn),
        progress=Progress.model_validate(training, from_attributes=True),
        metrics=_metrics(training),
        error=_failure(training),
        changes=[_change(change) for change in changes],
        models=[RegisteredAs(name=v.name, version=v.version) for v in versions],
        links=_links(training, repetition),
    )


def _change(change: TrainingChange) -> Change:
    return Change(
        at=change.at,
        state=change.state.value,
        attempt=change.attempt,
        reason=change.reason,
        resumes_after_epoch=change.resumes_after_epoch,
    )


def _metrics(training: Training) -> Metrics | None:
    if training.test_accuracy is None or training.test_loss is None or training.parameters is None:
        return None
    return Metrics(test_accuracy=training.test_accuracy, test_loss=training.test_loss, parameters=training.parameters)


def _failure(training: Training) -> Failure | None:
    if training.error_type is None:
        return None
    return Failure(type=training.error_type, detail=training.error_detail or "")


def _links(training: Training, repetition: Repetition) -> dict[str, str]:
    own = f"/v1/trainings/{training.id}"
    links = {"self": own}
    if not training.state.is_terminal:
        links["cancel"] = f"{own}/cancel"
    links["events"] = f"{own}/events"
    links["history"] = f"{own}/history.json"
    links["advice"] = f"{own}/advice.json"
    if training.state == TrainingState.SUCCEEDED:
        links |= {
            "report": f"{own}/report.json",
            "confusion_matrix": f"{own}/confusion-matrix.json",
            "misclassified": f"{own}/misclassified.json",
            "predictions": f"{own}/predictions.json",
            "keras": f"{own}/model.keras",
            "onnx": f"{own}/model.onnx",
        }
    if repetition.has_receipt:
        links["receipt"] = f"{own}/receipt.json"
    if repetition.rerun_of is not None:
        links["rerun"] = f"{own}/rerun.json"
    return links
