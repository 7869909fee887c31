"""`POST /predict` and `POST /v1/models/{name}/predict`: pictures in, answers out."""

from collections.abc import Callable, Sequence
from dataclasses import replace
from functools import partial
from time import perf_counter
from typing import Annotated, Final

import numpy as np
from fastapi import APIRouter, Depends, Query, Request, Response
from numpy.typing import NDArray

from service.edge import negotiating
from service.edge.resources import Resources, ResourcesDependency
from service.images.decoding import Limits
from service.images.expectation import Expectation
from service.inference.engine import Engine
from service.inference.pictures import Sent, prepared
from service.predictions import operations, receiving, renderings
from service.predictions.digits import finding
from service.predictions.digits import operations as reading
from service.predictions.digits import renderings as pages
from service.predictions.digits.renderings import Shown
from service.predictions.digits.schemas import PageReply, Pages
from service.predictions.documenting import ANSWERS, BODY, PROBLEMS
from service.predictions.normalizing import Normalizing
from service.predictions.operations import Digits, Wanted
from service.predictions.pinning import WantedVersion
from service.predictions.schemas import Prediction, Predictions
from service.records.models import DEFAULT_MODEL
from service.reports.endpoints.serving import CLOSED

router = APIRouter(tags=["predictions"])

FORMATS: Final = {"json": "application/json", "txt": "text/plain", "csv": "text/csv", "html": "text/html"}
RENDERINGS: Final = {
    "json": renderings.as_json,
    "txt": renderings.as_text,
    "csv": renderings.as_csv,
    "html": renderings.as_html,
}
PARAMETERS: Final = ("top", "version", "probabilities", "seen", "normalize", "digits")
RENDERINGS_OF_PAGES: Final = {
    "json": pages.as_json,
    "txt": pages.as_text,
    "csv": pages.as_csv,
    "html": pages.as_html,
}
PAGE_HEADERS: Final = {**CLOSED, "X-Content-Type-Options": "nosniff", "Referrer-Policy": "no-referrer"}


async def wanted(
    top: Annotated[int | None, Query(ge=1, le=1000, description="Only the k most probable classes, best first")] = None,
    probabilities: Annotated[bool, Query(description="`false` leaves the probabilities out")] = True,
    seen: Annotated[bool, Query(description="Add `seen`: what the network saw, as the data URL of a PNG")] = False,
    normalize: Normalizing = "auto",
    digits: Annotated[
        Digits,
        Query(
            description="`many`: find all digits on the picture, in reading order, each with its box; `normalize` is idle then"
        ),
    ] = "one",
) -> Wanted:
    """Return what the answer is to tell. Not a plain function: FastAPI would send each call to a thread."""
    return Wanted(top, probabilities, seen, normalize, digits)


WantedDependency = Annotated[Wanted, Depends(wanted)]


@router.put("/predict", include_in_schema=False)  # what `curl -T` sends
@router.post(
    "/predict",
    summary="What is on this picture?",
    response_model=Prediction | Predictions | PageReply | Pages,
    responses={**ANSWERS, **PROBLEMS},
    openapi_extra=BODY,
)
async def predict(
    request: Request, resources: ResourcesDependency, version: WantedVersion, wanted: WantedDependency
) -> Response:
    """The model named `default` answers. One picture: one answer; several: `predictions`. `Accept: text/plain`: `7`."""
    return await _answer(request, resources, DEFAULT_MODEL, version, wanted)


@router.put("/v1/models/{name}/predict", include_in_schema=False)
@router.post(
    "/v1/models/{name}/predict",
    summary="What is on this picture, says this model?",
    response_model=Prediction | Predictions | PageReply | Pages,
    responses={**ANSWERS, **PROBLEMS},
    openapi_extra=BODY,
)
async def predict_with(
    name: str, request: Request, resources: ResourcesDependency, version: WantedVersion, wanted: WantedDependency
) -> Response:
    """As `/predict`, answered by the model of your choice."""
    return await _answer(request, resources, name, version, wanted)


async def _answer(request: Request, resources: Resources, name: str, version: str | None, wanted: Wanted) -> Response:
    negotiating.refuse_unknown_parameters(request, PARAMETERS)
    chosen = negotiating.choose_format(request, FORMATS, None)
    if chosen == "html":
        wanted = replace(wanted, seen=True)
    settings = resources.settings
    read = await receiving.receive(request, settings)

    engine = await resources.engines.ready(name, version)
    limits = Limits(max_pixels=settings.max_image_pixels)
    headers = {"Vary": "Accept", "X-Model": engine.name, "X-Model-Version": str(engine.version)}
    if chosen == "html":
        headers |= PAGE_HEADERS
    if wanted.digits == "many":
        content = await _read_pages(resources, engine, read, limits, wanted, RENDERINGS_OF_PAGES[chosen])
        return Response(content, media_type=FORMATS[chosen], headers=headers)

    def prepare() -> tuple[Sequence[Sent], NDArray[np.float32]]:
        sent = read(engine.expects)
        return sent, np.stack(
            [prepared(one, number, engine.expects, limits, wanted.normalize) for number, one in enumerate(sent, 1)]
        )

    began = perf_counter()
    sent, images = await resources.preparing.take(prepare)
    answers = await resources.batches.answers(engine, images)
    found = operations.named(engine, answers, sent, wanted)
    if wanted.seen:
        operations.show(found, images)
    resources.metrics.predicted(engine.name, perf_counter() - began)
    return Response(RENDERINGS[chosen](found), media_type=FORMATS[chosen], headers=headers)


async def _read_pages(
    resources: Resources,
    engine: Engine,
    read: Callable[[Expectation], Sequence[Sent]],
    limits: Limits,
    wanted: Wanted,
    render: Callable[[Sequence[Shown]], str],
) -> str:
    """Find all digits on each picture, one picture after another."""
    finding.require_handwriting(engine.expects, engine.name)
    began = perf_counter()
    sent = await resources.preparing.take(lambda: read(engine.expects))
    shown = []
    for number, one in enumerate(sent, 1):
        found = await resources.preparing.take(partial(finding.find, one, number, limits))
        answers = await resources.batches.answers(engine, found.images)
        reply = await resources.preparing.take(partial(reading.page, engine, found, answers, wanted))
        shown.append(Shown(reply, found.picture))
    resources.metrics.predicted(engine.name, perf_counter() - began)
    return await resources.preparing.take(partial(render, shown))
