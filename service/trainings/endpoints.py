"""`/v1/trainings`: submit, list, get, cancel, delete; `/v1/presets`."""

from collections.abc import Callable
from typing import Annotated, Final

from fastapi import APIRouter, Depends, Header, Query, Request, Response
from sqlalchemy.orm import Session

from service import storage
from service.auth.caller import CALLER_PROBLEMS, CallerDependency, who_is_calling
from service.edge import negotiating
from service.edge.documenting import problems
from service.edge.idempotency import KEY_PROBLEMS, Answer, OnceDependency
from service.edge.resources import Resources, ResourcesDependency
from service.edge.stopping import StoppingDependency
from service.errors import (
    BadCursor,
    BodyTooLarge,
    BrokenJson,
    Fault,
    InvalidFields,
    NotAllowed,
    StillRunning,
    StorageFull,
    UnknownTraining,
    WrongContentType,
)
from service.networks.checking import NetworkLimits
from service.trainings import operations
from service.trainings.long_polling import Found, Waiting
from service.trainings.queries import Filters
from service.trainings.schemas import PresetList, TrainingPage, TrainingReply, TrainingRequest

router = APIRouter(prefix="/v1/trainings", tags=["trainings"])
presets = APIRouter(prefix="/v1/presets", tags=["trainings"])

STATES: Final = r"^(queued|running|cancelling|succeeded|failed|cancelled)$"


@router.post(
    "",
    status_code=202,
    summary="Submit a training",
    dependencies=[Depends(negotiating.require_json)],
    responses=problems(
        *(BrokenJson, WrongContentType, BodyTooLarge, InvalidFields, NotAllowed, StorageFull),
        *CALLER_PROBLEMS,
        *KEY_PROBLEMS,
    ),
    response_model=TrainingReply,
)
def submit(
    training: TrainingRequest, caller: CallerDependency, resources: ResourcesDependency, once: OnceDependency
) -> Response:
    """Queue a training and answer at once; the training is then read at `Location`."""
    limits = NetworkLimits.of(resources.settings)

    def create(session: Session) -> Answer:
        storage.require_room(resources.database.file, resources.settings.min_free_bytes)
        reply = operations.submit(session, resources.doorbell, caller, training, limits)
        headers = {"Location": reply.links["self"], "Retry-After": str(reply.poll_after_seconds)}
        return Answer.of(reply, 202, headers)

    return once.carry_out(create)


@presets.get("", summary="List the presets of trainings")
def list_presets(request: Request) -> PresetList:
    """What `{"preset": …}` stands for: data set, network, and the recipe's fields that differ from their defaults."""
    negotiating.refuse_unknown_parameters(request, ())
    return operations.list_presets()


@router.get("", summary="List trainings, newest first", responses=problems(BadCursor, InvalidFields))
def list_trainings(
    request: Request,
    response: Response,
    resources: ResourcesDependency,
    state: Annotated[str | None, Query(pattern=STATES)] = None,
    dataset: Annotated[str | None, Query(max_length=100, pattern=r"^[^\x00]*$")] = None,
    preset: Annotated[str | None, Query(max_length=100, pattern=r"^[^\x00]*$")] = None,
    cursor: Annotated[str | None, Query(max_length=500)] = None,
    limit: Annotated[int, Query(ge=1, le=100)] = 20,
) -> TrainingPage:
    """Filter by `state`, `dataset`, `preset` and labels (`label.course=ci-2026`). Follow `next`, or the `Link` header."""
    negotiating.refuse_unknown_parameters(request, ("state", "dataset", "preset", "cursor", "limit"), prefix="label.")
    labels = _labels(request)
    with resources.database.reading() as session:
        page, following = operations.list_trainings(session, Filters(state, dataset, preset, labels), cursor, limit)
    page.next = negotiating.link_to_next(request, response, following)
    return page


def _labels(request: Request) -> dict[str, str]:
    """Return the labels of `label.KEY=VALUE`; raise InvalidFields for one that no training can have, or that comes twice."""
    found: dict[str, str] = {}
    for name, value in request.query_params.multi_items():
        if not name.startswith("label."):
            continue
        if name in found or "\x00" in name + value:
            advice = f"Received {name[:70]!r} " + (
                "twice; give each label once" if name in found else "with a NUL in it"
            )
            raise InvalidFields.of([Fault(name[:70], advice)])
        found[name] = value
    return {name.removeprefix("label."): value for name, value in sorted(found.items())}


@router.get(
    "/{training_id}",
    summary="Get a training",
    responses={**problems(UnknownTraining), 304: {"description": "Nothing changed since `If-None-Match`"}},
    response_model=TrainingReply,
)
async def get_training(
    training_id: str,
    request: Request,
    resources: ResourcesDependency,
    stopping: StoppingDependency,
    if_none_match: Annotated[str | None, Header()] = None,
    prefer: Annotated[str | None, Header(description="`wait=N`: hold up to N seconds (30 at most)")] = None,
) -> Response:
    """State, progress, figures. With `Prefer: wait=N` the answer comes when the training has ended, or after N seconds.

    With `If-None-Match` as well it comes as soon as anything has changed. A service that is being stopped answers at once.
    """
    wait = negotiating.preferred_wait(prefer)
    waiting = Waiting(_read(resources, training_id), request.is_disconnected, stopping, if_none_match)
    reply, etag = await waiting.answer(resources.live.watcher, training_id, wait or 0)
    headers = {"ETag": etag, "Cache-Control": "private, no-cache"}
    if wait is not None:
        headers["Preference-Applied"] = f"wait={wait}"
    if negotiating.matches(if_none_match, etag):
        return Response(status_code=304, headers=headers)
    if reply.poll_after_seconds is not None:
        headers["Retry-After"] = str(reply.poll_after_seconds)
    return Response(reply.model_dump_json(), media_type="application/json", headers=headers)


def _read(resources: Resources, training_id: str) -> Callable[[], Found]:
    def read() -> Found:
        with resources.database.reading() as session:
            return operations.get(session, training_id)

    return read


@router.post(
    "/{training_id}/cancel",
    status_code=202,
    summary="Cancel a training",
    dependencies=[Depends(who_is_calling)],
    responses=problems(UnknownTraining, *CALLER_PROBLEMS),
)
def cancel(training_id: str, resources: ResourcesDependency) -> TrainingReply:
    """A queued training is cancelled at once, a running one within seconds. Asking twice changes nothing."""
    with resources.database.transaction() as session:
        return operations.cancel(session, training_id)


@router.delete(
    "/{training_id}",
    status_code=204,
    summary="Delete a training",
    dependencies=[Depends(who_is_calling)],
    responses=problems(UnknownTraining, StillRunning, *CALLER_PROBLEMS),
)
def delete(training_id: str, resources: ResourcesDependency) -> None:
    """Delete a training that has ended or has not begun, with its report. Models that came out of it stay."""
    with resources.database.transaction() as session:
        operations.remove(session, training_id)
