"""`/v1/models/{m}[/versions/{n}|/labels/{l}]`, with `:predict`, `:classify` or `/metadata` behind it.

The status itself, `GET /v1/models/{m}`, is ours, and carries `model_version_status` beside its own fields.
"""

from typing import Any, Final

import numpy as np
from fastapi import APIRouter, Request

from service.edge.peers import PeerRoute
from service.edge.resources import Resources, ResourcesDependency
from service.errors import BadTensor
from service.models import operations as registry
from service.models.schemas import VersionStatus
from service.protocols.instances import Bounds
from service.protocols.running import run
from service.protocols.tensorflow_serving import models, requests

router = APIRouter(prefix="/v1/models", route_class=PeerRoute, include_in_schema=False)

# A version is chosen by its number or by a label, which is what we call an alias.
MODEL: Final = "/{name}"
VERSION: Final = "/{name}/versions/{version}"
LABEL: Final = "/{name}/labels/{version}"


@router.post(f"{MODEL}:predict")
@router.post(f"{VERSION}:predict")
@router.post(f"{LABEL}:predict")
async def predict(
    name: str, request: Request, resources: ResourcesDependency, version: str | None = None
) -> dict[str, Any]:
    """The probabilities of each picture."""
    asked = requests.predict(await request.body())
    bounds = _bounds(resources)
    answered = await run(resources, name, version, lambda engine: asked.read(engine.expects, bounds))
    return {asked.answer: answered.probabilities.tolist()}


@router.post(f"{MODEL}:classify")
@router.post(f"{VERSION}:classify")
@router.post(f"{LABEL}:classify")
async def classify(
    name: str, request: Request, resources: ResourcesDependency, version: str | None = None
) -> dict[str, Any]:
    """The classes of each picture with their probabilities, best first."""
    read = requests.classify(await request.body())
    bounds = _bounds(resources)
    answered = await run(resources, name, version, lambda engine: read(engine.expects, bounds))
    classes = answered.engine.classes
    best = np.argsort(-answered.probabilities, axis=1, kind="stable").tolist()
    return {
        "results": [
            [[classes[index], float(row[index])] for index in order]
            for row, order in zip(answered.probabilities, best, strict=True)
        ]
    }


@router.post(f"{MODEL}:regress")
@router.post(f"{VERSION}:regress")
@router.post(f"{LABEL}:regress")
def regress(name: str, version: str | None = None) -> None:
    """A classifier regresses nothing."""
    of = name if version is None else f"{name}, version {version}"
    raise BadTensor(f"{of[:100]} tells classes, not numbers: use :predict or :classify.")


@router.get(f"{MODEL}/metadata")
@router.get(f"{VERSION}/metadata")
@router.get(f"{LABEL}/metadata")
def metadata(name: str, resources: ResourcesDependency, version: str | None = None) -> dict[str, Any]:
    """What goes in and what comes out."""
    with resources.database.reading() as session:
        return models.metadata(registry.choose_version(registry.find(session, name), version))


@router.get(LABEL)
def labelled(name: str, version: str, resources: ResourcesDependency) -> dict[str, list[VersionStatus]]:
    """The status of the version that a label points to."""
    with resources.database.reading() as session:
        chosen = registry.choose_version(registry.find(session, name), version)
    return {"model_version_status": [VersionStatus(version=str(chosen.version))]}


def _bounds(resources: Resources) -> Bounds:
    return Bounds(resources.settings.max_tensor_images, resources.settings.max_image_pixels)
