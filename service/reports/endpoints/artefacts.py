"""`/model.keras`, `/model.onnx`: what the training produced."""

from typing import Annotated, Final

from fastapi import APIRouter, Header, Request, Response

from service.edge import negotiating
from service.edge.documenting import problems
from service.edge.resources import ResourcesDependency
from service.errors import NoReportYet, NoSuchFormat, UnknownTraining
from service.models import queries as models
from service.reports import operations

router = APIRouter()

ARTEFACT_TYPES: Final = {"keras": "application/zip", "onnx": "application/octet-stream"}


@router.get(
    "/model.{suffix}",
    summary="The trained network as .keras or .onnx",
    responses=problems(UnknownTraining, NoReportYet, NoSuchFormat),
)
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
