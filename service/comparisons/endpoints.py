"""`/v1/compare`: trainings beside one another."""

from typing import Annotated, Any, Final

from fastapi import APIRouter, Header, Query, Request, Response
from pydantic import Field

from service.comparisons import drawing, operations
from service.comparisons.operations import PictureSheet
from service.comparisons.schemas import ComparisonReply
from service.edge import negotiating
from service.edge.documenting import problems
from service.edge.resources import Resources, ResourcesDependency
from service.errors import (
    DatasetUnavailable,
    InvalidFields,
    NoReportYet,
    NoSuchFormat,
    StorageFull,
    UnknownDataset,
    UnknownSample,
    UnknownTraining,
)

router = APIRouter(prefix="/v1/compare", tags=["comparisons"])

TABLES: Final = {"json": "application/json", "csv": "text/csv"}
PICTURES: Final = {"png": "image/png", "svg": "image/svg+xml"}

Trainings = Annotated[
    list[Annotated[str, Field(max_length=50)]],
    Query(alias="training", min_length=2, max_length=8, description="An id; name it once for each training"),
]
Examples = Annotated[int, Query(ge=0, le=50, description="At most so many a side of each pair")]
IfNoneMatch = Annotated[str | None, Header()]

NOT_MODIFIED: Final[dict[int | str, dict[str, Any]]] = {
    304: {"description": "Nothing changed since `If-None-Match`"},
}
COMPARED: Final = {**problems(UnknownTraining, NoReportYet, NoSuchFormat, InvalidFields), **NOT_MODIFIED}
DRAWN: Final = {
    200: {"description": "A picture", "content": {media_type: {} for media_type in PICTURES.values()}},
    **problems(UnknownTraining, NoSuchFormat, InvalidFields),
    **NOT_MODIFIED,
}
SHEET: Final = {
    200: {"description": "A PNG", "content": {"image/png": {}}},
    **problems(
        UnknownTraining, UnknownDataset, UnknownSample, NoReportYet, InvalidFields, DatasetUnavailable, StorageFull
    ),
    **NOT_MODIFIED,
}  # fmt: skip


@router.get("", summary="Compare trainings", response_model=ComparisonReply, responses=COMPARED)
def compare(
    request: Request,
    resources: ResourcesDependency,
    training: Trainings,
    examples: Examples = 5,
    if_none_match: IfNoneMatch = None,
) -> Response:
    """Two to eight trainings that were tested on the same images: figures with confidence intervals, McNemar's test for each
    pair, what one got right and the other wrong, and the curves. JSON, or the figures as CSV with `Accept: text/csv`.
    """
    return _compare(request, resources, training, examples, None, if_none_match)


@router.get(".{suffix}", summary="Compare trainings, as .json or .csv", responses=COMPARED)
def compare_as(
    suffix: str,
    request: Request,
    resources: ResourcesDependency,
    training: Trainings,
    examples: Examples = 5,
    if_none_match: IfNoneMatch = None,
) -> Response:
    """Everything as JSON; as CSV the figures, a row a training."""
    return _compare(request, resources, training, examples, suffix, if_none_match)


def _compare(
    request: Request,
    resources: Resources,
    training: list[str],
    examples: int,
    suffix: str | None,
    if_none_match: str | None,
) -> Response:
    negotiating.refuse_unknown_parameters(request, ("training", "examples"))
    chosen = negotiating.choose_format(request, TABLES, suffix)
    with resources.database.reading() as session:
        found = operations.find(session, training)
        headers = _headers(operations.fingerprint(found, chosen, examples))
        if negotiating.matches(if_none_match, headers["ETag"]):
            return Response(status_code=304, headers=headers)
        if chosen == "csv":
            body = operations.compare_csv(session, found)
        else:
            body = operations.compare(session, found, examples).model_dump_json()
    return Response(body, media_type=TABLES[chosen], headers=headers)


@router.get("/curves", summary="Curves over each other", response_class=Response, responses=DRAWN)
def curves(
    request: Request, resources: ResourcesDependency, training: Trainings, if_none_match: IfNoneMatch = None
) -> Response:
    """PNG, or SVG with `Accept: image/svg+xml`."""
    return _curves(request, resources, training, None, if_none_match)


@router.get(
    "/curves.{suffix}", summary="Curves over each other, as .png or .svg", response_class=Response, responses=DRAWN
)
def curves_as(
    suffix: str,
    request: Request,
    resources: ResourcesDependency,
    training: Trainings,
    if_none_match: IfNoneMatch = None,
) -> Response:
    """Accuracy and loss, validation beside training. Grows while the trainings run; they may be on different data sets."""
    return _curves(request, resources, training, suffix, if_none_match)


def _curves(
    request: Request, resources: Resources, training: list[str], suffix: str | None, if_none_match: str | None
) -> Response:
    negotiating.refuse_unknown_parameters(request, ("training",))
    chosen = negotiating.choose_format(request, PICTURES, suffix)
    with resources.database.reading() as session:
        found = operations.find(session, training)
        headers = _headers(operations.fingerprint(found, chosen))
        if negotiating.matches(if_none_match, headers["ETag"]):
            return Response(status_code=304, headers=headers)
        lines = operations.curves(session, found)
    return Response(drawing.draw(lines, chosen), media_type=PICTURES[chosen], headers=headers)


@router.get(
    "/pictures.png",
    summary="Pictures of what one got right and the other wrong",
    response_class=Response,
    responses=SHEET,
)
def pictures(
    request: Request,
    resources: ResourcesDependency,
    training: Trainings,
    right: Annotated[str, Query(max_length=50, description="The id of the one that got them right")],
    count: Annotated[int, Query(ge=1, le=400)] = 40,
    if_none_match: IfNoneMatch = None,
) -> Response:
    """Of two trainings. Each picture stands above `true:predicted`, those first that the other was surest of."""
    negotiating.refuse_unknown_parameters(request, ("training", "right", "count"))
    with resources.database.reading() as session:
        found = operations.find(session, training)
        headers = _headers(operations.fingerprint(found, right, count))
        if negotiating.matches(if_none_match, headers["ETag"]):
            return Response(status_code=304, headers=headers)
        content = operations.pictures(session, resources.settings, found, PictureSheet(right, count))
    return Response(content, media_type="image/png", headers=headers)


def _headers(fingerprint: str) -> dict[str, str]:
    return {"ETag": f'"{fingerprint}"', "Cache-Control": "private, no-cache", "Vary": "Accept"}
