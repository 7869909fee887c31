"""`/predictions`: what the network answered about every test image."""

from collections.abc import Callable, Iterator
from typing import Annotated, Final

from fastapi import APIRouter, Header, Request, Response
from fastapi.responses import StreamingResponse

from service.edge import negotiating
from service.edge.documenting import problems
from service.edge.resources import Resources, ResourcesDependency
from service.errors import InvalidFields, NoReportYet, NoSuchFormat, UnknownTraining
from service.reports import listing, operations
from service.reports.endpoints.serving import CACHE, MEDIA_TYPES, documented
from service.reports.listing import Listing

router = APIRouter()

FORMATS: Final[dict[str, Callable[[Listing], Iterator[str]]]] = {"json": listing.as_json, "csv": listing.as_csv}
RESPONSES: Final = {
    **documented(*FORMATS),
    **problems(UnknownTraining, NoReportYet, NoSuchFormat, InvalidFields),
}
IfNoneMatch = Annotated[str | None, Header()]


@router.get("/predictions", summary="What the network answered about every test image", responses=RESPONSES)
def predictions(
    training_id: str, request: Request, resources: ResourcesDependency, if_none_match: IfNoneMatch = None
) -> Response:
    """JSON, or CSV with `Accept: text/csv`."""
    return _serve(request, resources, training_id, None, if_none_match)


@router.get("/predictions.{suffix}", summary="Every test prediction as .json or .csv", responses=RESPONSES)
def predictions_as(
    training_id: str,
    suffix: str,
    request: Request,
    resources: ResourcesDependency,
    if_none_match: IfNoneMatch = None,
) -> Response:
    """All of them, in the test set's order: index, true class, predicted class, and that class's probability."""
    return _serve(request, resources, training_id, suffix, if_none_match)


def _serve(
    request: Request, resources: Resources, training_id: str, suffix: str | None, if_none_match: str | None
) -> Response:
    negotiating.refuse_unknown_parameters(request, ())
    chosen = negotiating.choose_format(request, {name: MEDIA_TYPES[name] for name in FORMATS}, suffix)
    with resources.database.reading() as session:
        found = operations.listing(session, training_id)
    headers = {"ETag": f'"{found.fingerprint}-{chosen}"', "Vary": "Accept", **CACHE}
    if negotiating.matches(if_none_match, headers["ETag"]):
        return Response(status_code=304, headers=headers)
    return StreamingResponse(FORMATS[chosen](found), media_type=MEDIA_TYPES[chosen], headers=headers)
