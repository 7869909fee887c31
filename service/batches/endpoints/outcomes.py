"""`/results` and `/report` of a batch."""

from collections.abc import Callable, Iterator, Mapping
from typing import Annotated, Any, Final

from fastapi import APIRouter, Header, Request, Response
from fastapi.responses import StreamingResponse
from sqlalchemy.orm import Session

from service.batches import operations, results
from service.batches.reporting import BatchReport
from service.batches.results import Results
from service.batches.schemas import BatchReportReply
from service.edge import negotiating
from service.edge.documenting import problems
from service.edge.resources import Resources, ResourcesDependency
from service.errors import InvalidFields, NoLabels, NoResultsYet, NoSuchFormat, UnknownBatch
from service.reports.endpoints.serving import CACHE, Document, Make, Text, documented, serve_about
from service.reports.renderings import classification, tables

router = APIRouter(prefix="/{batch_id}")

MEDIA_TYPES: Final = {"jsonl": "application/jsonl", "csv": "text/csv"}
WRITTEN: Final[Mapping[str, Callable[[Results], Iterator[str]]]] = {"jsonl": results.as_jsonl, "csv": results.as_csv}
PROBLEMS: Final = problems(UnknownBatch, NoResultsYet, NoSuchFormat, InvalidFields)
RESULTS: Final[dict[int | str, dict[str, Any]]] = {
    200: {"content": {kind: {} for kind in MEDIA_TYPES.values()}, "description": "A line a picture, in their order"},
    304: {"description": "Not changed"},
    **PROBLEMS,
}
REPORT_PROBLEMS: Final = problems(UnknownBatch, NoResultsYet, NoLabels, NoSuchFormat, InvalidFields)
IfNoneMatch = Annotated[str | None, Header()]


@router.get("/results", summary="Every answer of a batch", response_class=Response, responses=RESULTS)
def batch_results(
    batch_id: str, request: Request, resources: ResourcesDependency, if_none_match: IfNoneMatch = None
) -> Response:
    """JSON lines, or CSV with `Accept: text/csv`."""
    return _results(request, resources, batch_id, None, if_none_match)


@router.get("/results.{suffix}", summary="Every answer, as .jsonl or .csv", response_class=Response, responses=RESULTS)
def batch_results_as(
    batch_id: str,
    suffix: str,
    request: Request,
    resources: ResourcesDependency,
    if_none_match: IfNoneMatch = None,
) -> Response:
    """A line a picture: its name, and its class with the three likeliest, or its error. A failed batch has what it did."""
    return _results(request, resources, batch_id, suffix, if_none_match)


@router.get("/report", summary="What the labels say", response_model=BatchReportReply, responses=REPORT_PROBLEMS)
def batch_report(batch_id: str, request: Request, resources: ResourcesDependency) -> Response:
    """JSON, text or CSV, by `Accept`."""
    return _report(request, resources, batch_id, None)


@router.get(
    "/report.{suffix}",
    summary="What the labels say, as .json, .txt or .csv",
    response_class=Response,
    responses={**documented("json", "txt", "csv"), **REPORT_PROBLEMS},
)
def batch_report_as(batch_id: str, suffix: str, request: Request, resources: ResourcesDependency) -> Response:
    """Accuracy with its 95 % interval, figures of each class, calibration, confusion matrix; .csv is the table of classes."""
    return _report(request, resources, batch_id, suffix)


@router.get(
    "/confusion-matrix.{suffix}",
    summary="The confusion matrix of a batch as .csv, .png or .svg",
    response_class=Response,
    responses={**documented("csv", "png", "svg"), **REPORT_PROBLEMS},
)
def batch_confusion_matrix(batch_id: str, suffix: str, request: Request, resources: ResourcesDependency) -> Response:
    """Rows are true classes, columns predicted ones."""

    def table(report: BatchReport) -> Document:
        return Text(tables.matrix(report.classes, report.matrix))

    formats: dict[str, Callable[[BatchReport], Document]] = {
        "csv": table,
        "png": lambda report: report.heat_map().drawn_as("png"),
        "svg": lambda report: report.heat_map().drawn_as("svg"),
    }
    return _serve(request, resources, batch_id, formats, suffix)


def _results(
    request: Request, resources: Resources, batch_id: str, suffix: str | None, if_none_match: str | None
) -> Response:
    negotiating.refuse_unknown_parameters(request, ())
    chosen = negotiating.choose_format(request, MEDIA_TYPES, suffix)
    with resources.database.reading() as session:
        batch = operations.find_ended(session, batch_id)
    headers = {
        "ETag": f'"{batch.id}-{batch.done}-{chosen}"',
        "Vary": "Accept",
        "Content-Disposition": f'attachment; filename="batch-{batch.id}.{chosen}"',
        **CACHE,
    }
    if negotiating.matches(if_none_match, headers["ETag"]):
        return Response(status_code=304, headers=headers)
    written = WRITTEN[chosen](operations.results(resources.database, batch))
    return StreamingResponse(written, media_type=MEDIA_TYPES[chosen], headers=headers)


def _report(request: Request, resources: Resources, batch_id: str, suffix: str | None) -> Response:
    formats: dict[str, Callable[[BatchReport], Document]] = {
        "json": BatchReport.as_reply,
        "txt": lambda report: Text(report.as_text()),
        "csv": lambda report: Text(classification.as_csv(report.table)),
    }
    return _serve(request, resources, batch_id, formats, suffix)


def _serve(
    request: Request,
    resources: Resources,
    batch_id: str,
    formats: Mapping[str, Callable[[BatchReport], Document]],
    suffix: str | None,
) -> Response:
    negotiating.refuse_unknown_parameters(request, ())

    def made(render: Callable[[BatchReport], Document]) -> Make:
        return lambda _session: render(BatchReport.gather(resources.database, batch_id))

    def is_settled(session: Session) -> bool:
        operations.find_ended(session, batch_id)
        return True

    return serve_about(request, resources, is_settled, {name: made(render) for name, render in formats.items()}, suffix)
