"""A batch's row, as the JSON that clients read."""

from math import ceil
from typing import Final

from service.batches.schemas import BatchFailure, BatchProgress, BatchReply, BatchSource
from service.predictions.schemas import ServedModel
from service.records import PredictionBatch, TrainingState

CANCELLING: Final = "cancelling"
POLL_SECONDS: Final = 1
LONGEST_POLL_SECONDS: Final = 30


def visible_state(batch: PredictionBatch) -> str:
    """Return the state as clients see it: `running` with a cancel asked for reads `cancelling`."""
    if batch.state == TrainingState.RUNNING and batch.cancel_requested_at is not None:
        return CANCELLING
    return batch.state.value


def poll_after_seconds(batch: PredictionBatch) -> int | None:
    """Return when it makes sense to ask again."""
    if batch.state.is_terminal:
        return None
    return min(LONGEST_POLL_SECONDS, max(POLL_SECONDS, ceil((batch.eta_seconds or 0) / 10)))


def etag(batch: PredictionBatch) -> str:
    """Return the strong ETag."""
    return f'"{batch.version}"'


def one(batch: PredictionBatch) -> BatchReply:
    """Return one batch as JSON."""
    return BatchReply.model_validate(
        {
            **{name: getattr(batch, name) for name in ("id", "owner", "created_at", "started_at", "finished_at")},
            "state": visible_state(batch),
            "cancel_requested_at": batch.cancel_requested_at,
            "attempt": batch.attempt,
            "model": ServedModel(name=batch.model, version=batch.model_version),
            "normalize": batch.normalize,
            "source": BatchSource.model_validate(
                {
                    **{name: getattr(batch, name) for name in ("form", "filename", "array")},
                    "bytes": batch.size,
                    "labels": batch.labels_from,
                }
            ),
            "progress": BatchProgress.model_validate(batch, from_attributes=True),
            "accuracy": batch.right / batch.labelled if batch.labelled else None,
            "error": _failure(batch),
            "notes": batch.notes["notes"],
            "poll_after_seconds": poll_after_seconds(batch),
            "links": _links(batch),
        }
    )


def _failure(batch: PredictionBatch) -> BatchFailure | None:
    if batch.error_type is None:
        return None
    return BatchFailure(type=batch.error_type, detail=batch.error_detail or "")


def _links(batch: PredictionBatch) -> dict[str, str]:
    own = f"/v1/batch-predictions/{batch.id}"
    links = {"self": own, "model": f"/v1/models/{batch.model}/versions/{batch.model_version}"}
    if not batch.state.is_terminal:
        return links | {"cancel": f"{own}/cancel"}
    links |= {"results": f"{own}/results.jsonl", "results_csv": f"{own}/results.csv"}
    if batch.labelled:
        links |= {"report": f"{own}/report.json", "confusion_matrix": f"{own}/confusion-matrix.csv"}
    return links
