"""Pictures in a JSON body: files as base64 or data URLs, or pixels."""

import json
from collections.abc import Sequence
from typing import Final, NoReturn

from fastapi.exceptions import RequestValidationError
from pydantic import ValidationError

from service.errors import BrokenJson, Fault, InvalidFields
from service.images import sniffing
from service.images.expectation import Expectation
from service.inference.pictures import Picture, Pixels, Sent
from service.predictions import pixels, texts
from service.predictions.schemas import PictureRequest, PredictionRequest, Range

EXAMPLE: Final = '{"image": "<base64 or a data URL>"}'
_COMMAS: Final = 64  # a picture may have so many besides those between its numbers


def read(body: bytes, expects: Expectation, most: int) -> Sequence[Sent]:
    """Return the pictures of a body, at most `most`.

    Raises:
        BrokenJson: it is not JSON.
        RequestValidationError, InvalidFields: a field is unknown or wrong, or there are too many pictures.
    """
    _refuse_endless(body, expects, most)
    request = _validated(_parsed(body))
    if request.images is None:
        found = _of(request, "", expects)
    else:
        _refuse_other_fields(request)
        found = [
            sent
            for number, entry in enumerate(request.images)
            for sent in _entry(entry, f"/images/{number}", request.range, expects)
        ]
    if not 0 < len(found) <= most:
        where = "/images" if request.images is not None else "/pixels"
        raise _wrong(where, f"received {len(found)} pictures; 1 to {most} are taken in one request.")
    return found


def _refuse_endless(body: bytes, expects: Expectation, most: int) -> None:
    """Numbers take twenty times more memory once they are read: count them first."""
    values = pixels.most_values(expects)
    if body.count(b",") > most * (values + _COMMAS):
        raise InvalidFields(
            f"Received more than {most * values:,} numbers; at most {most} pictures are taken in one request, "
            f"and one has {expects.height} x {expects.width} x {expects.channels} numbers."
        )


def _parsed(body: bytes) -> object:
    try:
        found: object = json.loads(body, parse_constant=_refuse_constant)
    except (ValueError, RecursionError) as error:
        reason = (str(error)[:200] or type(error).__name__).encode(errors="replace").decode()
        raise BrokenJson(f"The body is not JSON: {reason}. Send {EXAMPLE}") from error
    return found


def _refuse_constant(name: str) -> NoReturn:
    raise ValueError(f"{name} is no number in JSON")


def _validated(found: object) -> PredictionRequest:
    if not isinstance(found, dict):
        raise InvalidFields(f"Received JSON that is not an object. Send {EXAMPLE}")
    try:
        return PredictionRequest.model_validate(found)
    except ValidationError as error:
        raise RequestValidationError(
            [{**one, "loc": ("body", *one["loc"])} for one in error.errors(include_url=False)]
        ) from None


def _refuse_other_fields(request: PredictionRequest) -> None:
    others = [name for name in ("image", "pixels", "filename") if getattr(request, name) is not None]
    if others:
        raise _wrong("", f"received images and {' and '.join(others)}; with images, each picture stands in that list.")


def _entry(
    entry: str | list[object] | PictureRequest, pointer: str, said: Range | None, expects: Expectation
) -> list[Sent]:
    if isinstance(entry, str):
        return [_file(entry, pointer, None)]
    if isinstance(entry, list):
        return [Pixels(pixels.one(pointer, entry, said, expects), pointer)]
    if entry.pixels is not None and entry.image is None:
        where = f"{pointer}/pixels"
        return [Pixels(pixels.one(where, entry.pixels, entry.range or said, expects), where, entry.filename)]
    return _of(entry, pointer, expects)


def _of(request: PictureRequest, pointer: str, expects: Expectation) -> list[Sent]:
    if (request.image is None) == (request.pixels is None):
        received = "none of them" if request.image is None else "both"
        names = "image, images or pixels" if not pointer else "image or pixels"
        raise _wrong(pointer, f"received {received}; exactly one of {names} is expected: {EXAMPLE}")
    if request.image is not None:
        return [_file(request.image, f"{pointer}/image", request.filename)]
    where = f"{pointer}/pixels"
    found = pixels.some(where, request.pixels, request.range, expects)
    return [Pixels(values, where, request.filename) for values in found]


def _file(text: str, pointer: str, filename: str | None) -> Picture:
    written = text.encode(errors="replace")  # JSON can hold what is no text in UTF-8
    try:
        content = texts.decoded(written)
    except ValueError as error:
        raise _wrong(pointer, f"{error}. Received {sniffing.describe(written)}; send {EXAMPLE}") from error
    if not content:
        raise _wrong(pointer, f"received an empty picture; send {EXAMPLE}")
    return Picture(content, filename, pointer)


def _wrong(pointer: str, detail: str) -> InvalidFields:
    return InvalidFields.of([Fault(pointer, detail)])
