"""`/report` with everything in it, and `/classification-report`, the table alone."""

from typing import Final

from fastapi import APIRouter, Request, Response
from sqlalchemy.orm import Session

from service.edge.documenting import problems
from service.edge.negotiating import refuse_unknown_parameters
from service.edge.resources import Resources, ResourcesDependency
from service.errors import InvalidFields, NoReportYet, NoSuchFormat, UnknownTraining
from service.pictures.drawings import Drawing
from service.reports import gathering, operations
from service.reports.documents import About, Document
from service.reports.endpoints.serving import Make, Text, documented, serve
from service.reports.renderings import classification, pages
from service.reports.schemas import ClassificationReply, ReportReply

router = APIRouter()

PROBLEMS: Final = problems(UnknownTraining, NoReportYet, NoSuchFormat, InvalidFields)


@router.get("/report", summary="Report", response_model=ReportReply, responses=PROBLEMS)
def report(training_id: str, request: Request, resources: ResourcesDependency) -> Response:
    """JSON, text, HTML, PDF, CSV or LaTeX, by `Accept`."""
    return _report(request, resources, training_id, None)


@router.get(
    "/report.{suffix}",
    summary="Report as .json, .txt, .html, .pdf, .csv or .tex",
    response_class=Response,
    responses={**documented("json", "txt", "html", "pdf", "csv", "tex"), **PROBLEMS},
)
def report_as(training_id: str, suffix: str, request: Request, resources: ResourcesDependency) -> Response:
    """.html and .pdf hold everything in one file; .txt, .csv and .tex are the classification report."""
    return _report(request, resources, training_id, suffix)


@router.get(
    "/classification-report",
    summary="Classification report",
    response_model=ClassificationReply,
    responses=PROBLEMS,
)
def classification_report(training_id: str, request: Request, resources: ResourcesDependency) -> Response:
    """JSON, text, CSV, HTML or LaTeX, by `Accept`."""
    return _classification(request, resources, training_id, None)


@router.get(
    "/classification-report.{suffix}",
    summary="Classification report as .json, .txt, .csv, .html or .tex",
    response_class=Response,
    responses={**documented("json", "txt", "csv", "html", "tex"), **PROBLEMS},
)
def classification_report_as(
    training_id: str, suffix: str, request: Request, resources: ResourcesDependency
) -> Response:
    """scikit-learn's: .json is its `output_dict`, .txt its text."""
    return _classification(request, resources, training_id, suffix)


def _report(request: Request, resources: Resources, training_id: str, suffix: str | None) -> Response:
    refuse_unknown_parameters(request, ())

    def about(session: Session) -> About:
        return gathering.about(session, training_id)

    formats: dict[str, Make] = {
        "json": lambda session: operations.report(session, training_id),
        "txt": lambda session: Text(classification.as_text_with_notes(about(session))),
        "html": lambda session: pages.report(gathering.gather(session, resources.settings, training_id)),
        "pdf": lambda session: _pdf(gathering.gather(session, resources.settings, training_id)),
        "csv": lambda session: Text(classification.as_csv(about(session).table)),
        "tex": lambda session: Text(classification.as_tex(about(session))),
    }
    return serve(request, resources, training_id, formats, suffix)


def _classification(request: Request, resources: Resources, training_id: str, suffix: str | None) -> Response:
    refuse_unknown_parameters(request, ())

    def about(session: Session) -> About:
        return gathering.about(session, training_id)

    formats: dict[str, Make] = {
        "json": lambda session: ClassificationReply(operations.find(session, training_id)[1].classification),
        "txt": lambda session: Text(about(session).text),
        "csv": lambda session: Text(classification.as_csv(about(session).table)),
        "html": lambda session: pages.classification(about(session)),
        "tex": lambda session: Text(classification.as_tex(about(session))),
    }
    return serve(request, resources, training_id, formats, suffix)


def _pdf(document: Document) -> Drawing:
    # Its library takes a third of a second to import, and most processes never write a PDF.
    from service.reports.renderings import pdf  # noqa: PLC0415

    return pdf.report(document)
