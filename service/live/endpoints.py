"""`GET /v1/trainings/{id}/events`."""

from typing import Annotated

from fastapi import APIRouter, Header, Request, Response

from service.edge import negotiating
from service.edge.documenting import problems
from service.edge.resources import ResourcesDependency
from service.errors import InvalidFields, TooManyViewers, UnknownTraining
from service.live.schemas import EpochEvent, StateEvent
from service.trainings.schemas import Progress

router = APIRouter(prefix="/v1/trainings/{training_id}", tags=["trainings"])

EXAMPLE = """\
retry: 1846

event: state
data: {"state":"running","attempt":1,"at":"2026-01-01T12:00:00Z","reason":"claimed by w1","resumes_after_epoch":0}
id: 42.0.0

event: epoch
data: {"epoch":1,"attempt":1,"loss":0.61,"accuracy":0.81,"val_loss":0.24,"val_accuracy":0.93,"learning_rate":0.002,…}
id: 42.0.1

event: progress
data: {"activity":"training","epoch":1,"epochs":5,"step":7,"steps":31,"eta_seconds":9.5,"loss":0.31,"accuracy":0.9}

: ping

"""
EVENTS = {model.__name__: model.model_json_schema() for model in (StateEvent, EpochEvent, Progress)}


@router.get(
    "/events",
    summary="Watch a training",
    response_class=Response,
    responses={
        200: {
            "description": "Server-sent events: `state` (StateEvent), `epoch` (EpochEvent) and `progress` (Progress)",
            "content": {
                "text/event-stream": {
                    "schema": {"type": "string", "x-events": EVENTS},
                    "example": EXAMPLE,
                }
            },
        },
        204: {"description": "The training is over, and nothing came after `Last-Event-ID`: EventSource stops"},
        **problems(UnknownTraining, InvalidFields, TooManyViewers),
    },
)
async def events(
    training_id: str,
    request: Request,
    resources: ResourcesDependency,
    last_event_id: Annotated[
        str | None,
        Header(description="The `id` of the last event that was received; any other text replays everything"),
    ] = None,
) -> Response:
    """Everything that has happened to the training, at once, then what happens, until it is over.

    After a lost connection a client goes on with `Last-Event-ID`, as EventSource does by itself, in whichever process.
    """
    negotiating.refuse_unknown_parameters(request, ())
    stream = await resources.live.stream(training_id, last_event_id)
    return Response(status_code=204, headers={"Cache-Control": "no-store"}) if stream is None else stream
