"""A training's row, as the JSON that clients read."""

from collections import defaultdict
from collections.abc import Sequence
from math import ceil
from typing import Final

from sqlalchemy.orm import Session

from service.records import ModelVersion, Training, TrainingChange, TrainingState
from service.trainings import queries
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


def poll_after_seconds(training: Training) -> int | None:
    """Return when it makes sense to ask again: soon near the end, seldom in the middle of hours."""
    if training.state.is_terminal:
        return None
    if training.state == TrainingState.QUEUED:
        return POLL_QUEUED_SECONDS
    return min(LONGEST_POLL_SECONDS, max(POLL_RUNNING_SECONDS, ceil((training.eta_seconds or 0) / 20)))


def etag(reply: TrainingReply, version: int) -> str:
    """Return the strong ETag: the row's version, and the place in the queue, which others change."""
    return f'"{version}-{reply.queue_position or 0}-{len(reply.models)}"'


def one(session: Session, training: Training) -> TrainingReply:
    """Return one training as JSON."""
    return many(session, [training])[0]


def many(session: Session, trainings: Sequence[Training]) -> list[TrainingReply]:
    """Return trainings as JSON, with two queries however many there are (and one a queued one)."""
    ids = [training.id for training in trainings]
    changes = defaultdict(list)
    for change in queries.changes(session, ids):
        changes[change.training_id].append(change)
    versions = defaultdict(list)
    for version in queries.versions(session, ids):
        versions[version.training_id].append(version)
    return [
        _reply(
            training,
            changes[training.id],
            versions[training.id],
            queries.queue_position(session, training) if training.state == TrainingState.QUEUED else None,
        )
        for training in trainings
    ]


def _reply(
    training: Training, changes: Sequence[TrainingChange], versions: Sequence[ModelVersion], position: int | None
) -> TrainingReply:
    return TrainingReply(
        id=training.id,
        state=visible_state(training),  # type: ignore[arg-type] # one of the six names
        owner=training.owner,
        created_at=training.created_at,
        started_at=training.started_at,
        finished_at=training.finished_at,
        attempt=training.attempt,
        preset=training.preset,
        dataset=training.dataset,
        network=training.network,
        register_as=training.register_as,
        labels={label.key: label.value for label in training.labels},
        spec=training.spec,
        queue_position=position,
        poll_after_seconds=poll_after_seconds(training),
        progress=Progress.model_validate(training, from_attributes=True),
        metrics=_metrics(training),
        error=_failure(training),
        changes=[Change(at=c.at, state=c.state.value, attempt=c.attempt, reason=c.reason) for c in changes],
        models=[RegisteredAs(name=v.name, version=v.version) for v in versions],
        links=_links(training),
    )


def _metrics(training: Training) -> Metrics | None:
    if training.test_accuracy is None or training.test_loss is None or training.parameters is None:
        return None
    return Metrics(test_accuracy=training.test_accuracy, test_loss=training.test_loss, parameters=training.parameters)


def _failure(training: Training) -> Failure | None:
    if training.error_type is None:
        return None
    return Failure(type=training.error_type, detail=training.error_detail or "")


def _links(training: Training) -> dict[str, str]:
    own = f"/v1/trainings/{training.id}"
    links = {"self": own}
    if not training.state.is_terminal:
        links["cancel"] = f"{own}/cancel"
    links["history"] = f"{own}/history.json"
    if training.state == TrainingState.SUCCEEDED:
        links |= {
            "report": f"{own}/report.json",
            "confusion_matrix": f"{own}/confusion-matrix.json",
            "misclassified": f"{own}/misclassified.json",
            "keras": f"{own}/model.keras",
            "onnx": f"{own}/model.onnx",
        }
    return links
