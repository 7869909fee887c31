"""Which receipt a training has, what may be repeated, and what comes of it."""

from collections.abc import Sequence
from typing import Any, Final

import numpy as np
from pydantic import ValidationError
from sqlalchemy.orm import Session

from service.auth.caller import Caller
from service.errors import (
    Fault,
    InvalidFields,
    NoReceipt,
    NotARerun,
    NotRepeatable,
    UnknownDataset,
)
from service.networks.checking import NetworkLimits
from service.queue import Doorbell
from service.receipts import queries, surroundings, wording
from service.receipts.schemas import (
    AttemptReply,
    ChangedPrediction,
    DatasetReceipt,
    Figures,
    Hashes,
    MadeWith,
    MetricsDifference,
    PredictionsDifference,
    ReceiptReply,
    RerunReply,
    SurroundingsDifference,
    WeightsDifference,
    WeightsReply,
)
from service.records import Rerun, Training, TrainingAttempt, TrainingState
from service.reports import queries as reports
from service.sets.finding import AllSets
from service.sets.opening import known_sha256
from service.settings import Settings
from service.trainings import operations as trainings
from service.trainings import queries as training_queries
from service.trainings import replies
from service.trainings.resolving import resolve
from service.trainings.schemas import TrainingReply, TrainingRequest

MOST_EXAMPLES: Final = 20
RERUNS_TOLD: Final = 3


def receipt(session: Session, training_id: str) -> ReceiptReply:
    """Return the receipt of a training that succeeded; raise UnknownTraining, or NoReceipt with the reason."""
    training = trainings.find(session, training_id)
    kept = queries.receipt(session, training_id)
    if kept is None:
        raise _no_receipt(training)
    repeated = queries.rerun(session, training_id)
    return ReceiptReply(
        training=training.id,
        rerun_of=None if repeated is None else repeated.original_id,
        finished_at=training.finished_at,
        seed=training.spec.get("seed"),
        dataset=DatasetReceipt(name=training.dataset, sha256=training.dataset_sha256),
        weights=WeightsReply(sha256=kept.weights_sha256, arrays=kept.weights["arrays"]),
        attempts=attempts(session, training),
        spec=training.spec,
    )


def attempts(session: Session, training: Training) -> list[AttemptReply]:
    """Return what each attempt at a training was made with, and whether any of it is in the final weights."""
    found = queries.attempts(session, training.id)
    shaping = _shaping(found, training.epoch)
    return [
        AttemptReply(
            attempt=one.attempt,
            began_at=one.began_at,
            after_epoch=one.after_epoch,
            after_step=one.after_step,
            shaped_weights=one.attempt in shaping,
            dataset_sha256=one.dataset_sha256,
            made_with=MadeWith.model_validate(one.made_with),
        )
        for one in found
    ]


def _shaping(found: Sequence[TrainingAttempt], epochs: int) -> set[int]:
    """Return the attempts of which something is in the weights: from the last that began anew, each that got on."""
    starts = [(one.after_epoch, one.after_step) for one in found]
    anew = max((place for place, start in enumerate(starts) if start == (0, 0)), default=0)
    ends = [*starts[1:], (epochs, 0)]
    return {
        one.attempt
        for place, (one, start, end) in enumerate(zip(found, starts, ends, strict=False))
        if place >= anew and start < end
    }


def _no_receipt(training: Training) -> NoReceipt:
    state = replies.visible_state(training)
    seconds = replies.poll_after_seconds(training)
    if seconds is not None:
        detail = f"The training is {state}; there is a receipt when it has succeeded. Ask again in {seconds} s."
        return NoReceipt(detail, retry_after_seconds=seconds)
    if training.state != TrainingState.SUCCEEDED:
        return NoReceipt(f"The training {_ended(training)}, so there is nothing to give a receipt for.")
    return NoReceipt(
        "The training was carried out before receipts were kept, or by a worker of an earlier version. Its rerun will have "
        f"one, and says whether the weights are the same: POST /v1/trainings/{training.id}/rerun"
    )


