"""`/v2`: health, metadata, inference, the repository's index."""

from typing import Annotated, Any, Final

from fastapi import APIRouter, Header, Request, Response
from fastapi.responses import JSONResponse

from service.edge.peers import PeerRoute
from service.edge.resources import Resources, ResourcesDependency
from service.errors import WrongContentType
from service.protocols.open_inference import models, requests, responses
from service.protocols.running import run

router = APIRouter(prefix="/v2", route_class=PeerRoute, include_in_schema=False)

# `default` or `default/versions/3`: every route of a model is served in both forms.
ONE: Final = "/models/{name}"
VERSION: Final = "/models/{name}/versions/{version}"

HeaderLength = Annotated[str | None, Header(alias=responses.HEADER_LENGTH)]


@router.get("")
def server() -> dict[str, Any]:
    """Server metadata."""
    return models.server()


@router.get("/health/live")
def live() -> dict[str, bool]:
    """Whether the process answers."""
    return {"live": True}


@router.get("/health/ready")
async def ready(resources: ResourcesDependency) -> JSONResponse:
    """Whether pictures are answered: 503 when not. /readyz says why."""
    is_ready = (await resources.checks.look()).is_ready
    return JSONResponse({"ready": is_ready}, status_code=200 if is_ready else 503)


@router.get(ONE)
@router.get(VERSION)
def metadata(name: str, resources: ResourcesDependency, version: str | None = None) -> dict[str, Any]:
    """Model metadata."""
    with resources.database.reading() as session:
        return models.metadata(session, name, version)


@router.get(f"{ONE}/config")
@router.get(f"{VERSION}/config")
def config(name: str, resources: ResourcesDependency, version: str | None = None) -> dict[str, Any]:
    """Triton's model configuration, as far as there is one here."""
    with resources.database.reading() as session:
        return models.config(session, name, version, resources.settings.max_tensor_images)


@router.get(f"{ONE}/ready")
@router.get(f"{VERSION}/ready")
def model_ready(name: str, resources: ResourcesDependency, version: str | None = None) -> dict[str, Any]:
    """Load the model if it is not loaded yet: then it is ready."""
    engine = resources.engines.find(name, version)
    return {"name": engine.name, "ready": True}


@router.post(f"{ONE}/infer")
async def infer(
    name: str, request: Request, resources: ResourcesDependency, header_length: HeaderLength = None
) -> Response:
    """The probabilities of images, by the version that serves."""
    return await _infer(name, None, request, resources, header_length)


@router.post(f"{VERSION}/infer")
async def infer_version(
    name: str, version: str, request: Request, resources: ResourcesDependency, header_length: HeaderLength = None
) -> Response:
    """The probabilities of images, by this version."""
    return await _infer(name, version, request, resources, header_length)


@router.post("/repository/index")
def index(resources: ResourcesDependency) -> list[dict[str, str]]:
    """Every version of every model."""
    with resources.database.reading() as session:
        return models.index(session)


async def _infer(
    name: str, version: str | None, request: Request, resources: Resources, header_length: str | None
) -> Response:
    encoding = request.headers.get("content-encoding", "identity")
    if encoding != "identity":
        raise WrongContentType(f"Received a body with Content-Encoding {encoding[:50]!r}. Send it as it is.")
    asked = requests.read(await request.body(), header_length)
    answered = await run(
        resources,
        name,
        version,
        lambda engine: asked.tensor.images(engine.expects, resources.settings.max_tensor_images),
    )
    written = responses.write(asked, answered)
    if written.json_length is None:
        return Response(written.body, media_type="application/json")
    headers = {responses.HEADER_LENGTH: str(written.json_length)}
    return Response(written.body, media_type="application/octet-stream", headers=headers)
