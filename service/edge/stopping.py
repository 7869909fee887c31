"""A process that is told to stop answers at once those who wait.

After SIGTERM uvicorn accepts nothing new and lets what is in flight finish, but tells no request of it: one that waits for a
training would wait on, hold the end up, and be cut off. So the application hears the signal too, before uvicorn does.
"""

import asyncio
import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from types import FrameType
from typing import Annotated, Final

from fastapi import Depends, Request

STOP_SIGNALS: Final = (signal.SIGINT, signal.SIGTERM)


class Stopping:
    """Whether this process was told to stop. It belongs to the event loop in which it was made."""

    def __init__(self) -> None:
        self._told = asyncio.Event()

    @property
    def is_told(self) -> bool:
        """Whether it was."""
        return self._told.is_set()

    def tell(self) -> None:
        """Say that it shall stop: every `pause` ends."""
        self._told.set()

    async def wait(self) -> None:
        """Return when it was told to."""
        await self._told.wait()

    async def pause(self, seconds: float) -> None:
        """Sleep for `seconds`, or until the process is told to stop."""
        with suppress(TimeoutError):
            async with asyncio.timeout(seconds):
                await self._told.wait()


@contextmanager
def told_by_signals() -> Iterator[Stopping]:
    """Give a Stopping that SIGINT and SIGTERM tell, before they do what the server has them do.

    Signals are the main thread's: in another one (tests run the application so) nobody tells.
    """
    stopping = Stopping()
    if threading.current_thread() is not threading.main_thread():
        yield stopping
        return
    loop = asyncio.get_running_loop()
    servers = {number: signal.getsignal(number) for number in STOP_SIGNALS}

    def handle(number: int, frame: FrameType | None) -> None:
        loop.call_soon_threadsafe(stopping.tell)
        server = servers[signal.Signals(number)]
        assert callable(server), "others are not replaced"
        server(number, frame)

    replaced = [number for number, server in servers.items() if callable(server)]
    for number in replaced:
        signal.signal(number, handle)
    try:
        yield stopping
    finally:
        for number in replaced:
            signal.signal(number, servers[number])


async def stopping(request: Request) -> Stopping:
    """Return the application's. Not a plain function: FastAPI would send each call to a thread."""
    found = request.app.state.stopping
    assert isinstance(found, Stopping)
    return found


StoppingDependency = Annotated[Stopping, Depends(stopping)]
