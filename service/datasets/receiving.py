"""Receive a data set to disk, whether it comes as the body itself or in a form; nothing of it is held in memory."""

import hashlib
import shutil
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Final, Protocol

from fastapi import Request
from fastapi.concurrency import run_in_threadpool
from fastapi.exceptions import RequestValidationError
from pydantic import ValidationError

from service import storage
from service.datasets.forms import FileWriter, Form, FormReader, ReceivedFile
from service.datasets.schemas import ImportRequest
from service.errors import Fault, InvalidFields, StorageFull
from service.images.archives import idx
from service.images.archives.kinds import HEAD_BYTES, Kind, kind_of
from service.images.intake.collecting import FILE, IDX_ROLES
from service.sets import keeping
from service.sets.limits import intake_limits
from service.settings import Settings

BLOCK: Final = 1 << 20
FILE_FIELDS: Final = (FILE, "data", "dataset", "archive")
EXAMPLE: Final = "curl -F file=@data.zip '…/v1/datasets?name=my-letters', or curl -T data.zip …/v1/datasets/my-letters"


@dataclass(frozen=True)
class Received:
    """What has come: the fields, the files by their roles, and a hash of all of it for `Idempotency-Key`."""

    request: ImportRequest
    files: Mapping[str, Path]
    source: str
    size: int
    fingerprint: str


class _Reader(Protocol):
    def feed(self, content: bytes) -> None: ...
    def finish(self) -> Form: ...
    def close(self) -> None: ...


class _BodyReader:
    """Reads a body that is the file itself."""

    def __init__(self, path: Path) -> None:
        self._writer = FileWriter(ReceivedFile(FILE, "", path))

    def feed(self, content: bytes) -> None:
        """Read some more."""
        self._writer.write(content)

    def finish(self) -> Form:
        """Return what has come."""
        return Form(files=[self._writer.finish()])

    def close(self) -> None:
        """Let go of the file."""
        self._writer.close()


@asynccontextmanager
async def receive(request: Request, settings: Settings, name: str | None) -> AsyncIterator[Received]:
    """Give what a request holds, in files that are gone afterwards; `name` is the data set's if its address tells.

    Raises InvalidFields, RequestValidationError, UnreadableArchive, StorageFull, and what Starlette raises for a large body.
    """
    _require_room(request, settings)
    given = [*request.query_params.multi_items(), *([] if name is None else [("name", name)])]
    with keeping.making_folder(settings.home, "upload") as folder:
        content_type = request.headers.get("content-type", "")
        reader: _Reader
        if content_type.lower().startswith("multipart/form-data"):
            reader = FormReader(content_type, folder)
        else:
            reader = _BodyReader(folder / "body")
        try:
            await _pour(request, reader)
            form = await run_in_threadpool(reader.finish)
        finally:
            reader.close()
        yield await run_in_threadpool(_sorted_out, request, settings, given, form)


async def _pour(request: Request, reader: _Reader) -> None:
    """Hand a body on in large pieces, from a thread: writing may take a while."""
    held = bytearray()
    async for chunk in request.stream():
        held += chunk
        if len(held) >= BLOCK:
            await run_in_threadpool(reader.feed, bytes(held))
            held.clear()
    if held:
        await run_in_threadpool(reader.feed, bytes(held))


def asked_for(given: list[tuple[str, str]]) -> ImportRequest:
    """Return the fields of a request; raise InvalidFields for one that comes twice, RequestValidationError for wrong ones."""
    names = [name for name, _ in given]
    twice = sorted({name for name in names if names.count(name) > 1})
    if twice:
        raise InvalidFields.of([Fault(name[:100], "Received twice; give it once") for name in twice])
    try:
        return ImportRequest.model_validate(dict(given))
    except ValidationError as error:
        found = [{**one, "loc": ("query", *one["loc"])} for one in error.errors(include_url=False)]
        raise RequestValidationError(found) from None


