"""Why did it answer that? `/v1/trainings/{id}/explanations`, `/activations`, `/layers`, `/filters`, and the same of models.

Each is served by suffix (`filters.png`) or, without one, by `Accept`.
"""

from collections.abc import Callable
from typing import Annotated, Any, Final

from fastapi import APIRouter, Query, Request, Response
from pydantic import BaseModel

from service.edge import negotiating
from service.edge.documenting import problems
from service.edge.resources import Resources, ResourcesDependency
from service.errors import (
    DatasetUnavailable,
    InvalidFields,
    NoFilters,
    NoReportYet,
    NoSuchFormat,
    StorageFull,
    Unavailable,
    UnknownSample,
    UnknownTraining,
)
from service.explanations import operations, subjects
from service.explanations.graphs import Graph
from service.explanations.schemas import ActivationsReply, ExplanationReply, FiltersReply, LayersReply
from service.explanations.subjects import Subject, Trained
from service.images.decoding import Limits
from service.predictions import receiving
from service.predictions.documenting import BODY
from service.predictions.documenting import PROBLEMS as PREDICTING
from service.predictions.pinning import WantedVersion

router = APIRouter(tags=["explanations"])

FORMATS: Final = {"json": "application/json", "png": "image/png"}
KEEP: Final = "private, max-age=3600"
OF_TRAINING: Final = (UnknownTraining, NoReportYet, NoSuchFormat, InvalidFields, Unavailable)
OF_SAMPLE: Final = problems(*OF_TRAINING, UnknownSample, DatasetUnavailable, StorageFull)
OF_NETWORK: Final = problems(*OF_TRAINING)
OF_FILTERS: Final = problems(*OF_TRAINING, NoFilters)
OF_MODEL: Final = {**PREDICTING, **problems(Unavailable)}
AND_PNG: Final[dict[int | str, dict[str, Any]]] = {200: {"content": {"image/png": {}}}}

Class = Annotated[
    str | None, Query(alias="class", max_length=200, description="For which class; its answer if not given")
]
Top = Annotated[int | None, Query(ge=1, le=1000, description="Only the k most probable classes")]
LayerName = Annotated[str | None, Query(max_length=200, description="One of /layers.json; the first one if not given")]


@router.get("/v1/trainings/{training_id}/explanations/{split}/{index}", include_in_schema=False)
@router.get(
    "/v1/trainings/{training_id}/explanations/{split}/{index}.{suffix}",
    summary="Why did it answer that? As .json or .png",
    responses={**AND_PNG, **OF_SAMPLE},
    response_model=ExplanationReply,
)
async def explain_sample(
    training_id: str,
    split: str,
    index: int,
    request: Request,
    resources: ResourcesDependency,
    suffix: str | None = None,
    class_: Class = None,
    top: Top = None,
) -> Response:
    """A picture of the data set: what the network saw, which parts speak for a class, and the likeliest classes."""
    negotiating.refuse_unknown_parameters(request, ("class", "top"))
    chosen = negotiating.choose_format(request, FORMATS, suffix)

    def work() -> Response:
        trained, _, subject = _sample(resources, training_id, split, index)
        operations.class_index(trained.classes, class_)
        tag = subjects.etag("explanation", chosen, trained, split, index, class_, top)

        def make() -> bytes:
            found = operations.explain(subject(), class_)
            return (
                operations.explanation_png(found, top) if chosen == "png" else _json(operations.explanation(found, top))
            )

        return _kept(request, resources, chosen, tag, make)

    return await resources.explaining.turns.take(work)


@router.get("/v1/trainings/{training_id}/activations/{split}/{index}", include_in_schema=False)
@router.get(
    "/v1/trainings/{training_id}/activations/{split}/{index}.{suffix}",
    summary="What does a layer make of it? As .json or .png",
    responses={**AND_PNG, **OF_SAMPLE},
    response_model=ActivationsReply,
)
async def activate_sample(
    training_id: str,
    split: str,
    index: int,
    request: Request,
    resources: ResourcesDependency,
    suffix: str | None = None,
    layer: LayerName = None,
) -> Response:
    """The output of a layer for a picture of the data set: its channels as pictures, its units as bars."""
    negotiating.refuse_unknown_parameters(request, ("layer",))
    chosen = negotiating.choose_format(request, FORMATS, suffix)

    def work() -> Response:
        trained, graph, subject = _sample(resources, training_id, split, index)
        wanted = operations.choose_layer(graph, layer)
        tag = subjects.etag("activations", chosen, trained, split, index, wanted.name)

        def make() -> bytes:
            if chosen == "png":
                return operations.activations_png(subject(), wanted)
            return _json(operations.activations(subject(), wanted))

        return _kept(request, resources, chosen, tag, make)

    return await resources.explaining.turns.take(work)


@router.get("/v1/trainings/{training_id}/filters", include_in_schema=False)
@router.get(
    "/v1/trainings/{training_id}/filters.{suffix}",
    summary="What does the first layer look for? As .json or .png",
    responses={**AND_PNG, **OF_FILTERS},
    response_model=FiltersReply,
)
async def filters(
    training_id: str,
    request: Request,
    resources: ResourcesDependency,
    suffix: str | None = None,
) -> Response:
    """The weights of the first convolution, or of a dense layer's units that see the whole picture."""
    negotiating.refuse_unknown_parameters(request, ())
    chosen = negotiating.choose_format(request, FORMATS, suffix)

    def work() -> Response:
        trained, graph = _trained(resources, training_id)

        def make() -> bytes:
            return operations.filters_png(graph) if chosen == "png" else _json(operations.filters(training_id, graph))

        return _kept(request, resources, chosen, subjects.etag("filters", chosen, trained), make)

    return await resources.explaining.turns.take(work)


