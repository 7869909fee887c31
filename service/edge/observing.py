"""What is kept of every request: its id on every log line and in the answer, how long it took, and if wanted a line of its own.

The middleware stands outside of all others, those that answer by themselves included, and touches no body.
"""

import logging
import re
import secrets
from collections.abc import Iterable
from time import perf_counter
from typing import Final, Protocol

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from service import logs

logger = logging.getLogger(__name__)  # `logs.configuration` decides whether requests get a line

HEADER: Final = b"x-request-id"
SANE_ID: Final = re.compile(rb"[A-Za-z0-9][A-Za-z0-9._:=+/@-]{0,127}")
UNMATCHED: Final = "(other)"  # nothing of ours: an unknown address, or a file of the documentation
CLIENT_WENT: Final = 499  # what nginx writes of a client that did not wait for its answer


class Observer(Protocol):
    """Who is told of every request."""

    def answered(self, method: str, route: str, status: int, seconds: float) -> None:
        """Take one: `route` is the route's template, `seconds` the time until its answer began."""


class Observing:
    """ASGI middleware: gives each request an id, and tells of each answer."""

    def __init__(self, app: ASGIApp, observer: Observer) -> None:
        self._app = app
        self._observer = observer

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass the request on."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        began = perf_counter()
        identity = request_id(scope["headers"])
        status, waited = CLIENT_WENT, None

        async def send_observed(message: Message) -> None:
            nonlocal status, waited
            if message["type"] == "http.response.start":
                status, waited = message["status"], perf_counter() - began
                message["headers"] = [*message.get("headers", ()), (HEADER, identity)]
            await send(message)

        with logs.bound(request=identity.decode()):
            try:
                await self._app(scope, receive, send_observed)
            finally:
                seconds = perf_counter() - began
                self._observer.answered(
                    scope["method"], _template(scope), status, seconds if waited is None else waited
                )
                if logger.isEnabledFor(logging.INFO):
                    logger.info("answered", extra=_described(scope, status, seconds))


def request_id(headers: Iterable[tuple[bytes, bytes]]) -> bytes:
    """Return the id that the client gave, or a new one: what it gives goes into logs and headers, so it must be harmless."""
    given = [value for name, value in headers if name == HEADER]
    if len(given) == 1 and SANE_ID.fullmatch(given[0]):
        return given[0]
    return secrets.token_hex(8).encode()


def _template(scope: Scope) -> str:
    """Return the template of the route that answered, never the path itself: clients invent paths."""
    return getattr(scope.get("route"), "path", UNMATCHED)


def _described(scope: Scope, status: int, seconds: float) -> dict[str, str | int | float]:
    path: bytes = scope.get("raw_path") or scope["path"].encode(errors="replace")
    return {
        "method": scope["method"],
        "path": path.decode("latin-1"),  # as it came, percent signs and all; without the query
        "status": status,
        "milliseconds": round(seconds * 1000, 2),
    }
