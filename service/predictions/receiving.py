"""The pictures in a request, in whatever form a client sends them: a form, JSON, text, or the bytes themselves."""

from collections.abc import Callable, Sequence
from typing import Final
from urllib.parse import parse_qsl

from fastapi import Request
from starlette.datastructures import UploadFile

from service.errors import NoImage
from service.images.expectation import Expectation
from service.inference.pictures import Picture, Sent
from service.predictions import bodies, texts
from service.settings import Settings

FIELDS: Final = ("file", "image", "data", "image_file")
EXAMPLE: Final = "curl -F file=@digit.png …/predict"
_MOST_FILENAME: Final = 1000

Read = Callable[[Expectation], Sequence[Sent]]


async def receive(request: Request, settings: Settings) -> Read:
    """Receive a request to its end, and return what reads it: in a thread, once it is known what the model expects.

    Raises:
        NoImage: there is none in it.

    What is returned raises NoImage, and for a JSON body BrokenJson, RequestValidationError and InvalidFields.
    """
    kind = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    if kind == "multipart/form-data":
        try:
            found = await _from_form(request, settings)
        except ValueError as error:  # a charset that Python does not know, or that its bytes are not in
            raise NoImage(f"The form cannot be read: {error}. {EXAMPLE}".encode(errors="replace").decode()) from error
        return lambda _: found
    content = await request.body()
    if not content:
        raise NoImage(f"Received an empty body. Send a picture: {EXAMPLE}, or --data-binary @digit.png")
    # Any other content type is a guess of the client (curl says form-urlencoded of any --data): the bytes decide.
    if kind == "application/json" or kind.endswith("+json") or content.lstrip()[:1] == b"{":
        return lambda expects: bodies.read(content, expects, settings.max_images)
    if kind == "application/x-www-form-urlencoded" and content.startswith(
        tuple(f"{name}=".encode() for name in FIELDS)
    ):
        return lambda _: _from_fields(content, settings.max_images)
    return lambda _: [Picture(_unwrapped(content))]


async def _from_form(request: Request, settings: Settings) -> list[Sent]:
    most = settings.max_images
    async with request.form(max_files=most, max_fields=most, max_part_size=settings.max_upload_bytes) as form:
        parts = [await _from_part(value) for name, value in form.multi_items() if name in FIELDS]
    found: list[Sent] = [part for part in parts if part is not None]
    if not found:
        raise _none_in(list(form))
    return found


async def _from_part(value: UploadFile | str) -> Picture | None:
    if isinstance(value, UploadFile):
        return Picture(await value.read(), _written(value.filename))
    return _from_text(value.encode(errors="replace"))


def _from_fields(content: bytes, most: int) -> list[Sent]:
    """Read a form without files. Base64 that was not escaped has lost its "+": they came as spaces."""
    try:
        fields = parse_qsl(content.decode("ascii"), max_num_fields=most)
    except ValueError as error:
        raise NoImage(f"The form cannot be read; at most {most} fields of ASCII are taken. {EXAMPLE}") from error
    parts = [_from_text(value.strip().replace(" ", "+").encode()) for name, value in fields if name in FIELDS]
    found: list[Sent] = [part for part in parts if part is not None]
    if not found:
        raise _none_in([name for name, _ in fields])
    return found


def _from_text(text: bytes) -> Picture | None:
    """Return the picture that a field of text holds; None for a field that holds something else."""
    content = _unwrapped(text)
    return None if content is text else Picture(content)


def _unwrapped(content: bytes) -> bytes:
    try:
        return texts.unwrapped(content)
    except ValueError as error:
        raise NoImage(f"The data URL cannot be read: {error}. {EXAMPLE}") from error


def _none_in(names: Sequence[str]) -> NoImage:
    received = ", ".join(sorted({repr(name[:50]) for name in names})) or "no fields"
    came_as_text = any(name in FIELDS for name in names)
    advice = " It came as text: for a file write file=@digit.png, with the @; text may be base64 or a data URL."
    return NoImage(
        f"Received a form with {received}; a picture is a file in {', '.join(FIELDS)}."
        f"{advice if came_as_text else ''} {EXAMPLE}"
    )


def _written(filename: str | None) -> str | None:
    """Return the name with what cannot be encoded replaced: it goes back in the answer."""
    return None if filename is None else filename[:_MOST_FILENAME].encode(errors="replace").decode()
