"""What OpenAPI says of the forms in which pictures come, and of the formats in which answers go back."""

from typing import Any, Final

from service.edge.documenting import problems
from service.errors import (
    BlankImage,
    BodyTooLarge,
    BrokenJson,
    ImageTooLarge,
    InvalidFields,
    NoImage,
    NoModelYet,
    UnknownModel,
    UnknownVersion,
    UnreadableImage,
)
from service.predictions.receiving import FIELDS
from service.predictions.schemas import PredictionRequest

IMAGE_TYPES: Final = ("png", "jpeg", "gif", "bmp", "tiff", "webp", "heic", "heif", "avif", "x-portable-anymap")
PROBLEMS: Final = problems(
    NoModelYet,
    UnknownModel,
    UnknownVersion,
    BodyTooLarge,
    BrokenJson,
    NoImage,
    UnreadableImage,
    ImageTooLarge,
    BlankImage,
    InvalidFields,
)

_BINARY: Final = {"schema": {"type": "string", "format": "binary"}}
_TEXT: Final = {"type": "string", "description": "The picture's file in base64, or as a data URL"}
_FILES: Final = {"type": "array", "items": {"type": "string", "format": "binary"}}


def _inlined(schema: dict[str, Any]) -> dict[str, Any]:
    """Return a schema that stands by itself: its one definition where it is referred to."""
    definitions = schema.pop("$defs")
    items = next(option for option in schema["properties"]["images"]["anyOf"] if option["type"] == "array")["items"]
    items["oneOf"] = [definitions["PictureRequest"] if "$ref" in one else one for one in items["oneOf"]]
    items.pop("discriminator", None)
    return schema


BODY: Final[dict[str, Any]] = {
    "requestBody": {
        "required": True,
        "description": (
            "One or several pictures in a form (`file`, `image`, `data` or `image_file`, in any mixture), one as the body "
            "itself with or without a content type, base64 or a data URL as text, or JSON with files or pixels."
        ),
        "content": {
            "multipart/form-data": {
                "schema": {
                    "type": "object",
                    "properties": dict.fromkeys(FIELDS, _FILES),
                    "anyOf": [{"required": [name]} for name in FIELDS],
                }
            },
            "application/json": {"schema": _inlined(PredictionRequest.model_json_schema())},
            **{f"image/{kind}": _BINARY for kind in IMAGE_TYPES},
            "application/octet-stream": _BINARY,
            "text/plain": {"schema": _TEXT, "examples": {"data URL": {"value": "data:image/png;base64,iVBORw0KGgo…"}}},
            "application/x-www-form-urlencoded": {
                "schema": {"type": "object", "properties": dict.fromkeys(FIELDS, _TEXT)}
            },
        },
    }
}
ANSWERS: Final[dict[int | str, dict[str, Any]]] = {
    200: {
        "description": "One picture: its prediction; several: `predictions`. By `Accept` as text, CSV or a page, too.",
        "headers": {
            "X-Model": {"description": "The model that answered", "schema": {"type": "string"}},
            "X-Model-Version": {"description": "Its version", "schema": {"type": "integer"}},
        },
        "content": {
            "text/plain": {"schema": {"type": "string"}, "example": "7\n"},
            "text/csv": {"schema": {"type": "string"}, "example": "name,class,confidence\r\ndigit.png,7,0.999950\r\n"},
            "text/html": {"schema": {"type": "string"}},
        },
    }
}
