"""`POST /v1/batch-predictions`."""

from typing import Annotated, Any, Final

from fastapi import APIRouter, Query, Request, Response
from fastapi.concurrency import run_in_threadpool
from sqlalchemy.orm import Session

from service import storage
from service.auth.caller import CALLER_PROBLEMS, Caller, CallerDependency
from service.batches import identity, inputs, operations, receiving, surveying
from service.batches.receiving import Received
from service.batches.schemas import BatchReply
from service.edge import negotiating
from service.edge.documenting import problems
from service.edge.idempotency import KEY_PROBLEMS, Answer, KeyDependency, Once, fingerprint_of
from service.edge.resources import Resources, ResourcesDependency
from service.errors import (
    ArchiveTooLarge,
    BodyTooLarge,
    ImageTooLarge,
    InvalidFields,
    NoImage,
    NoModelYet,
    RefusedArchive,
    StorageFull,
    UnknownModel,
    UnknownVersion,
    UnreadableArchive,
)
from service.images.expectation import Normalize
from service.predictions.normalizing import Normalizing
from service.predictions.pinning import WantedVersion
from service.records import ModelVersion
from service.records.models import DEFAULT_MODEL

router = APIRouter(prefix="/v1/batch-predictions", tags=["batch predictions"])

PARAMETERS: Final = ("model", "version", "array", "normalize")
_BINARY: Final = {"schema": {"type": "string", "format": "binary"}}
_FILES: Final = {"type": "array", "items": {"type": "string", "format": "binary"}}
BODY: Final[dict[str, Any]] = {
    "requestBody": {
        "required": True,
        "description": (
            "A zip of pictures, an npz, an IDX file (gzipped or not) or pictures, as the body itself or in a form. `labels` is "
            "a table (name,label a line) or, beside an IDX file of pictures, one of labels."
        ),
        "content": {
            "multipart/form-data": {
                "schema": {
                    "type": "object",
                    "properties": {**dict.fromkeys(surveying.PICTURES, _FILES), surveying.LABELS: _BINARY["schema"]},
                    "anyOf": [{"required": [name]} for name in surveying.PICTURES],
                }
            },
            "application/zip": _BINARY,
            "application/octet-stream": _BINARY,
        },
    }
}


@router.post(
    "",
    status_code=202,
    summary="What is on these many pictures?",
    responses=problems(
        *(NoModelYet, UnknownModel, UnknownVersion, BodyTooLarge, InvalidFields, NoImage, ImageTooLarge),
        *(UnreadableArchive, RefusedArchive, ArchiveTooLarge, StorageFull),
        *CALLER_PROBLEMS,
        *KEY_PROBLEMS,
    ),
    response_model=BatchReply,
    openapi_extra=BODY,
)
async def submit(
    request: Request,
    caller: CallerDependency,
    resources: ResourcesDependency,
    key: KeyDependency,
    version: WantedVersion,
    model: Annotated[str, Query(max_length=100, description="The model that answers")] = DEFAULT_MODEL,
    array: Annotated[
        str | None, Query(max_length=100, description="Of an npz: the array that holds the pictures")
    ] = None,
    normalize: Normalizing = "auto",
) -> Response:
    """Workers answer them; the batch is read at `Location`. The version of the model is pinned now.

    A picture that cannot be read has an error of its own in the results, and sinks nothing.
    """
    negotiating.refuse_unknown_parameters(request, PARAMETERS)
    chosen = await run_in_threadpool(_choose, resources, model, version)
    settings = resources.settings
    with receiving.folder(settings.home) as folder:
        received = await receiving.receive(request, folder, settings.max_batch_images + 1)
        once = Once(resources, caller.name, key, fingerprint_of(request, received.sha256.encode()))
        return await run_in_threadpool(_submit, resources, once, caller, received, chosen, array, normalize)


def _choose(resources: Resources, model: str, version: str | None) -> ModelVersion:
    with resources.database.reading() as session:
        return operations.choose_model(session, model, version)


def _submit(
    resources: Resources,
    once: Once,
    caller: Caller,
    received: Received,
    model: ModelVersion,
    array: str | None,
    normalize: Normalize,
) -> Response:
    replayed = once.replayed()
    if replayed is not None:
        return replayed
    database, settings = resources.database, resources.settings
    survey = surveying.survey(received, model.classes["names"], array, settings)
    storage.require_room(database.file, settings.min_free_bytes + survey.file.stat().st_size)
    batch_id = identity.new_id()

    def create(session: Session) -> Answer:
        reply = operations.submit(session, caller, batch_id, survey, model, normalize)
        headers = {"Location": reply.links["self"], "Retry-After": str(reply.poll_after_seconds)}
        return Answer.of(reply, 202, headers)

    with inputs.stored(database, batch_id, survey):
        return once.carry_out(create)
