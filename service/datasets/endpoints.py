"""`/v1/datasets`."""

import re
from typing import Annotated, Any, Final

from fastapi import APIRouter, Depends, Query, Request, Response
from fastapi.concurrency import run_in_threadpool

from service.auth.caller import CALLER_PROBLEMS, Caller, CallerDependency, who_is_calling
from service.datasets import operations, uploading
from service.datasets.documenting import BODY, PARAMETERS
from service.datasets.receiving import receive
from service.datasets.schemas import DatasetList, DatasetReply, SamplePage
from service.edge.documenting import problems
from service.edge.idempotency import KEY_PROBLEMS, KeyDependency
from service.edge.negotiating import matches, refuse_unknown_parameters
from service.edge.resources import Resources, ResourcesDependency
from service.errors import (
    ArchiveTooLarge,
    BodyTooLarge,
    DatasetExists,
    DatasetInUse,
    DatasetUnavailable,
    InvalidFields,
    NotAllowed,
    RefusedArchive,
    RefusedDataset,
    StorageFull,
    TooManyImports,
    UnknownDataset,
    UnknownSample,
    UnreadableArchive,
)
from service.sets import keeping

router = APIRouter(prefix="/v1/datasets", tags=["data sets"])
uploads = APIRouter(prefix="/v1/datasets", tags=["data sets"])  # whose bodies may be large

PNG: Final[dict[int | str, dict[str, Any]]] = {200: {"content": {"image/png": {}}, "description": "A PNG"}}
A_DAY: Final = {"Cache-Control": "private, max-age=86400"}
Split = Annotated[str, Query(pattern=r"^(train|test)$")]
Count = Annotated[int, Query(ge=1, le=400)]


@router.get("", summary="List data sets")
def list_datasets(resources: ResourcesDependency) -> DatasetList:
    """Those that are built in, then those that were sent: state, classes, counts, shape, SHA-256, what was odd about them."""
    with resources.database.reading() as session:
        return operations.list_datasets(session, resources.settings)


@uploads.put("", include_in_schema=False)  # what `curl -T` sends
@uploads.post(
    "",
    status_code=202,
    summary="Send a data set",
    response_model=DatasetReply,
    responses=problems(
        *(InvalidFields, BodyTooLarge, UnreadableArchive, RefusedArchive, ArchiveTooLarge, RefusedDataset),
        *(DatasetExists, TooManyImports, StorageFull),
        *CALLER_PROBLEMS,
        *KEY_PROBLEMS,
    ),
    openapi_extra={**BODY, **PARAMETERS},
)
async def add(
    request: Request, caller: CallerDependency, resources: ResourcesDependency, key: KeyDependency
) -> Response:
    """A zip of class folders (perhaps in `train/` and `test/`), an npz in Keras' layout, or IDX files; as the body itself, or
    in a form. What can be told by names and headers is told at once; the pictures are decoded by a worker: ask at `Location`.
    """
    return await _add(request, resources, caller, key, None)


@uploads.put("/{name}", include_in_schema=False)
async def add_as(
    name: str, request: Request, caller: CallerDependency, resources: ResourcesDependency, key: KeyDependency
) -> Response:
    """The same for `curl -T data.zip …/v1/datasets/my-letters`; with an address that ends in `/`, curl adds the file's name."""
    return await _add(request, resources, caller, key, re.sub(r"(?i)\.(zip|npz)$", "", name))


async def _add(request: Request, resources: Resources, caller: Caller, key: str | None, name: str | None) -> Response:
    wanted = name or request.query_params.get("name")
    if key is None and wanted is not None:

        def require_free_name() -> None:
            with resources.database.reading() as session:
                uploading.require_free_name(session, caller, wanted)

        await run_in_threadpool(require_free_name)  # before all of it has come
    async with receive(request, resources.settings, name) as received:
        return await run_in_threadpool(uploading.take, resources, caller, received, key)


@router.get("/{name}", summary="Get a data set", responses=problems(UnknownDataset, DatasetUnavailable))
def get_dataset(name: str, response: Response, resources: ResourcesDependency) -> DatasetReply:
    """One data set. While it is imported, `progress` says how far it is, and `Retry-After` when to ask again."""
    with resources.database.reading() as session:
        found = operations.get(session, resources.settings, name)
    if found.poll_after_seconds is not None:
        response.headers["Retry-After"] = str(found.poll_after_seconds)
    return found


@router.delete(
    "/{name}",
    status_code=204,
    summary="Delete a data set",
    dependencies=[Depends(who_is_calling)],
    responses=problems(UnknownDataset, NotAllowed, DatasetInUse, *CALLER_PROBLEMS),
)
def delete(name: str, resources: ResourcesDependency) -> None:
    """Delete a data set that was sent, also while it is imported. Reports and models of trainings on it stay, without its
    pictures. Not while a training on it waits or runs.
    """
    with resources.database.transaction() as session:
        unneeded = operations.remove(session, name)
    if unneeded is not None:
        keeping.forget(resources.settings.home, unneeded)


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
    with resources.database.reading() as session:
        return operations.samples(session, resources.settings, name, split, count)


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
    with resources.database.reading() as session:
        sheet = operations.sample_sheet(session, resources.settings, name, split, count)
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
    with resources.database.reading() as session:
        content = operations.sample(session, resources.settings, name, split, index)
    return Response(content, media_type="image/png", headers=A_DAY)