def _ended(training: Training) -> str:
    if training.state == TrainingState.FAILED:
        return f"failed ({training.error_type}: {training.error_detail})"
    return f"was {training.state.value}"


def repeat(
    session: Session,
    settings: Settings,
    doorbell: Doorbell,
    caller: Caller,
    training_id: str,
) -> TrainingReply:
    """Queue a training of the same specification, and ring once it is committed. It makes no version of a model.

    Raise UnknownTraining, or NotRepeatable if the original did not succeed, its data set is not the same any more, or its
    specification would not be taken today.
    """
    original = trainings.find(session, training_id)
    _require_success(original)
    _require_dataset(session, settings, original)
    spec = _taken_today(session, original, NetworkLimits.of(settings)) | original.spec | {"register_as": None}
    training = trainings.enqueue(session, doorbell, caller, spec)
    queries.add_rerun(session, training.id, original.id)
    return replies.one(session, training)


def _require_success(original: Training) -> None:
    if original.state == TrainingState.SUCCEEDED:
        return
    seconds = replies.poll_after_seconds(original)
    if seconds is not None:
        state = replies.visible_state(original)
        detail = f"The training is {state}; it can be repeated when it has succeeded. Ask again in {seconds} s."
        raise NotRepeatable(detail, retry_after_seconds=seconds)
    raise NotRepeatable(
        f"The training {_ended(original)}, so there are no weights to compare a rerun with. To try it again, submit its "
        "`spec`: POST /v1/trainings"
    )


def _require_dataset(session: Session, settings: Settings, original: Training) -> None:
    """Raise NotRepeatable if the data set is known to be gone or another; its worker tells what cannot be known here."""
    try:
        known = known_sha256(session, settings, original.dataset)
    except UnknownDataset as error:
        raise NotRepeatable(f"Its data set is not there any more. {error.detail}") from error
    wanted = original.dataset_sha256
    if known is not None and wanted is not None and known != wanted:
        raise NotRepeatable(
            f"Its data set {original.dataset!r} has another content now: SHA-256 {known}, and it was trained on {wanted}. On "
            "other images it would be another training: submit its `spec` for that, POST /v1/trainings"
        )


def _taken_today(session: Session, original: Training, limits: NetworkLimits) -> dict[str, Any]:
    """Return the specification as it would be taken today, limits and all; raise NotRepeatable with every fault."""
    try:
        # Its preset may have changed since, and what the preset stands for is written down in it.
        asked = TrainingRequest.model_validate({**original.spec, "preset": None})
        return resolve(asked, limits, AllSets(session, hold=True))
    except ValidationError as error:
        faults = [Fault("".join(f"/{part}" for part in one["loc"]), one["msg"]) for one in error.errors()]
    except InvalidFields as error:
        faults = list(error.faults)
    told = "; ".join(f"{fault.pointer} {fault.detail}".strip() for fault in faults)
    raise NotRepeatable(f"The service would not take its specification today: {told}"[:2000], faults=faults)


def compare(session: Session, training_id: str) -> RerunReply:
    """Return how a rerun goes or went, and how it differs from the original; raise UnknownTraining or NotARerun."""
    training = trainings.find(session, training_id)
    repeated = queries.rerun(session, training_id)
    if repeated is None:
        raise _not_a_rerun(session, training)
    if training.state == TrainingState.SUCCEEDED:
        return _compared(session, training, repeated)
    seconds = replies.poll_after_seconds(training)
    if seconds is None:
        finding = f"The rerun {_ended(training)}: there is nothing to compare."
    else:
        state = replies.visible_state(training)
        finding = f"The rerun is {state}; how it differs is told when it has succeeded. Ask again in {seconds} s."
    return RerunReply(
        training=training.id,
        rerun_of=repeated.original_id,
        state=replies.visible_state(training),
        poll_after_seconds=seconds,
        finding=finding,
        weights=None,
        metrics=None,
        predictions=None,
        differences=[],
        reasons=[],
    )


