"""`/v1/batch-predictions`: list, get, cancel, delete."""

import time
from typing import Annotated, Final

from fastapi import APIRouter, Depends, Header, Query, Request, Response
from fastapi.concurrency import run_in_threadpool

from service.auth.caller import CALLER_PROBLEMS, who_is_calling
from service.batches import operations
from service.batches.queries import Filters
from service.batches.schemas import BatchPage, BatchReply
from service.edge import negotiating
from service.edge.documenting import problems
from service.edge.resources import Resources, ResourcesDependency
from service.edge.stopping import StoppingDependency
from service.errors import BadCursor, BatchStillRunning, InvalidFields, UnknownBatch

router = APIRouter(prefix="/v1/batch-predictions", tags=["batch predictions"])

STATES: Final = r"^(queued|running|cancelling|succeeded|failed|cancelled)$"
LOOK_SECONDS: Final = 0.5


@router.get("", summary="List batches of predictions, newest first", responses=problems(BadCursor, InvalidFields))
def list_batches(
    request: Request,
    response: Response,
    resources: ResourcesDependency,
    state: Annotated[str | None, Query(pattern=STATES)] = None,
    model: Annotated[str | None, Query(max_length=100, pattern=r"^[^\x00]*$")] = None,
    cursor: Annotated[str | None, Query(max_length=500)] = None,
    limit: Annotated[int, Query(ge=1, le=100)] = 20,
) -> BatchPage:
    """Filter by `state` and `model`. Follow `next`, or the `Link` header."""
    negotiating.refuse_unknown_parameters(request, ("state", "model", "cursor", "limit"))
    with resources.database.reading() as session:
        page, following = operations.list_batches(session, Filters(state, model), cursor, limit)
    page.next = negotiating.link_to_next(request, response, following)
    return page


@router.get(
    "/{batch_id}",
    summary="Get a batch of predictions",
    responses={**problems(UnknownBatch), 304: {"description": "Nothing changed since `If-None-Match`"}},
    response_model=BatchReply,
)
async def get_batch(
    batch_id: str,
    request: Request,
    resources: ResourcesDependency,
    stopping: StoppingDependency,
    if_none_match: Annotated[str | None, Header()] = None,
    prefer: Annotated[str | None, Header(description="`wait=N`: hold up to N seconds (30 at most)")] = None,
) -> Response:
    """State, progress, counts. With `Prefer: wait=N` the answer comes when the batch has ended, or after N seconds.

    With `If-None-Match` as well it comes as soon as anything has changed.
    """
    wait = negotiating.preferred_wait(prefer)
    deadline = time.monotonic() + (wait or 0)
    while True:
        reply, etag = await run_in_threadpool(_read, resources, batch_id)
        is_news = if_none_match is not None and not negotiating.matches(if_none_match, etag)
        if reply.poll_after_seconds is None or is_news or time.monotonic() >= deadline:
            break
        if stopping.is_told or await request.is_disconnected():
            break
        await stopping.pause(min(LOOK_SECONDS, max(0.0, deadline - time.monotonic())))
    headers = {"ETag": etag, "Cache-Control": "private, no-cache"}
    if wait is not None:
        headers["Preference-Applied"] = f"wait={wait}"
    if negotiating.matches(if_none_match, etag):
        return Response(status_code=304, headers=headers)
    if reply.poll_after_seconds is not None:
        headers["Retry-After"] = str(reply.poll_after_seconds)
    return Response(reply.model_dump_json(), media_type="application/json", headers=headers)


def _read(resources: Resources, batch_id: str) -> tuple[BatchReply, str]:
    with resources.database.reading() as session:
        return operations.get(session, batch_id)


@router.post(
    "/{batch_id}/cancel",
    status_code=202,
    summary="Cancel a batch of predictions",
    dependencies=[Depends(who_is_calling)],
    responses=problems(UnknownBatch, *CALLER_PROBLEMS),
)
def cancel(batch_id: str, resources: ResourcesDependency) -> BatchReply:
    """A queued batch is cancelled at once, a running one within a second or two; what was answered stays."""
    with resources.database.transaction() as session:
        return operations.cancel(session, batch_id)


@router.delete(
    "/{batch_id}",
    status_code=204,
    summary="Delete a batch of predictions",
    dependencies=[Depends(who_is_calling)],
    responses=problems(UnknownBatch, BatchStillRunning, *CALLER_PROBLEMS),
)
def delete(batch_id: str, resources: ResourcesDependency) -> None:
    """Delete a batch that has ended or has not begun, with its results."""
    with resources.database.transaction() as session:
        operations.remove(session, batch_id)
