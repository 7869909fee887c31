"""Content types, conditional requests and preferences: the parts of HTTP that several endpoints share."""

import re
from collections.abc import Collection, Mapping
from urllib.parse import urlencode

from fastapi import Request, Response

from service.errors import Fault, InvalidFields, NoSuchFormat, WrongContentType, unknown

MAX_WAIT_SECONDS = 30


async def require_json(request: Request) -> None:
    """Raise WrongContentType unless the body says that it is JSON."""
    received = request.headers.get("content-type", "")
    kind = received.partition(";")[0].strip().lower()
    if kind != "application/json" and not kind.endswith("+json"):
        raise WrongContentType(
            f"Received the content type {received[:100] or 'none'!r}. Send JSON and say so: "
            "curl -H 'Content-Type: application/json' -d '{\"preset\": \"quickstart\"}'"
        )


def refuse_unknown_parameters(request: Request, valid: Collection[str], prefix: str | None = None) -> None:
    """Raise InvalidFields for a query parameter that is not one of `valid` and does not start with `prefix`."""
    strange = [name for name in request.query_params if name not in valid and not (prefix and name.startswith(prefix))]
    if strange:
        names = [*valid, *([f"{prefix}KEY"] if prefix else [])]
        faults = [Fault(name[:100], unknown(name, names, "query parameter")) for name in strange]
        raise InvalidFields.of(faults)


def preferred_wait(prefer: str | None) -> int | None:
    """Return the seconds of `Prefer: wait=N`, at most 30; None if there is none that can be read."""
    found = re.search(r"(?:^|[,;\s])wait\s*=\s*\"?(\d{1,6})", prefer or "")
    return min(int(found.group(1)), MAX_WAIT_SECONDS) if found else None


def matches(if_none_match: str | None, etag: str) -> bool:
    """Whether `If-None-Match` names `etag`."""
    if if_none_match is None:
        return False
    candidates = [candidate.strip().removeprefix("W/") for candidate in if_none_match.split(",")]
    return "*" in candidates or etag in candidates


def choose_format(request: Request, formats: Mapping[str, str], suffix: str | None) -> str:
    """Return which of `formats` (suffix to media type) is asked for, by suffix or by `Accept`; the first is the default."""
    if suffix is not None:
        if suffix not in formats:
            raise NoSuchFormat(
                f"Received the suffix .{suffix[:20]}; this is served as {', '.join('.' + f for f in formats)}."
            )
        return suffix
    for media_type in _accepted(request.headers.get("accept", "*/*")):
        for format_, served in formats.items():
            if media_type in {served, served.partition("/")[0] + "/*", "*/*"}:
                return format_
    return next(iter(formats))


def _accepted(accept: str) -> list[str]:
    """Return the media types of an `Accept` header, the most wanted first; those with q=0 are not wanted."""
    wanted = []
    for part in accept.split(","):
        media_type, *parameters = [piece.strip().lower() for piece in part.split(";")]
        found = re.fullmatch(r"q=([01](?:\.[0-9]{0,3})?)", next((p for p in parameters if p.startswith("q=")), "q=1"))
        wanted.append((float(found.group(1)) if found else 1.0, media_type))
    return [media_type for quality, media_type in sorted(wanted, key=lambda one: -one[0]) if quality > 0]


def link_to_next(request: Request, response: Response, cursor: str | None) -> str | None:
    """Return the address of the next page, and set the `Link` header to it; None on the last page."""
    if cursor is None:
        return None
    kept = [(name, value) for name, value in request.query_params.multi_items() if name != "cursor"]
    address = f"{request.url.path}?{urlencode([*kept, ('cursor', cursor)])}"
    response.headers["Link"] = f'<{address}>; rel="next"'
    return address
