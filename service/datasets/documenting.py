"""What OpenAPI says of the forms in which data sets come, and of what may be said with them."""

from typing import Any, Final

from service.datasets.schemas import ImportRequest

_BINARY: Final = {"type": "string", "format": "binary"}


def _fields() -> dict[str, Any]:
    fields: dict[str, Any] = ImportRequest.model_json_schema(by_alias=False)["properties"]
    return fields


PARAMETERS: Final[dict[str, Any]] = {
    "parameters": [
        {
            "name": name,
            "in": "query",
            "required": False,
            "description": schema.get("description", "") + (" In the query, or in the form." if name == "name" else ""),
            "schema": {key: value for key, value in schema.items() if key not in {"title", "description"}},
        }
        for name, schema in _fields().items()
    ]
}

BODY: Final[dict[str, Any]] = {
    "requestBody": {
        "required": True,
        "description": (
            "The file itself, or a form with it in `file`; IDX files in a form as `images` and `labels`, perhaps `test_images` "
            "and `test_labels`, gzipped or not. The other fields may stand in the query or in the form."
        ),
        "content": {
            "application/zip": {"schema": _BINARY},
            "application/octet-stream": {"schema": _BINARY},
            "multipart/form-data": {
                "schema": {
                    "type": "object",
                    "properties": {
                        **dict.fromkeys(("file", "images", "labels", "test_images", "test_labels"), _BINARY),
                        **_fields(),
                    },
                }
            },
        },
    }
}
