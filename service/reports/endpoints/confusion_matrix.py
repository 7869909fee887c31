"""`/confusion-matrix`, as numbers and as a heat map."""

from typing import Annotated, Final

from fastapi import APIRouter, Query, Request, Response
from sqlalchemy.orm import Session

from service.edge.documenting import problems
from service.edge.negotiating import refuse_unknown_parameters
from service.edge.resources import Resources, ResourcesDependency
from service.errors import InvalidFields, NoReportYet, NoSuchFormat, UnknownTraining
from service.reports import figures, operations
from service.reports.endpoints.serving import Make, Text, documented, serve
from service.reports.renderings import tables
from service.reports.schemas import ConfusionMatrixReply, Normalize

router = APIRouter()

PROBLEMS: Final = problems(UnknownTraining, NoReportYet, NoSuchFormat, InvalidFields)
Normalizing = Annotated[
    Normalize | None,
    Query(description="Shares instead of counts, as scikit-learn's: of each true class, each predicted one, or all"),
]


@router.get("/confusion-matrix", summary="Confusion matrix", response_model=ConfusionMatrixReply, responses=PROBLEMS)
def confusion_matrix(
    training_id: str, request: Request, resources: ResourcesDependency, normalize: Normalizing = None
) -> Response:
    """JSON, CSV, PNG or SVG, by `Accept`."""
    return _serve(request, resources, training_id, normalize, None)


@router.get(
    "/confusion-matrix.{suffix}",
    summary="Confusion matrix as .json, .csv, .png or .svg",
    response_class=Response,
    responses={**documented("json", "csv", "png", "svg"), **PROBLEMS},
)
def confusion_matrix_as(
    training_id: str, suffix: str, request: Request, resources: ResourcesDependency, normalize: Normalizing = None
) -> Response:
    """Rows are true classes, columns predicted ones."""
    return _serve(request, resources, training_id, normalize, suffix)


def _serve(
    request: Request, resources: Resources, training_id: str, normalize: Normalize | None, suffix: str | None
) -> Response:
    refuse_unknown_parameters(request, ("normalize",))

    def numbers(session: Session) -> ConfusionMatrixReply:
        return operations.confusion_matrix(session, training_id, normalize)

    formats: dict[str, Make] = {
        "json": numbers,
        "csv": lambda session: Text(tables.confusion_matrix(numbers(session))),
        "png": lambda session: figures.heat_map(session, training_id, normalize).drawn_as("png"),
        "svg": lambda session: figures.heat_map(session, training_id, normalize).drawn_as("svg"),
    }
    return serve(request, resources, training_id, formats, suffix)
