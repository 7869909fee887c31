"""What OpenAPI says of problems: one schema, and for each route the kinds it can answer with."""

from functools import cache
from typing import Any

from fastapi import FastAPI
from pydantic import BaseModel, Field

from service.edge.problems import MEDIA_TYPE
from service.errors import CyfraError, InvalidFields


class FaultReply(BaseModel):
    """One wrong field."""

    pointer: str = Field(description="JSON pointer into the body, or the name of a query parameter")
    detail: str


class Problem(BaseModel):
    """An error, as RFC 9457 says."""

    type: str
    title: str
    status: int
    detail: str = Field(description="What was received, and what would work")
    instance: str
    errors: list[FaultReply] | None = None


def problems(*kinds: type[CyfraError]) -> dict[int | str, dict[str, Any]]:
    """Return the `responses` of a route that can raise `kinds`."""
    responses: dict[int | str, dict[str, Any]] = {}
    for kind in dict.fromkeys(kinds):
        example = {
            "type": f"/problems/{kind.name}",
            "title": kind.title,
            "status": kind.status,
            "detail": "What was received, and what would work.",
            "instance": "/v1/…",
        }
        entry = responses.setdefault(
            kind.status,
            {
                "description": "",
                "content": {MEDIA_TYPE: {"schema": _problem_schema(), "examples": {}}},
            },
        )
        entry["description"] = " · ".join(filter(None, [entry["description"], kind.title]))
        entry["content"][MEDIA_TYPE]["examples"][kind.name] = {"value": example}
    return responses


@cache
def _problem_schema() -> dict[str, Any]:
    """Return what every error looks like; made once, for a fifth of the service's start went into making it for each route."""
    return Problem.model_json_schema()


def document_problems(app: FastAPI) -> None:
    """Let OpenAPI say what a failed validation really answers: a problem, not FastAPI's own shape."""
    original = app.openapi

    def openapi() -> dict[str, Any]:
        if app.openapi_schema is None:
            schema = original()
            for operations in schema["paths"].values():
                for operation in operations.values():
                    _replace_validation_error(operation["responses"])
            for unused in ("HTTPValidationError", "ValidationError"):
                schema.get("components", {}).get("schemas", {}).pop(unused, None)
        return original()

    app.openapi = openapi  # type: ignore[method-assign] # FastAPI's documented way to change the schema


def _replace_validation_error(responses: dict[str, Any]) -> None:
    found = responses.get("422", {})
    found.get("content", {}).pop("application/json", None)
    if found and not found.get("content"):
        responses["422"] = problems(InvalidFields)[422]
