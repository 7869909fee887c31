"""MLflow's four routes."""

from importlib.metadata import version
from typing import Any

from fastapi import APIRouter, Request, Response

from service.edge.peers import PeerRoute
from service.edge.resources import ResourcesDependency
from service.protocols.instances import Bounds
from service.protocols.mlflow import requests
from service.protocols.running import run
from service.records.models import DEFAULT_MODEL

router = APIRouter(route_class=PeerRoute, include_in_schema=False)


@router.get("/ping")
@router.get("/health")
def ping(resources: ResourcesDependency) -> Response:
    """Whether there is a model that answers."""
    resources.engines.find(DEFAULT_MODEL, None)
    return Response("\n", media_type="application/json")


@router.get("/version")
def running_version() -> Response:
    """The version that runs."""
    return Response(version("cyfra"), media_type="text/plain")


@router.post("/invocations")
async def invocations(request: Request, resources: ResourcesDependency) -> dict[str, Any]:
    """The probabilities of each row's picture."""
    read = requests.read(request.headers.get("content-type", ""), await request.body())
    settings = resources.settings
    bounds = Bounds(settings.max_tensor_images, settings.max_image_pixels)
    answered = await run(resources, DEFAULT_MODEL, None, lambda engine: read(engine.expects, bounds))
    return {"predictions": answered.probabilities.tolist()}
