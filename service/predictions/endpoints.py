"""`POST /predict` and `POST /v1/models/{name}/predict`: pictures in, answers out."""

from time import perf_counter
from typing import Annotated, Any, Final

from fastapi import APIRouter, Query, Request, Response
from fastapi.concurrency import run_in_threadpool

from service.edge import negotiating
from service.edge.documenting import problems
from service.edge.resources import Resources, ResourcesDependency
from service.errors import (
    BlankImage,
    BodyTooLarge,
    ImageTooLarge,
    InvalidFields,
    NoImage,
    NoModelYet,
    UnknownModel,
    UnknownVersion,
    UnreadableImage,
    WrongContentType,
)
from service.images.decoding import Limits
from service.predictions import operations, receiving
from service.predictions.schemas import Prediction, Predictions
from service.records.models import DEFAULT_MODEL

router = APIRouter(tags=["predictions"])

FORMATS: Final = {"json": "application/json", "txt": "text/plain"}
PROBLEMS: Final = problems(
    NoModelYet,
    UnknownModel,
    UnknownVersion,
    BodyTooLarge,
    WrongContentType,
    NoImage,
    UnreadableImage,
    ImageTooLarge,
    BlankImage,
    InvalidFields,
)
BODY: Final[dict[str, Any]] = {
    "requestBody": {
        "required": True,
        "description": "One or several pictures in a form (`file`, `image`, `data` or `image_file`), or one as the body.",
        "content": {
            "multipart/form-data": {
                "schema": {
                    "type": "object",
                    "properties": {"file": {"type": "array", "items": {"type": "string", "format": "binary"}}},
                    "required": ["file"],
                }
            },
            "image/png": {"schema": {"type": "string", "format": "binary"}},
            "image/jpeg": {"schema": {"type": "string", "format": "binary"}},
            "application/octet-stream": {"schema": {"type": "string", "format": "binary"}},
        },
    }
}
Top = Annotated[int | None, Query(ge=1, le=1000, description="Only the k most probable classes, best first")]
Seen = Annotated[bool, Query(description="Add `seen`: what the network saw, as the data URL of a PNG")]
Version = Annotated[str | None, Query(max_length=63, description="A version, an alias or `latest`")]


@router.post(
    "/predict",
    summary="What is on this picture?",
    response_model=Prediction | Predictions,
    responses=PROBLEMS,
    openapi_extra=BODY,
)
async def predict(
    request: Request, resources: ResourcesDependency, top: Top = None, version: Version = None, seen: Seen = False
) -> Response:
    """The model named `default` answers. One picture: one answer; several: `predictions`. `Accept: text/plain`: `7`."""
    return await _answer(request, resources, DEFAULT_MODEL, top, version, show_seen=seen)


@router.post(
    "/v1/models/{name}/predict",
    summary="What is on this picture, says this model?",
    response_model=Prediction | Predictions,
    responses=PROBLEMS,
    openapi_extra=BODY,
)
async def predict_with(
    name: str,
    request: Request,
    resources: ResourcesDependency,
    top: Top = None,
    version: Version = None,
    seen: Seen = False,
) -> Response:
    """As `/predict`, answered by the model of your choice."""
    return await _answer(request, resources, name, top, version, show_seen=seen)


async def _answer(
    request: Request, resources: Resources, name: str, top: int | None, version: str | None, *, show_seen: bool
) -> Response:
    negotiating.refuse_unknown_parameters(request, ("top", "version", "seen"))
    settings = resources.settings
    pictures = await receiving.pictures(request, settings.max_images)

    def work() -> Predictions:
        engine = resources.engines.find(name, version)
        limits = Limits(max_pixels=settings.max_image_pixels)
        return operations.predict(engine, pictures, top, limits, show_seen=show_seen)

    began = perf_counter()
    found = (await run_in_threadpool(work)).predictions
    resources.metrics.predicted(found[0].model.name, len(found), perf_counter() - began)
    headers = {"Vary": "Accept", "X-Model": found[0].model.name, "X-Model-Version": str(found[0].model.version)}
    if negotiating.choose_format(request, FORMATS, None) == "txt":
        lines = "".join(f"{prediction.label}\n" for prediction in found)
        return Response(lines, media_type="text/plain", headers=headers)
    reply = found[0] if len(found) == 1 else Predictions(predictions=found)
    return Response(reply.model_dump_json(), media_type="application/json", headers=headers)
