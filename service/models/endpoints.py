"""`/v1/models`."""

from fastapi import APIRouter, Depends

from service.auth.caller import CALLER_PROBLEMS, who_is_calling
from service.edge.documenting import problems
from service.edge.negotiating import require_json
from service.edge.resources import ResourcesDependency
from service.errors import InvalidFields, NoModelYet, UnknownModel, UnknownVersion, WrongContentType
from service.models import operations
from service.models.schemas import AliasRequest, ModelList, ModelReply, VersionReply

router = APIRouter(prefix="/v1/models", tags=["models"])


@router.get("", summary="List models")
def list_models(resources: ResourcesDependency) -> ModelList:
    """Every model with its versions and aliases."""
    with resources.database.reading() as session:
        return operations.list_models(session)


@router.get("/{name}", summary="Get a model", responses=problems(UnknownModel, NoModelYet))
def get_model(name: str, resources: ResourcesDependency) -> ModelReply:
    """One model with its versions and aliases."""
    with resources.database.reading() as session:
        return operations.get(session, name)


@router.get(
    "/{name}/versions/{version}",
    summary="Get a version of a model",
    responses=problems(UnknownModel, UnknownVersion, NoModelYet),
)
def get_version(name: str, version: str, resources: ResourcesDependency) -> VersionReply:
    """One version, by its number, an alias or `latest`."""
    with resources.database.reading() as session:
        return operations.get_version(session, name, version)


@router.put(
    "/{name}/aliases/{alias}",
    summary="Point an alias at a version",
    dependencies=[Depends(require_json), Depends(who_is_calling)],
    responses=problems(UnknownModel, UnknownVersion, NoModelYet, InvalidFields, WrongContentType, *CALLER_PROBLEMS),
)
def set_alias(name: str, alias: str, wanted: AliasRequest, resources: ResourcesDependency) -> ModelReply:
    """The alias `stable` decides which version answers; without it the latest does."""
    with resources.database.transaction() as session:
        return operations.set_alias(session, name, alias, wanted.version)