def _sorted_out(request: Request, settings: Settings, given: list[tuple[str, str]], form: Form) -> Received:
    as_text = [name for name, _ in form.fields if name in {*FILE_FIELDS, *IDX_ROLES}]
    if as_text:
        raise InvalidFields.of([Fault(as_text[0], f"It came as text; for a file write @: -F {as_text[0]}=@data.zip")])
    asked = asked_for([*given, *form.fields])
    files = _by_role(form.files, settings)
    return Received(
        request=asked,
        files={role: file.path for role, file in files.items()},
        source=", ".join(filter(None, (file.filename for file in files.values())))[:200] or "the body of a request",
        size=sum(file.size for file in files.values()),
        fingerprint=_fingerprint(request, asked, files),
    )


def _fingerprint(request: Request, asked: ImportRequest, files: Mapping[str, ReceivedFile]) -> str:
    """Return the hash of what a request means: the boundaries of a form differ each time that it is sent."""
    hashes = sorted((role, file.sha256) for role, file in files.items())
    meant = (request.method, request.url.path, asked.model_dump_json(), hashes)
    return hashlib.sha256(repr(meant).encode(errors="backslashreplace")).hexdigest()


def _by_role(files: list[ReceivedFile], settings: Settings) -> dict[str, ReceivedFile]:
    """Say what each file is: by its field, or, of IDX files, by what they hold; raise InvalidFields."""
    if not files:
        raise InvalidFields(f"Received no file. {EXAMPLE}")
    found: dict[str, ReceivedFile] = {}
    for file in files:
        role = _role(file, settings)
        if role in found:
            raise InvalidFields.of([Fault(file.field, f"Received {role} twice; send it once. {EXAMPLE}")])
        found[role] = file
    if FILE in found and len(found) > 1:
        raise InvalidFields(f"Received a zip or npz and {len(found) - 1} other files; it comes alone. {EXAMPLE}")
    if FILE not in found and "labels" not in found:
        raise InvalidFields(
            f"Received {', '.join(found)} as IDX; images and labels belong together: "
            "curl -F images=@train-images-idx3-ubyte.gz -F labels=@train-labels-idx1-ubyte.gz …"
        )
    return found


def _role(file: ReceivedFile, settings: Settings) -> str:
    if file.field not in {*FILE_FIELDS, *IDX_ROLES}:
        valid = ", ".join((*FILE_FIELDS, *IDX_ROLES))
        raise InvalidFields.of([Fault(file.field[:100], f"There is no such file. Valid: {valid}")])
    with file.path.open("rb") as opened:
        kind = kind_of(opened.read(HEAD_BYTES))
    if kind is Kind.ZIP:
        return FILE
    if file.field in IDX_ROLES:
        return file.field
    shape = idx.opened(file.path, file.filename or "The body", intake_limits(settings).archive).shape
    what = "labels" if len(shape) == 1 else "images"
    is_test = any(word in file.filename.lower() for word in ("t10k", "test"))
    return f"test_{what}" if is_test else what


def _require_room(request: Request, settings: Settings) -> None:
    """Raise StorageFull where the disk has no room for what is announced; raise InvalidFields for an announced nothing."""
    announced = request.headers.get("content-length", "")
    if announced == "0":
        raise InvalidFields(f"Received an empty body. {EXAMPLE}")
    size = int(announced) if announced.isascii() and announced.isdigit() else 0
    home = settings.home.absolute()
    try:
        free = shutil.disk_usage(home).free
    except OSError:
        return  # writing will say what is wrong
    if free < size + settings.min_free_bytes:
        raise StorageFull(
            f"Received a data set of {size >> 20} MiB; {free >> 20} MiB are free on the disk of the service's home, and "
            f"{settings.min_free_bytes >> 20} MiB are kept. {storage.WAY_OUT}",
            retry_after_seconds=storage.RETRY_SECONDS,
        )