def _not_a_rerun(session: Session, training: Training) -> NotARerun:
    known = queries.reruns_of(session, training.id, RERUNS_TOLD)
    if known:
        detail = f"Its newest reruns: {', '.join(f'/v1/trainings/{one}/rerun' for one in known)}."
    else:
        detail = f"To repeat it: POST /v1/trainings/{training.id}/rerun"
    return NotARerun(f"The training {training.id} repeats no other. {detail}")


def _compared(session: Session, training: Training, repeated: Rerun) -> RerunReply:
    original = training_queries.get(session, repeated.original_id)
    before = [] if original is None else _that_shaped(session, original)
    after = _that_shaped(session, training)
    weights = _weights(session, repeated)
    predictions = None if original is None else _predictions(session, original, training)
    found = surroundings.differences(before, after)
    return RerunReply(
        training=training.id,
        rerun_of=repeated.original_id,
        state=replies.visible_state(training),
        poll_after_seconds=None,
        finding=wording.finding(weights, predictions),
        weights=weights,
        metrics=_metrics(original, training),
        predictions=predictions,
        differences=[
            SurroundingsDifference(what=one.what, original=one.original, rerun=one.rerun, matters=one.matters)
            for one in found
        ],
        reasons=[] if weights.bit_equal else list(surroundings.reasons(found, before, after)),
    )


def _that_shaped(session: Session, training: Training) -> list[AttemptReply]:
    return [one for one in attempts(session, training) if one.shaped_weights]


def _weights(session: Session, repeated: Rerun) -> WeightsDifference:
    """Return what the worker found when it compared the weights; without it, what their hashes say."""
    receipts = [queries.receipt(session, one) for one in (repeated.original_id, repeated.training_id)]
    before, after = (None if one is None else one.weights_sha256 for one in receipts)
    hashes = Hashes(original=before, rerun=after)
    found = repeated.difference or {"unknown": "A worker of an earlier version carried out the rerun."}
    if "unknown" in found:
        is_equal = None if before is None or after is None else before == after
        return WeightsDifference(bit_equal=is_equal, sha256=hashes, unknown=found["unknown"])
    where = found["where"]
    return WeightsDifference(
        bit_equal=found["differing"] == 0,
        sha256=hashes,
        arrays=found["arrays"],
        differing=found["differing"],
        largest_difference=found["largest"],
        layer=None if where is None else where.partition("/")[0],
        array=where,
    )


def _metrics(original: Training | None, training: Training) -> MetricsDifference:
    def pair(name: str) -> Figures:
        return Figures(original=getattr(original, name, None), rerun=getattr(training, name))

    return MetricsDifference(test_accuracy=pair("test_accuracy"), test_loss=pair("test_loss"))


def _predictions(session: Session, original: Training, training: Training) -> PredictionsDifference | None:
    """Return which answers changed; None unless both answered the same images."""
    before, after = (reports.answers(session, one.id) for one in (original, training))
    if before is None or after is None or original.dataset_sha256 != training.dataset_sha256:
        return None
    changed = np.flatnonzero(before.predicted != after.predicted)
    farther = np.abs(before.confidence.astype(float) - after.confidence.astype(float))
    alike = farther[before.predicted == after.predicted]
    names = reports.class_names(session, training.id)
    return PredictionsDifference(
        test_count=len(after.predicted),
        changed=len(changed),
        largest_confidence_difference=float(alike.max(initial=0.0)),
        examples=[
            ChangedPrediction(
                index=index,
                true=names[after.true[index]],
                original=names[before.predicted[index]],
                rerun=names[after.predicted[index]],
                image=f"/v1/datasets/{training.dataset}/samples/test/{index}.png",
            )
            for index in changed[:MOST_EXAMPLES].tolist()
        ],
    )
