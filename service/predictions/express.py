"""The short way for what almost every prediction request is: one small PNG in, JSON out.

An ASGI application around the whole one. FastAPI's routing, dependencies and form parser take longer than a small network
does; such a request needs none of them. It is answered here by the same code that the endpoints call. Whatever is anything
else than such a picture that can be answered goes the long way from its first byte, so that the endpoints alone decide
what everything else means, and say what is wrong.
"""

import re
from collections.abc import Callable
from time import perf_counter
from typing import Final

from fastapi import Request
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from service.edge import problems
from service.edge.resources import Resources
from service.errors import TooManyPictures, Unprocessable
from service.images import sniffing
from service.images.decoding import Limits
from service.inference.pictures import Picture, prepared
from service.predictions import operations, renderings
from service.predictions.operations import Wanted
from service.records.models import DEFAULT_MODEL

MOST_BYTES: Final = 16_384
EVERYTHING: Final = Wanted()

_MODEL: Final = re.compile(r"/v1/models/([^/]{1,200})/predict")
_JSON: Final = frozenset({b"*/*", b"application/json", b"application/*"})
_RAW: Final = frozenset({b"image/png", b"application/octet-stream", b"application/x-www-form-urlencoded"})
_BOUNDARY: Final = re.compile(rb"multipart/form-data; ?boundary=([0-9A-Za-z'()+_,./:=?-]{1,70})")
_PART: Final = re.compile(
    rb'Content-Disposition: form-data; name="(?:file|image|data|image_file)"; filename="([ -!#-$&-\[\]-~]*)"\r\n'
    rb"(?:Content-Type: [!-~ ]{0,100}\r\n)?\r\n",
    re.IGNORECASE,
)


class Route:
    """Which route a request came to, for the metrics: see `service.edge.observing`."""

    def __init__(self, path: str) -> None:
        self.path = path


_ROUTES: Final = {True: Route("/predict"), False: Route("/v1/models/{name}/predict")}


class Express:
    """ASGI middleware: answers one small PNG with JSON, and passes on everything else as it came."""

    def __init__(self, app: ASGIApp, resources: Callable[[], Resources]) -> None:
        self._app = app
        self._resources = resources

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer, or pass on."""
        name = _asked(scope)
        kind = None if name is None else _kind(scope["headers"])
        if name is None or kind is None:
            await self._app(scope, receive, send)
            return
        messages, body = await _received(receive)
        picture = _picture(kind, body)
        answer = None if picture is None else await self._answer(scope, name, picture, send)
        if answer is None:
            await self._app(scope, _again(messages, receive), send)

    async def _answer(self, scope: Scope, name: str, picture: Picture, send: Send) -> bool | None:
        """Answer and return True; None if the long way has to."""
        resources = self._resources()
        engine = resources.engines.known(name, None)
        if engine is None:
            return None
        scope["route"] = _ROUTES[scope["path"] == "/predict"]  # the long way would say the same
        began = perf_counter()
        try:
            limits = Limits(max_pixels=resources.settings.max_image_pixels)
            image = prepared(picture, 1, engine.expects, limits)
            answers = await resources.batches.answers(engine, image[None])
        except Unprocessable:
            return None
        except TooManyPictures as error:  # the long way would only make it worse
            await problems.response(Request(scope), error)(scope, _nothing, send)
            return True
        found = operations.named(engine, answers, [picture], EVERYTHING)
        resources.metrics.predicted(engine.name, perf_counter() - began)
        body = renderings.as_json(found).encode()
        headers = [
            (b"content-type", b"application/json"),
            (b"content-length", b"%d" % len(body)),
            (b"vary", b"Accept"),
            (b"x-model", engine.name.encode()),
            (b"x-model-version", b"%d" % engine.version),
        ]
        await send({"type": "http.response.start", "status": 200, "headers": headers})
        await send({"type": "http.response.body", "body": body})
        return True


def _asked(scope: Scope) -> str | None:
    """Return the model that a request without any wishes asks; None for every other request."""
    if scope["type"] != "http" or scope["method"] != "POST" or scope["query_string"]:
        return None
    path = scope["path"]
    if path == "/predict":
        return DEFAULT_MODEL
    found = _MODEL.fullmatch(path)
    return found[1] if found else None


def _kind(headers: list[tuple[bytes, bytes]]) -> bytes | None:
    """Return the content type, empty for none, of a request that the short way may take: small, and content with JSON."""
    kind, length = b"", b""
    for name, value in headers:
        if name == b"content-type":
            kind = value
        elif name == b"content-length":
            length = value
        elif (name == b"accept" and value not in _JSON) or name in {b"x-model-version", b"content-encoding"}:
            return None
    return kind if length.isdigit() and int(length) <= MOST_BYTES else None


async def _received(receive: Receive) -> tuple[list[Message], bytes]:
    """Receive a whole request of known, small length."""
    messages = [await receive()]
    while messages[-1].get("more_body"):
        messages.append(await receive())
    return messages, b"".join(message.get("body", b"") for message in messages)


def _picture(kind: bytes, body: bytes) -> Picture | None:
    """Return the one small PNG that a body is, or that is the only part of a form; None for every other body."""
    if not kind or kind in _RAW:
        return Picture(body) if sniffing.is_small_png(body) else None
    boundary = _BOUNDARY.fullmatch(kind)
    if boundary is None:
        return None
    delimiter = b"--" + boundary[1]
    if not body.startswith(delimiter + b"\r\n") or not body.endswith(b"\r\n" + delimiter + b"--\r\n"):
        return None
    if body.count(delimiter) != 2:
        return None
    head = _PART.match(body, len(delimiter) + 2)
    if head is None:
        return None
    content = body[head.end() : -len(delimiter) - 6]
    return Picture(content, head[1].decode("ascii")) if sniffing.is_small_png(content) else None


def _again(messages: list[Message], receive: Receive) -> Receive:
    """Return what gives the messages once more, and then goes on."""
    left = iter(messages)

    async def receive_again() -> Message:
        message = next(left, None)
        return message if message is not None else await receive()

    return receive_again


async def _nothing() -> Message:
    return {"type": "http.disconnect"}
