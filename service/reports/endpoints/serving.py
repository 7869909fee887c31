"""How a document is served: by suffix (`report.txt`) or, without one, by `Accept`; with a strong ETag, and not twice."""

import hashlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Final

from fastapi import Request, Response
from pydantic import BaseModel
from sqlalchemy.orm import Session

from service.edge import negotiating
from service.edge.resources import Resources
from service.pictures.drawings import Drawing
from service.trainings import operations as trainings

MEDIA_TYPES: Final = {
    "json": "application/json",
    "txt": "text/plain",
    "csv": "text/csv",
    "html": "text/html",
    "tex": "application/x-tex",
    "png": "image/png",
    "svg": "image/svg+xml",
    "pdf": "application/pdf",
}
CACHE: Final = {"Cache-Control": "private, no-cache"}
"""A browser keeps its copy and asks each time whether it is still the one: a training goes on, a program is replaced."""
CLOSED: Final = {"Content-Security-Policy": "default-src 'none'; img-src data:; style-src 'unsafe-inline'"}
"""A page or an SVG of ours runs no script and loads nothing, whatever a class may be called."""


@dataclass(frozen=True)
class Text:
    """A document that is made at once."""

    content: str


Document = BaseModel | Text | Drawing
Make = Callable[[Session], Document]


def serve(
    request: Request, resources: Resources, training_id: str, formats: Mapping[str, Make], suffix: str | None
) -> Response:
    """Answer with a document about a training in the format that is asked for."""
    return serve_about(
        request, resources, lambda session: trainings.has_succeeded(session, training_id), formats, suffix
    )


def serve_about(
    request: Request,
    resources: Resources,
    settled: Callable[[Session], bool],
    formats: Mapping[str, Make],
    suffix: str | None,
) -> Response:
    """Answer with a document in the format that is asked for.

    What is drawn is drawn after the database was read. Of what is `settled`, as a training that has succeeded is, nothing
    changes any more: a drawing that was asked for before is found by its address, and nothing is gathered for it.
    """
    chosen = negotiating.choose_format(request, {name: MEDIA_TYPES[name] for name in formats}, suffix)
    address = f"{chosen} {request.url.path}?{request.url.query}"
    with resources.database.reading() as session:
        is_settled = settled(session)
        made: Document | None = resources.pictures.named(address) if is_settled else None
        made = made or formats[chosen](session)
    if is_settled and isinstance(made, Drawing) and made.is_final:
        resources.pictures.name(address, made)
    content: str | None = None
    if isinstance(made, Drawing):
        key = made.key
    else:
        content = made.content if isinstance(made, Text) else made.model_dump_json()
        key = hashlib.sha256(content.encode()).hexdigest()[:40]
    sent = {"ETag": f'"{key}"', "Vary": "Accept", **CACHE}
    if chosen in {"html", "svg"}:
        sent |= CLOSED
    if negotiating.matches(request.headers.get("if-none-match"), sent["ETag"]):
        return Response(status_code=304, headers=sent)
    body = resources.pictures.get(made) if isinstance(made, Drawing) else content
    return Response(body, media_type=MEDIA_TYPES[chosen], headers=sent)


def documented(*suffixes: str) -> dict[int | str, dict[str, Any]]:
    """Return what OpenAPI says of a route that serves these formats."""
    content: dict[str, dict[str, Any]] = {MEDIA_TYPES[suffix]: {} for suffix in suffixes}
    return {200: {"content": content, "description": "The document"}, 304: {"description": "Not changed"}}
