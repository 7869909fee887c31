"""What a training has to show: `/v1/trainings/{id}/report`, `/confusion-matrix`, `/history`, `/misclassified`, `/model`.

Each is served by suffix (`report.txt`) or, without one, by `Accept`.
"""

from collections.abc import Callable, Iterator
from typing import Annotated, Final

from fastapi import APIRouter, Header, Query, Request, Response
from fastapi.responses import StreamingResponse
from pydantic import BaseModel
from sqlalchemy.orm import Session

from service.edge import negotiating
from service.edge.documenting import problems
from service.edge.resources import Resources, ResourcesDependency
from service.errors import BadCursor, InvalidFields, NoReportYet, NoSuchFormat, UnknownTraining
from service.models import queries as models
from service.reports import listing, operations
from service.reports.listing import Listing
from service.reports.operations import MisclassifiedRequest
from service.reports.schemas import ConfusionMatrixReply, HistoryReply, MisclassifiedPage, ReportReply

router = APIRouter(prefix="/v1/trainings/{training_id}", tags=["reports"])

Render = Callable[[Session, str], BaseModel | str]

MEDIA_TYPES: Final = {"json": "application/json", "txt": "text/plain", "csv": "text/csv"}
ARTEFACT_TYPES: Final = {"keras": "application/zip", "onnx": "application/octet-stream"}

REPORT: Final[dict[str, Render]] = {"json": operations.report, "txt": operations.report_text}
CONFUSION_MATRIX: Final[dict[str, Render]] = {
    "json": operations.confusion_matrix,
    "csv": operations.confusion_matrix_csv,
}
HISTORY: Final[dict[str, Render]] = {"json": operations.history, "csv": operations.history_csv}

PREDICTIONS: Final[dict[str, Callable[[Listing], Iterator[str]]]] = {"json": listing.as_json, "csv": listing.as_csv}

PROBLEMS: Final = problems(UnknownTraining, NoReportYet, NoSuchFormat)

PREDICTIONS_RESPONSES: Final = {
    **problems(UnknownTraining, NoReportYet, NoSuchFormat, InvalidFields),
    304: {"description": "Nothing changed since `If-None-Match`"},
}


def _render(
    request: Request, resources: Resources, training_id: str, formats: dict[str, Render], suffix: str | None
) -> Response:
    chosen = negotiating.choose_format(request, {name: MEDIA_TYPES[name] for name in formats}, suffix)
    with resources.database.reading() as session:
        rendered = formats[chosen](session, training_id)
    body = rendered if isinstance(rendered, str) else rendered.model_dump_json()
    return Response(body, media_type=MEDIA_TYPES[chosen], headers={"Vary": "Accept"})


@router.get("/report", summary="Classification report", response_model=ReportReply, responses=PROBLEMS)
def report(training_id: str, request: Request, resources: ResourcesDependency) -> Response:
    """JSON, or plain text with `Accept: text/plain`."""
    return _render(request, resources, training_id, REPORT, None)


@router.get("/report.{suffix}", summary="Classification report as .json or .txt", responses=PROBLEMS)
def report_as(training_id: str, suffix: str, request: Request, resources: ResourcesDependency) -> Response:
    """scikit-learn's report, and what one must know to judge it."""
    return _render(request, resources, training_id, REPORT, suffix)


@router.get("/confusion-matrix", summary="Confusion matrix", response_model=ConfusionMatrixReply, responses=PROBLEMS)
def confusion_matrix(training_id: str, request: Request, resources: ResourcesDependency) -> Response:
    """JSON, or CSV with `Accept: text/csv`."""
    return _render(request, resources, training_id, CONFUSION_MATRIX, None)


@router.get("/confusion-matrix.{suffix}", summary="Confusion matrix as .json or .csv", responses=PROBLEMS)
def confusion_matrix_as(training_id: str, suffix: str, request: Request, resources: ResourcesDependency) -> Response:
    """Rows are true classes, columns predicted ones."""
    return _render(request, resources, training_id, CONFUSION_MATRIX, suffix)


@router.get("/history", summary="Figures of every epoch", response_model=HistoryReply, responses=PROBLEMS)
def history(training_id: str, request: Request, resources: ResourcesDependency) -> Response:
    """JSON, or CSV with `Accept: text/csv`. Grows while the training runs."""
    return _render(request, resources, training_id, HISTORY, None)