@router.get("/v1/trainings/{training_id}/layers", include_in_schema=False)
@router.get(
    "/v1/trainings/{training_id}/layers.{suffix}",
    summary="Whose activations can be asked for? As .json",
    responses=OF_NETWORK,
    response_model=LayersReply,
)
async def layers(
    training_id: str,
    request: Request,
    resources: ResourcesDependency,
    suffix: str | None = None,
) -> Response:
    """Every layer with the shape of its output; a layer that the export folded into another one has no activations."""
    negotiating.refuse_unknown_parameters(request, ())
    chosen = negotiating.choose_format(request, {"json": FORMATS["json"]}, suffix)

    def work() -> Response:
        trained, graph = _trained(resources, training_id)
        tag = subjects.etag("layers", trained)
        return _kept(request, resources, chosen, tag, lambda: _json(operations.layers(training_id, graph)))

    return await resources.explaining.turns.take(work)


@router.post(
    "/v1/models/{name}/explain",
    summary="What is on this picture, and why?",
    response_model=ExplanationReply,
    responses={**AND_PNG, **OF_MODEL},
    openapi_extra=BODY,
)
async def explain_picture(
    name: str,
    request: Request,
    resources: ResourcesDependency,
    version: WantedVersion,
    class_: Class = None,
    top: Top = None,
) -> Response:
    """One picture, sent as to /predict. JSON with pictures in it, or one figure with `Accept: image/png`."""
    negotiating.refuse_unknown_parameters(request, ("class", "top", "version"))
    chosen = negotiating.choose_format(request, FORMATS, None)

    def explain(subject: Subject) -> bytes:
        found = operations.explain(subject, class_)
        return operations.explanation_png(found, top) if chosen == "png" else _json(operations.explanation(found, top))

    return await _of_picture(request, resources, name, version, chosen, explain)


@router.post(
    "/v1/models/{name}/activations",
    summary="What does a layer make of this picture?",
    response_model=ActivationsReply,
    responses={**AND_PNG, **OF_MODEL},
    openapi_extra=BODY,
)
async def activate_picture(
    name: str, request: Request, resources: ResourcesDependency, version: WantedVersion, layer: LayerName = None
) -> Response:
    """One picture, sent as to /predict. JSON with a picture in it, or the picture with `Accept: image/png`."""
    negotiating.refuse_unknown_parameters(request, ("layer", "version"))
    chosen = negotiating.choose_format(request, FORMATS, None)

    def activate(subject: Subject) -> bytes:
        wanted = operations.choose_layer(subject.network.graph, layer)
        if chosen == "png":
            return operations.activations_png(subject, wanted)
        return _json(operations.activations(subject, wanted))

    return await _of_picture(request, resources, name, version, chosen, activate)


async def _of_picture(
    request: Request,
    resources: Resources,
    name: str,
    version: str | None,
    chosen: str,
    render: Callable[[Subject], bytes],
) -> Response:
    settings = resources.settings
    read = await receiving.receive(request, settings)

    def work() -> Response:
        engine = resources.engines.find(name, version)
        picture = operations.only(read(engine.expects))
        graph = subjects.open_graph(resources.database, resources.explaining.graphs, engine.onnx_sha256)
        limits = Limits(max_pixels=settings.max_image_pixels)
        body = render(subjects.of_picture(engine, graph, picture, limits))
        headers = {"Vary": "Accept", "X-Model": engine.name, "X-Model-Version": str(engine.version)}
        return Response(body, media_type=FORMATS[chosen], headers=headers)

    return await resources.explaining.turns.take(work)


def _trained(resources: Resources, training_id: str) -> tuple[Trained, Graph]:
    with resources.database.reading() as session:
        trained = subjects.find_trained(session, training_id)
    return trained, subjects.open_graph(resources.database, resources.explaining.graphs, trained.onnx_sha256)


def _sample(
    resources: Resources, training_id: str, split: str, index: int
) -> tuple[Trained, Graph, Callable[[], Subject]]:
    """Return the network of a training, and how to get the image, which surely exists."""
    trained, graph = _trained(resources, training_id)
    data = subjects.open_data(resources.database, resources.settings, trained)
    subjects.require_sample(data, split, index)
    return trained, graph, lambda: subjects.of_sample(trained, graph, data, split, index)


def _kept(request: Request, resources: Resources, chosen: str, tag: str, make: Callable[[], bytes]) -> Response:
    headers = {"ETag": tag, "Cache-Control": KEEP, "Vary": "Accept"}
    if negotiating.matches(request.headers.get("if-none-match"), tag):
        return Response(status_code=304, headers=headers)
    return Response(resources.explaining.kept.get(tag, make), media_type=FORMATS[chosen], headers=headers)


def _json(reply: BaseModel) -> bytes:
    return reply.model_dump_json(by_alias=True).encode()
