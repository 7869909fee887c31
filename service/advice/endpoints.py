"""`/v1/trainings/{id}/advice`: the curves, read in plain words."""

from collections.abc import Callable
from importlib.metadata import version
from typing import Annotated, Any, Final

from fastapi import APIRouter, Header, Request, Response
from pydantic import BaseModel
from sqlalchemy.orm import Session

from service.advice import operations
from service.advice.schemas import AdviceReply
from service.edge import negotiating
from service.edge.documenting import problems
from service.edge.resources import Resources, ResourcesDependency
from service.errors import InvalidFields, NoSuchFormat, UnknownTraining
from service.records import Training
from service.trainings import operations as trainings

router = APIRouter(prefix="/v1/trainings/{training_id}", tags=["advice"])

MEDIA_TYPES: Final = {"json": "application/json", "txt": "text/plain"}
FORMATS: Final[dict[str, Callable[[Session, Training], BaseModel | str]]] = {
    "json": operations.advice,
    "txt": operations.advice_text,
}

IfNoneMatch = Annotated[str | None, Header()]
RESPONSES: Final[dict[int | str, dict[str, Any]]] = {
    **problems(UnknownTraining, NoSuchFormat, InvalidFields),
    304: {"description": "Nothing changed since `If-None-Match`"},
}


@router.get("/advice", summary="Advice", response_model=AdviceReply, responses=RESPONSES)
def advice(
    training_id: str, request: Request, resources: ResourcesDependency, if_none_match: IfNoneMatch = None
) -> Response:
    """JSON, or plain text with `Accept: text/plain`."""
    return _advice(request, resources, training_id, None, if_none_match)


@router.get("/advice.{suffix}", summary="Advice as .json or .txt", responses=RESPONSES)
def advice_as(
    training_id: str, suffix: str, request: Request, resources: ResourcesDependency, if_none_match: IfNoneMatch = None
) -> Response:
    """What the curves and the test set say: overfitting, a rate too high or too low, and so on (docs/advice.md), each with the
    figures that say so and one change to try. Also for trainings that still run, from what is there so far, and failed ones.
    """
    return _advice(request, resources, training_id, suffix, if_none_match)


def _advice(
    request: Request, resources: Resources, training_id: str, suffix: str | None, if_none_match: str | None
) -> Response:
    negotiating.refuse_unknown_parameters(request, ())
    chosen = negotiating.choose_format(request, MEDIA_TYPES, suffix)
    with resources.database.reading() as session:
        training = trainings.find(session, training_id)
        headers = {
            "ETag": f'"advice-{version("cyfra")}-{training.version}-{chosen}"',
            "Cache-Control": "private, no-cache",
            "Vary": "Accept",
        }
        if negotiating.matches(if_none_match, headers["ETag"]):
            return Response(status_code=304, headers=headers)
        rendered = FORMATS[chosen](session, training)
    body = rendered if isinstance(rendered, str) else rendered.model_dump_json()
    return Response(body, media_type=MEDIA_TYPES[chosen], headers=headers)
