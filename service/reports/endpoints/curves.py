"""`/curves` and `/history`: epoch by epoch, also while the training runs."""

from typing import Final

from fastapi import APIRouter, Request, Response

from service.edge.documenting import problems
from service.edge.negotiating import refuse_unknown_parameters
from service.edge.resources import Resources, ResourcesDependency
from service.errors import InvalidFields, NoSuchFormat, UnknownTraining
from service.reports import figures, operations
from service.reports.endpoints.serving import Make, Text, documented, serve
from service.reports.renderings import tables
from service.reports.schemas import CurvesReply, HistoryReply

router = APIRouter()

PROBLEMS: Final = problems(UnknownTraining, NoSuchFormat, InvalidFields)


@router.get("/curves", summary="Learning curves", response_model=CurvesReply, responses=PROBLEMS)
def curves(training_id: str, request: Request, resources: ResourcesDependency) -> Response:
    """JSON, CSV, PNG or SVG, by `Accept`. Grows while the training runs."""
    return _curves(request, resources, training_id, None)


@router.get(
    "/curves.{suffix}",
    summary="Learning curves as .json, .csv, .png or .svg",
    response_class=Response,
    responses={**documented("json", "csv", "png", "svg"), **PROBLEMS},
)
def curves_as(training_id: str, suffix: str, request: Request, resources: ResourcesDependency) -> Response:
    """Accuracy and loss, training and validation; where the learning rate changed, and the best epoch, are marked."""
    return _curves(request, resources, training_id, suffix)


@router.get("/history", summary="Figures of every epoch", response_model=HistoryReply, responses=PROBLEMS)
def history(training_id: str, request: Request, resources: ResourcesDependency) -> Response:
    """JSON, or CSV with `Accept: text/csv`. Grows while the training runs."""
    return _history(request, resources, training_id, None)


@router.get(
    "/history.{suffix}",
    summary="Figures of every epoch as .json or .csv",
    response_class=Response,
    responses={**documented("json", "csv"), **PROBLEMS},
)
def history_as(training_id: str, suffix: str, request: Request, resources: ResourcesDependency) -> Response:
    """Loss, accuracy, validation loss and accuracy, learning rate, seconds. Grows while the training runs."""
    return _history(request, resources, training_id, suffix)


def _curves(request: Request, resources: Resources, training_id: str, suffix: str | None) -> Response:
    refuse_unknown_parameters(request, ())
    formats: dict[str, Make] = {
        "json": lambda session: operations.curves(session, training_id),
        "csv": lambda session: Text(tables.history(operations.history(session, training_id))),
        "png": lambda session: figures.curves(session, training_id).drawn_as("png"),
        "svg": lambda session: figures.curves(session, training_id).drawn_as("svg"),
    }
    return serve(request, resources, training_id, formats, suffix)


def _history(request: Request, resources: Resources, training_id: str, suffix: str | None) -> Response:
    formats: dict[str, Make] = {
        "json": lambda session: operations.history(session, training_id),
        "csv": lambda session: Text(tables.history(operations.history(session, training_id))),
    }
    return serve(request, resources, training_id, formats, suffix)
