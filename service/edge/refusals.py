"""A body that is too large by its own account is refused by Starlette itself, in plain text: make a problem of it."""

from fastapi import Request
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from service.edge import problems
from service.errors import BodyTooLarge


class ExplainingRefusals:
    """ASGI middleware: replaces a plain 413 by a problem, and passes on everything else as it is."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass the request on."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        is_replaced = False

        async def send_explained(message: Message) -> None:
            nonlocal is_replaced
            if message["type"] == "http.response.start" and _is_plain_refusal(message):
                is_replaced = True
                request = Request(scope)
                await problems.response(request, problems.too_large(request))(scope, receive, send)
            if not is_replaced:
                await send(message)

        await self._app(scope, receive, send_explained)


def _is_plain_refusal(message: Message) -> bool:
    kind = dict(message.get("headers", ())).get(b"content-type", b"")
    return bool(message["status"] == BodyTooLarge.status and kind.startswith(b"text/plain"))
