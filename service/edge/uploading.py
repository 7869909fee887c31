"""Bodies that come in: how much of them is held at a time, and how slowly one may come."""

from time import monotonic
from typing import Final

import anyio
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from service.edge.problems import Refusal
from service.errors import TooManyUploads, TooSlow

RETRY_SECONDS: Final = 2
PATIENCE_SECONDS: Final = 30.0
SLOWEST_BYTES: Final = 10_000  # a second; a modem of 1998 was no slower for long
ON_DISK: Final = ("/v1/datasets", "/v1/batch-predictions")  # written as they come, never held


class Uploads:
    """ASGI middleware: bodies in memory take at most `most_bytes` together, and none comes slower than 10 kB a second.

    A body counts as it arrives until its request is answered. The one that would be too much is refused with 503, and its
    own bytes are free again. One that pauses for 30 s in all, beyond what its length takes at 10 kB/s, is refused with 408.
    """

    def __init__(self, app: ASGIApp, most_bytes: int, patience_seconds: float = PATIENCE_SECONDS) -> None:
        self._app = app
        self._most_bytes = most_bytes
        self._patience_seconds = patience_seconds
        self._held = 0

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass the request on."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        body = _Body(self, receive, is_held=not scope["path"].startswith(ON_DISK))
        try:
            await self._app(scope, body.receive, send)
        finally:
            self._held -= body.held

    def hold(self, count: int) -> None:
        """Count bytes that have come; raise a Refusal if they are too many."""
        if self._held + count > self._most_bytes:
            problem = TooManyUploads(
                f"Bodies of {self._held:,} bytes are being received or worked on, {self._most_bytes:,} are held at most. "
                "Try again in a moment.",
                retry_after_seconds=RETRY_SECONDS,
            )
            raise Refusal(problem)
        self._held += count

    @property
    def patience_seconds(self) -> float:
        """How long a body may pause, in all."""
        return self._patience_seconds


class _Body:
    """The body of one request, and what of it is held."""

    def __init__(self, uploads: Uploads, receive: Receive, *, is_held: bool) -> None:
        self._uploads = uploads
        self._receive = receive
        self._is_held = is_held
        self._is_complete = False
        self._began = monotonic()
        self._received = 0
        self.held = 0

    async def receive(self) -> Message:
        if self._is_complete:
            return await self._receive()
        allowed = self._uploads.patience_seconds + self._received / SLOWEST_BYTES
        try:
            with anyio.fail_after(max(0.0, self._began + allowed - monotonic())):
                message = await self._receive()
        except TimeoutError:
            problem = TooSlow(
                f"Received {self._received:,} bytes of the body in {monotonic() - self._began:.0f} s, then nothing. "
                "Send the request again, without pauses."
            )
            raise Refusal(problem) from None
        count = len(message.get("body", b""))
        self._received += count
        self._is_complete = not message.get("more_body")
        if self._is_held:
            self._uploads.hold(count)
            self.held += count
        return message
