"""What becomes of a batch."""

from datetime import UTC, datetime
from typing import Any

from sqlalchemy.orm import Session

from service.auth.caller import Caller
from service.batches import identity, queries, replies
from service.batches.queries import Filters
from service.batches.results import Results
from service.batches.schemas import BatchPage, BatchReply
from service.batches.surveying import Survey
from service.database import Database
from service.edge import cursors
from service.errors import BadCursor, BatchStillRunning, NoResultsYet
from service.images.expectation import Normalize
from service.models import operations as models
from service.records import ModelVersion, PredictionBatch, TrainingState


def choose_model(session: Session, name: str, version: str | None) -> ModelVersion:
    """Return the version that will answer; raise UnknownModel, UnknownVersion, NoModelYet."""
    return models.choose_version(models.find(session, name), version)


def submit(
    session: Session, caller: Caller, batch_id: str, survey: Survey, model: ModelVersion, normalize: Normalize = "auto"
) -> BatchReply:
    """Queue a batch whose input is stored under its id. Workers look for it by themselves."""
    batch = PredictionBatch(
        id=batch_id,
        owner=caller.name,
        state=TrainingState.QUEUED,
        model=model.name,
        model_version=model.version,
        onnx_sha256=model.onnx_sha256,
        expects=model.input,
        classes=model.classes,
        normalize=normalize,
        form=survey.source.form.value,
        filename=survey.filename,
        array=survey.source.array if survey.source.form.value == "npz" else None,
        size=survey.file.stat().st_size,
        labels_from=None if survey.labels is None else survey.labels.origin,
        notes={"notes": list(survey.notes)},
        total=survey.total,
    )
    session.add(batch)
    session.flush()
    return replies.one(batch)


def get(session: Session, batch_id: str) -> tuple[BatchReply, str]:
    """Return a batch and its ETag; raise UnknownBatch."""
    batch = find(session, batch_id)
    return replies.one(batch), replies.etag(batch)


def find(session: Session, batch_id: str) -> PredictionBatch:
    """Return the batch's record; raise UnknownBatch."""
    batch = queries.get(session, batch_id) if identity.is_id(batch_id) else None
    if batch is None:
        raise identity.unknown(batch_id)
    return batch


def find_ended(session: Session, batch_id: str) -> PredictionBatch:
    """Return the record of a batch that has ended, however; raise UnknownBatch, NoResultsYet."""
    batch = find(session, batch_id)
    seconds = replies.poll_after_seconds(batch)
    if seconds is not None:
        raise NoResultsYet(
            f"The batch is {replies.visible_state(batch)}, {batch.done:,} of {batch.total:,} pictures are done. "
            f"Ask again in {seconds} s.",
            retry_after_seconds=seconds,
        )
    return batch


def results(database: Database, batch: PredictionBatch) -> Results:
    """Return what reads the answers of a batch."""
    return Results(database, batch.id, tuple(batch.classes["names"]), bool(batch.expects["handwriting"]))


def list_batches(session: Session, filters: Filters, cursor: str | None, limit: int) -> tuple[BatchPage, str | None]:
    """Return a page of batches, newest first, and the cursor of the next page."""
    place = None if cursor is None else _place(cursors.decode(cursor, filters))
    found = queries.page(session, filters, place, limit + 1)
    shown = found[:limit]
    following = None
    if len(found) > limit:
        following = cursors.encode([shown[-1].created_at.isoformat(), shown[-1].id], filters)
    return BatchPage(batches=[replies.one(batch) for batch in shown], next=None), following


def _place(parts: list[Any]) -> tuple[datetime, str]:
    try:
        created_at, batch_id = parts
        place = datetime.fromisoformat(created_at).astimezone(UTC)
        if not identity.is_id(batch_id):
            raise ValueError(batch_id)
    except (TypeError, ValueError, OverflowError) as error:
        raise BadCursor("The cursor is not one of ours. Take it from `next` of the page before.") from error
    return place, batch_id


def cancel(session: Session, batch_id: str) -> BatchReply:
    """Cancel a queued batch at once, ask a running one's worker to stop; one that has ended stays as it is."""
    find(session, batch_id)
    batch = queries.get_locked(session, batch_id)  # so that its worker cannot give it back meanwhile
    if batch is not None and not queries.cancel_queued(session, batch_id):
        queries.ask_to_cancel(session, batch_id)
    session.expire_all()
    return replies.one(find(session, batch_id))


def remove(session: Session, batch_id: str) -> None:
    """Delete a batch with its results. Raise UnknownBatch, BatchStillRunning."""
    batch = find(session, batch_id)
    if not queries.remove_unless_running(session, batch_id):
        raise BatchStillRunning(
            f"The batch is {replies.visible_state(batch)}. Cancel it first: POST /v1/batch-predictions/{batch_id}/cancel",
            retry_after_seconds=replies.POLL_SECONDS,
        )
