"""`/misclassified`: in pages, or on a contact sheet."""

from typing import Annotated, Final

from fastapi import APIRouter, Depends, Query, Request, Response
from sqlalchemy.orm import Session

from service.edge import negotiating
from service.edge.documenting import problems
from service.edge.resources import Resources, ResourcesDependency
from service.errors import (
    BadCursor,
    DatasetUnavailable,
    InvalidFields,
    NoReportYet,
    StorageFull,
    UnknownTraining,
)
from service.pictures.drawings import Drawing
from service.reports import figures
from service.reports import misclassified as operations
from service.reports.endpoints.serving import documented, serve
from service.reports.misclassified import Narrowing
from service.reports.queries import Order
from service.reports.schemas import MisclassifiedPage

router = APIRouter()

FORMATS: Final = {"json": "application/json", "png": "image/png"}
NARROWING: Final = ("true", "predicted", "order")
ON_A_SHEET: Final = 100

TrueClass = Annotated[str | None, Query(alias="true", max_length=200, description="Only those of this class")]
PredictedClass = Annotated[
    str | None, Query(alias="predicted", max_length=200, description="Only those taken for this class")
]
InOrder = Annotated[
    Order, Query(alias="order", description="By test index, or by confidence: the least sure first, `-` the surest")
]


async def narrowing(
    true: TrueClass = None, predicted: PredictedClass = None, order: InOrder = Order.INDEX
) -> Narrowing:
    """Return which examples are asked for. Not a plain function: FastAPI would send each call to a thread."""
    return Narrowing(true, predicted, order)


WantedExamples = Annotated[Narrowing, Depends(narrowing)]
Cursor = Annotated[str | None, Query(max_length=500)]
Limit = Annotated[int, Query(ge=1, le=1000)]
Count = Annotated[int, Query(ge=1, le=400, description="How many at most")]


@router.get(
    "/misclassified.json",
    summary="Test images that the network got wrong",
    responses=problems(UnknownTraining, NoReportYet, BadCursor, InvalidFields),
)
def misclassified_json(
    training_id: str,
    request: Request,
    response: Response,
    resources: ResourcesDependency,
    narrowing: WantedExamples,
    cursor: Cursor = None,
    limit: Limit = 100,
) -> MisclassifiedPage:
    """Follow `next`, or the `Link` header; a cursor belongs to its filters and its order."""
    negotiating.refuse_unknown_parameters(request, (*NARROWING, "cursor", "limit"))
    return _page(request, response, resources, training_id, narrowing, cursor, limit)


@router.get(
    "/misclassified.png",
    summary="Test images that the network got wrong, on a contact sheet",
    response_class=Response,
    responses={
        **documented("png"),
        **problems(UnknownTraining, NoReportYet, InvalidFields, DatasetUnavailable, StorageFull),
    },
)
def misclassified_png(
    training_id: str,
    request: Request,
    resources: ResourcesDependency,
    narrowing: WantedExamples,
    count: Count = ON_A_SHEET,
) -> Response:
    """Each picture is titled `true:predicted`."""
    negotiating.refuse_unknown_parameters(request, (*NARROWING, "count"))
    return _sheet(request, resources, training_id, narrowing, count)


@router.get("/misclassified", include_in_schema=False, response_model=None)
def misclassified(
    training_id: str,
    request: Request,
    response: Response,
    resources: ResourcesDependency,
    narrowing: WantedExamples,
    cursor: Cursor = None,
    limit: Limit = 100,
    count: Count = ON_A_SHEET,
) -> Response | MisclassifiedPage:
    """One of the two, by `Accept`."""
    response.headers["Vary"] = "Accept"
    if negotiating.choose_format(request, FORMATS, None) == "png":
        negotiating.refuse_unknown_parameters(request, (*NARROWING, "count"))
        return _sheet(request, resources, training_id, narrowing, count)
    negotiating.refuse_unknown_parameters(request, (*NARROWING, "cursor", "limit"))
    return _page(request, response, resources, training_id, narrowing, cursor, limit)


@router.get("/misclassified.{suffix}", include_in_schema=False)
def misclassified_as(suffix: str, request: Request) -> Response:
    """Say in which formats there are any."""
    negotiating.choose_format(request, FORMATS, suffix)  # the two that there are have routes of their own
    raise AssertionError(suffix)


def _page(
    request: Request,
    response: Response,
    resources: Resources,
    training_id: str,
    narrowing: Narrowing,
    cursor: str | None,
    limit: int,
) -> MisclassifiedPage:
    with resources.database.reading() as session:
        page, following = operations.page(session, training_id, narrowing, cursor, limit)
    page.next = negotiating.link_to_next(request, response, following)
    return page


def _sheet(request: Request, resources: Resources, training_id: str, narrowing: Narrowing, count: int) -> Response:
    def sheet(session: Session) -> Drawing:
        return figures.contact_sheet(session, resources.settings, training_id, narrowing, count).as_png()

    return serve(request, resources, training_id, {"png": sheet}, "png")
