"""`/v1/networks`, and `/v1/trainings/{id}/network`: what a network is and costs, without building it."""

from collections.abc import Callable
from typing import Annotated, Final

from fastapi import APIRouter, Depends, Path, Request, Response

from service.edge import negotiating
from service.edge.documenting import problems
from service.edge.resources import ResourcesDependency
from service.errors import (
    BodyTooLarge,
    BrokenJson,
    DatasetUnavailable,
    InvalidFields,
    NoSuchFormat,
    UnknownNetwork,
    UnknownTraining,
    WrongContentType,
)
from service.networks import drawing, operations, summaries
from service.networks.checking import NetworkLimits
from service.networks.schemas import CheckReply, CheckRequest, NetworkList, NetworkReply, Summary

router = APIRouter(tags=["networks"])

MEDIA_TYPES: Final = {"json": "application/json", "txt": "text/plain", "svg": "image/svg+xml"}
FORMATS: Final[dict[str, Callable[[Summary], str]]] = {
    "json": lambda summary: summary.model_dump_json(),
    "txt": summaries.text,
    "svg": drawing.svg,
}

Suffix = Annotated[str, Path(max_length=20)]


@router.get("/v1/networks", summary="List the networks that have a name")
def list_networks() -> NetworkList:
    """The presets: name, layers, number of parameters, cost."""
    return operations.list_networks()


@router.post(
    "/v1/networks/check",
    summary="Look at a network before training it",
    dependencies=[Depends(negotiating.require_json)],
    responses=problems(BrokenJson, WrongContentType, BodyTooLarge, InvalidFields),
)
def check(body: CheckRequest, request: Request, resources: ResourcesDependency) -> CheckReply:
    """What it costs, layer for layer, and how long an epoch takes here; or every fault that a training would be refused for."""
    negotiating.refuse_unknown_parameters(request, ())
    with resources.database.reading() as session:
        return operations.check(session, body, NetworkLimits.of(resources.settings))


@router.get("/v1/networks/{name}", summary="Get one network", responses=problems(UnknownNetwork))
def get_network(name: str) -> NetworkReply:
    """One preset, layer for layer."""
    return operations.get_network(name)


def _served(request: Request, summary: Summary, suffix: str | None) -> Response:
    chosen = negotiating.choose_format(request, MEDIA_TYPES, suffix)
    return Response(FORMATS[chosen](summary), media_type=MEDIA_TYPES[chosen], headers={"Vary": "Accept"})


@router.get(
    "/v1/networks/{name}/summary",
    summary="A network's summary",
    response_model=Summary,
    responses=problems(UnknownNetwork),
)
def summary(name: str, request: Request) -> Response:
    """JSON, a table with `Accept: text/plain`, or a diagram with `Accept: image/svg+xml`."""
    return _served(request, operations.summary_of_preset(name), None)


@router.get(
    "/v1/networks/{name}/summary.{suffix}",
    summary="A network's summary as .json, .txt or .svg",
    responses=problems(UnknownNetwork, NoSuchFormat),
)
def summary_as(name: str, suffix: Suffix, request: Request) -> Response:
    """Each layer's output shape, parameters and FLOPs."""
    return _served(request, operations.summary_of_preset(name), suffix)


@router.get(
    "/v1/trainings/{training_id}/network",
    summary="Summary of a training's network",
    response_model=Summary,
    responses=problems(UnknownTraining, DatasetUnavailable),
    tags=["reports"],
)
def network(training_id: str, request: Request, resources: ResourcesDependency) -> Response:
    """JSON, a table with `Accept: text/plain`, or a diagram with `Accept: image/svg+xml`; there once the training is queued."""
    with resources.database.reading() as session:
        found = operations.summary_of_training(session, training_id)
    return _served(request, found, None)


@router.get(
    "/v1/trainings/{training_id}/network.{suffix}",
    summary="Summary of a training's network as .json, .txt or .svg",
    responses=problems(UnknownTraining, DatasetUnavailable, NoSuchFormat),
    tags=["reports"],
)
def network_as(training_id: str, suffix: Suffix, request: Request, resources: ResourcesDependency) -> Response:
    """Each layer's output shape, parameters and FLOPs, on the images of the training's data set."""
    with resources.database.reading() as session:
        found = operations.summary_of_training(session, training_id)
    return _served(request, found, suffix)
