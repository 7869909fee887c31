"""The pictures in a request, in whatever form a client sends them: a form, or the bytes themselves."""

from typing import Final

from fastapi import Request
from starlette.datastructures import UploadFile

from service.errors import NoImage, WrongContentType
from service.predictions.operations import Picture

FIELDS: Final = ("file", "image", "data", "image_file")
EXAMPLE: Final = "curl -F file=@digit.png …/predict"


async def pictures(request: Request, most: int) -> list[Picture]:
    """Return the pictures of a request; raise NoImage, WrongContentType."""
    kind = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    if kind == "multipart/form-data":
        try:
            return await _from_form(request, most)
        except ValueError as error:  # a charset that Python does not know, or that its bytes are not in
            raise NoImage(f"The form cannot be read: {error}. {EXAMPLE}".encode(errors="replace").decode()) from error
    if kind == "application/json":
        raise WrongContentType(f"Received JSON. Send the picture itself: {EXAMPLE}, or --data-binary @digit.png")
    # Any other content type is a guess of the client (curl says form-urlencoded of any --data): the bytes decide.
    content = await request.body()
    if not content:
        raise NoImage(f"Received an empty body. Send a picture: {EXAMPLE}, or --data-binary @digit.png")
    return [Picture(content, None)]


async def _from_form(request: Request, most: int) -> list[Picture]:
    async with request.form(max_files=most, max_fields=most) as form:
        uploads = [(name, value) for name, value in form.multi_items() if isinstance(value, UploadFile)]
        found = [Picture(await value.read(), _written(value.filename)) for name, value in uploads if name in FIELDS]
        if found:
            return found
        received = ", ".join(sorted({repr(name[:50]) for name in form})) or "no fields"
        plain = any(name in FIELDS for name in form)
    advice = " It came as text, not as a file: write file=@digit.png, with the @." if plain else ""
    raise NoImage(f"Received a form with {received}; a picture is a file in {', '.join(FIELDS)}.{advice} {EXAMPLE}")


def _written(filename: str | None) -> str | None:
    """Return the name with what cannot be encoded replaced: it goes back in the answer."""
    return None if filename is None else filename.encode(errors="replace").decode()
