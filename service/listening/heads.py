"""uvicorn's HTTP protocol, with bounds for a request's head: its line and headers, which an application sees only when whole.

uvicorn waits for the rest of a head for ever, and keeps whatever comes of it; and what is not HTTP it answers with plain text.
Here a head comes within half a minute and has 64 KiB at most, and every refusal is `application/problem+json`.
"""

import json
from asyncio import TimerHandle, Transport
from http import HTTPStatus
from typing import Any, Final

from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

from service.errors import BadRequest, CyfraError, HeadTooLarge, TooSlow

PATIENCE_SECONDS: Final = 30.0
MOST_BYTES: Final = 64 * 1024


class BoundedProtocol(HttpToolsProtocol):
    """One connection."""

    patience_seconds = PATIENCE_SECONDS

    def __init__(self, *args: Any, **options: Any) -> None:  # noqa: ANN401 - as uvicorn has it
        """Begin with no connection."""
        super().__init__(*args, **options)
        self._is_within_head = True  # before the first byte, too: a client may connect and say nothing
        self._head_bytes = 0
        self._head_timer: TimerHandle | None = None

    def connection_made(self, transport: Transport) -> None:  # type: ignore[override] # as uvicorn has it
        """Begin to wait for the first head."""
        super().connection_made(transport)
        self._wait_for_head()

    def connection_lost(self, exc: Exception | None) -> None:
        """Wait for no head any more."""
        self._stop_waiting()
        super().connection_lost(exc)

    def data_received(self, data: bytes) -> None:
        """Read on. A head that is whole at once, as almost all are, costs no timer."""
        super().data_received(data)
        if not self._is_within_head or self.transport.is_closing():
            return
        self._head_bytes += len(data)
        if self._head_bytes > MOST_BYTES:
            received = f"{self._head_bytes:,} bytes of address and headers, without an end"
            self._refuse(HeadTooLarge(f"Received {received}; {MOST_BYTES:,} are read at most."))
        elif self._head_timer is None:
            self._wait_for_head()

    def on_message_begin(self) -> None:
        """Note that a head begins."""
        self._is_within_head = True
        self._head_bytes = 0
        super().on_message_begin()

    def on_headers_complete(self) -> None:
        """Note that it is whole."""
        self._is_within_head = False
        self._stop_waiting()
        super().on_headers_complete()

    def send_400_response(self, msg: str) -> None:
        """Refuse what is not HTTP."""
        self._refuse(
            BadRequest(f"{msg} What came is not HTTP/1.1: a request line, headers, an empty line, and a body.")
        )

    def _wait_for_head(self) -> None:
        self._head_timer = self.loop.call_later(self.patience_seconds, self._give_up)

    def _stop_waiting(self) -> None:
        if self._head_timer is not None:
            self._head_timer.cancel()
            self._head_timer = None

    def _give_up(self) -> None:
        self._head_timer = None
        if self.transport.is_closing():
            return
        if self.cycle is not None and not self.cycle.response_complete:
            self._wait_for_head()  # the request before is not answered yet
        elif self._head_bytes == 0:
            self.transport.close()
        else:
            received = (
                f"{self._head_bytes:,} bytes of a request in {self.patience_seconds:g} s, and no end of its headers"
            )
            self._refuse(TooSlow(f"Received {received}. Send it again, without pauses."))

    def _refuse(self, problem: CyfraError) -> None:
        """Answer and close; a request before this one, whose answer is on its way, gets what there is of it."""
        body = json.dumps(
            {
                "type": f"/problems/{problem.name}",
                "title": problem.title,
                "status": problem.status,
                "detail": problem.detail,
            }
        ).encode()
        head = (
            f"HTTP/1.1 {problem.status} {HTTPStatus(problem.status).phrase}\r\ncontent-type: application/problem+json\r\n"
            f"content-length: {len(body)}\r\ncache-control: no-store\r\nconnection: close\r\n\r\n"
        )
        if self.cycle is None or self.cycle.response_complete:
            self.transport.write(head.encode() + body)
        self.transport.close()