@router.get("/history.{suffix}", summary="Figures of every epoch as .json or .csv", responses=PROBLEMS)
def history_as(training_id: str, suffix: str, request: Request, resources: ResourcesDependency) -> Response:
    """Loss, accuracy, validation loss and accuracy, learning rate, seconds. Grows while the training runs."""
    return _render(request, resources, training_id, HISTORY, suffix)


@router.get(
    "/misclassified.json",
    summary="Test images that the network got wrong",
    responses=problems(UnknownTraining, NoReportYet, BadCursor, InvalidFields),
)
@router.get("/misclassified", include_in_schema=False)
def misclassified(
    training_id: str,
    request: Request,
    response: Response,
    resources: ResourcesDependency,
    true: Annotated[str | None, Query(max_length=200, description="Only those of this class")] = None,
    predicted: Annotated[str | None, Query(max_length=200, description="Only those taken for this class")] = None,
    cursor: Annotated[str | None, Query(max_length=500)] = None,
    limit: Annotated[int, Query(ge=1, le=1000)] = 100,
) -> MisclassifiedPage:
    """By test index. Follow `next`, or the `Link` header."""
    negotiating.refuse_unknown_parameters(request, ("true", "predicted", "cursor", "limit"))
    wanted = MisclassifiedRequest(true, predicted, cursor, limit)
    with resources.database.reading() as session:
        page, following = operations.misclassified(session, training_id, wanted)
    page.next = negotiating.link_to_next(request, response, following)
    return page


@router.get("/predictions", summary="What the network answered about every test image", responses=PREDICTIONS_RESPONSES)
def predictions(
    training_id: str,
    request: Request,
    resources: ResourcesDependency,
    if_none_match: Annotated[str | None, Header()] = None,
) -> Response:
    """JSON, or CSV with `Accept: text/csv`."""
    return _predictions(request, resources, training_id, None, if_none_match)


@router.get("/predictions.{suffix}", summary="Every test prediction as .json or .csv", responses=PREDICTIONS_RESPONSES)
def predictions_as(
    training_id: str,
    suffix: str,
    request: Request,
    resources: ResourcesDependency,
    if_none_match: Annotated[str | None, Header()] = None,
) -> Response:
    """All of them, in the test set's order: index, true class, predicted class, and that class's probability."""
    return _predictions(request, resources, training_id, suffix, if_none_match)


def _predictions(
    request: Request, resources: Resources, training_id: str, suffix: str | None, if_none_match: str | None
) -> Response:
    negotiating.refuse_unknown_parameters(request, ())
    chosen = negotiating.choose_format(request, {name: MEDIA_TYPES[name] for name in PREDICTIONS}, suffix)
    with resources.database.reading() as session:
        found = operations.listing(session, training_id)
    headers = {
        "ETag": f'"{found.fingerprint}-{chosen}"',
        "Cache-Control": "private, no-cache",
        "Vary": "Accept",
    }
    if negotiating.matches(if_none_match, headers["ETag"]):
        return Response(status_code=304, headers=headers)
    return StreamingResponse(PREDICTIONS[chosen](found), media_type=MEDIA_TYPES[chosen], headers=headers)


@router.get("/model.{suffix}", summary="The trained network as .keras or .onnx", responses=PROBLEMS)
def model(
    training_id: str,
    suffix: str,
    request: Request,
    resources: ResourcesDependency,
    if_none_match: Annotated[str | None, Header()] = None,
) -> Response:
    """Weights and architecture, as Keras saves them or for any ONNX runtime."""
    chosen = negotiating.choose_format(request, ARTEFACT_TYPES, suffix)
    with resources.database.reading() as session:
        sha256 = operations.artefact_sha256(session, training_id, chosen)
        headers = {
            "ETag": f'"{sha256}"',
            "Cache-Control": "private, max-age=31536000, immutable",
            "Content-Disposition": f'attachment; filename="{training_id}.{chosen}"',
        }
        if negotiating.matches(if_none_match, headers["ETag"]):
            return Response(status_code=304, headers=headers)
        content = models.artefact_content(session, sha256)
    return Response(content, media_type=ARTEFACT_TYPES[chosen], headers=headers)
