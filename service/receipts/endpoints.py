"""`/v1/trainings/{id}/receipt` and `/rerun`: what a training was made with, and the same once more."""

from typing import Final

from fastapi import APIRouter, Depends, Request, Response
from sqlalchemy.orm import Session

from service import storage
from service.auth.caller import CALLER_PROBLEMS, CallerDependency
from service.edge.documenting import problems
from service.edge.idempotency import KEY_PROBLEMS, Answer, OnceDependency
from service.edge.negotiating import refuse_unknown_parameters
from service.edge.resources import Resources, ResourcesDependency
from service.errors import (
    BodyTooLarge,
    Fault,
    InvalidFields,
    NoReceipt,
    NoSuchFormat,
    NotARerun,
    NotRepeatable,
    StorageFull,
    UnknownTraining,
)
from service.receipts import operations, wording
from service.receipts.schemas import ReceiptReply, RerunReply
from service.reports.endpoints.serving import Make, Text, documented, serve
from service.trainings.schemas import TrainingReply

router = APIRouter(prefix="/v1/trainings/{training_id}", tags=["receipts"])

OF_RECEIPT: Final = problems(UnknownTraining, NoReceipt, NoSuchFormat, InvalidFields)
OF_RERUN: Final = problems(UnknownTraining, NotARerun, NoSuchFormat, InvalidFields)


async def takes_no_body(request: Request) -> None:
    """Raise InvalidFields for a body that says anything: it would be passed over, and somebody meant something by it."""
    if (await request.body()).strip() not in {b"", b"{}"}:
        advice = (
            "A rerun takes no body: its specification is the original's. To change something, change the original's `spec` "
            "and send it to POST /v1/trainings"
        )
        raise InvalidFields.of([Fault("", advice)])


@router.get("/receipt", summary="Receipt", response_model=ReceiptReply, responses=OF_RECEIPT)
def receipt(training_id: str, request: Request, resources: ResourcesDependency) -> Response:
    """JSON, or plain text with `Accept: text/plain`."""
    return _receipt(request, resources, training_id, None)


@router.get(
    "/receipt.{suffix}",
    summary="Receipt as .json or .txt",
    response_class=Response,
    responses={**documented("json", "txt"), **OF_RECEIPT},
)
def receipt_as(training_id: str, suffix: str, request: Request, resources: ResourcesDependency) -> Response:
    """What a training that succeeded was made of (specification, seed, data set's hash), what each attempt was made with
    (versions, hardware, settings, code), and the hash of its weights.
    """
    return _receipt(request, resources, training_id, suffix)


def _receipt(request: Request, resources: Resources, training_id: str, suffix: str | None) -> Response:
    refuse_unknown_parameters(request, ())

    def as_text(session: Session) -> Text:
        return Text(wording.receipt(operations.receipt(session, training_id)))

    formats: dict[str, Make] = {"json": lambda session: operations.receipt(session, training_id), "txt": as_text}
    return serve(request, resources, training_id, formats, suffix)


@router.post(
    "/rerun",
    status_code=202,
    summary="Repeat a training",
    dependencies=[Depends(takes_no_body)],
    responses=problems(
        *(UnknownTraining, NotRepeatable, InvalidFields, BodyTooLarge, StorageFull), *CALLER_PROBLEMS, *KEY_PROBLEMS
    ),
    response_model=TrainingReply,
)
def rerun(
    training_id: str,
    request: Request,
    caller: CallerDependency,
    resources: ResourcesDependency,
    once: OnceDependency,
) -> Response:
    """Queue the same specification with the same seed once more. The new training is the caller's, has `rerun_of`, and makes
    no version of a model; when it has succeeded, its own `/rerun` says how it differs.
    """
    refuse_unknown_parameters(request, ())
    settings = resources.settings

    def create(session: Session) -> Answer:
        storage.require_room(resources.database.file, settings.min_free_bytes)
        reply = operations.repeat(session, settings, resources.doorbell, caller, training_id)
        headers = {"Location": reply.links["self"], "Retry-After": str(reply.poll_after_seconds)}
        return Answer.of(reply, 202, headers)

    return once.carry_out(create)


@router.get("/rerun", summary="How a rerun differs", response_model=RerunReply, responses=OF_RERUN)
def difference(training_id: str, request: Request, resources: ResourcesDependency) -> Response:
    """JSON, or plain text with `Accept: text/plain`."""
    return _difference(request, resources, training_id, None)


@router.get(
    "/rerun.{suffix}",
    summary="How a rerun differs, as .json or .txt",
    response_class=Response,
    responses={**documented("json", "txt"), **OF_RERUN},
)
def difference_as(training_id: str, suffix: str, request: Request, resources: ResourcesDependency) -> Response:
    """Of a training that has `rerun_of`: its state, and once it has succeeded whether its weights are bit-equal, how far they
    lie from the original's and where, which predictions changed, what the two were not made alike with, and the likely reason.
    """
    return _difference(request, resources, training_id, suffix)


def _difference(request: Request, resources: Resources, training_id: str, suffix: str | None) -> Response:
    refuse_unknown_parameters(request, ())

    def as_text(session: Session) -> Text:
        return Text(wording.rerun(operations.compare(session, training_id)))

    formats: dict[str, Make] = {"json": lambda session: operations.compare(session, training_id), "txt": as_text}
    return serve(request, resources, training_id, formats, suffix)
