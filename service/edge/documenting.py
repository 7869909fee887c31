"""What OpenAPI says of problems: one schema, and for each route the kinds it can answer with."""

from typing import Any

from pydantic import BaseModel, Field

from service.edge.problems import MEDIA_TYPE
from service.errors import CyfraError


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
    for kind in kinds:
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
                "content": {MEDIA_TYPE: {"schema": Problem.model_json_schema(), "examples": {}}},
            },
        )
        entry["description"] = " · ".join(filter(None, [entry["description"], kind.title]))
        entry["content"][MEDIA_TYPE]["examples"][kind.name] = {"value": example}
    return responses
