"""`/v1/datasets`."""

from typing import Annotated, Any, Final

from fastapi import APIRouter, Query, Request, Response

from service.datasets import operations
from service.datasets.schemas import DatasetList, DatasetReply, SamplePage
from service.edge.documenting import problems
from service.edge.negotiating import matches, refuse_unknown_parameters
from service.edge.resources import ResourcesDependency
from service.errors import DatasetUnavailable, InvalidFields, StorageFull, UnknownDataset, UnknownSample

router = APIRouter(prefix="/v1/datasets", tags=["data sets"])

PNG: Final[dict[int | str, dict[str, Any]]] = {200: {"content": {"image/png": {}}, "description": "A PNG"}}
A_DAY: Final = {"Cache-Control": "private, max-age=86400"}
Split = Annotated[str, Query(pattern=r"^(train|test)$")]
Count = Annotated[int, Query(ge=1, le=400)]


@router.get("", summary="List data sets")
def list_datasets(resources: ResourcesDependency) -> DatasetList:
    """Name, classes, counts, shape, SHA-256, and whether the images lie on this machine."""
    return operations.list_datasets(resources.settings)


@router.get("/{name}", summary="Get a data set", responses=problems(UnknownDataset, DatasetUnavailable))
def get_dataset(name: str, resources: ResourcesDependency) -> DatasetReply:
    """One data set."""
    return operations.get(resources.settings, name)


@router.get(
    "/{name}/samples",
    summary="Some pictures of a data set",
    responses=problems(UnknownDataset, DatasetUnavailable, InvalidFields, StorageFull),
)
def samples(
    name: str, request: Request, resources: ResourcesDependency, split: Split = "train", count: Count = 100
) -> SamplePage:
    """As many of each class as can be, with the address of each picture."""
    refuse_unknown_parameters(request, ("split", "count"))
    return operations.samples(resources.settings, name, split, count)


@router.get(
    "/{name}/samples.png",
    summary="A gallery of a data set",
    response_class=Response,
    responses={**PNG, **problems(UnknownDataset, DatasetUnavailable, InvalidFields, StorageFull)},
)
def sample_sheet(
    name: str, request: Request, resources: ResourcesDependency, split: Split = "train", count: Count = 100
) -> Response:
    """The same pictures on one sheet, with their classes."""
    refuse_unknown_parameters(request, ("split", "count"))
    sheet = operations.sample_sheet(resources.settings, name, split, count)
    headers = {"ETag": f'"{sheet.key}"', **A_DAY}
    if matches(request.headers.get("if-none-match"), headers["ETag"]):
        return Response(status_code=304, headers=headers)
    return Response(resources.pictures.get(sheet), media_type="image/png", headers=headers)


@router.get(
    "/{name}/samples/{split}/{index}.png",
    summary="One picture of a data set",
    response_class=Response,
    responses={**PNG, **problems(UnknownDataset, UnknownSample, DatasetUnavailable, StorageFull)},
)
def sample(name: str, split: str, index: int, resources: ResourcesDependency) -> Response:
    """In its own size; `split` is train or test, `index` counts from 0."""
    content = operations.sample(resources.settings, name, split, index)
    return Response(content, media_type="image/png", headers=A_DAY)
