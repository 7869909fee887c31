"""An event loop and an HTTP protocol for uvicorn, whose processes accept connections fairly.

Processes that listen on one socket race for each connection, and whoever is awake takes all that have come: of eight
connections, one of two processes often got eight, and the other core had nothing to do. Here a process that has more
connections than another waits for some milliseconds before it accepts one more. It only waits: what another does not take in
time (it may be busy, or hang), it takes after all, so no connection depends on a process that does not answer.

    uvicorn.run(…, loop="service.listening.fairly:FairLoop", http=CountedProtocol, workers=2)
"""

import asyncio
import logging
import os
import socket
from collections.abc import Callable
from pathlib import Path
from typing import Any, Final

import uvloop

from service.listening.counting import Counts
from service.listening.heads import BoundedProtocol
from service.metrics.folders import VARIABLE

logger = logging.getLogger(__name__)

BACKLOG: Final = 2048
PAUSE_SECONDS: Final = 0.002
MOST_PAUSES: Final = 50
EXHAUSTED_SECONDS: Final = 1.0  # as asyncio has it: until then, files may have been closed

Factory = Callable[[], asyncio.BaseProtocol]


class FairLoop(uvloop.Loop):
    """uvloop, but sockets that were made by a parent are accepted from fairly."""

    counts: Counts | None = None

    async def create_server(self, protocol_factory: Factory, *args: Any, **options: Any) -> Any:  # noqa: ANN401 - as uvloop has it
        """Listen as uvloop does, or fairly if it is on a `sock` and the processes share a folder."""
        folder = os.environ.get(VARIABLE)
        shared = options.get("sock")
        if shared is None or not folder:
            return await super().create_server(protocol_factory, *args, **options)
        self.counts = Counts(Path(folder))
        shared.listen(options.get("backlog", BACKLOG))
        return FairServer(self, protocol_factory, shared, self.counts)


class CountedProtocol(BoundedProtocol):
    """The protocol of one process among several: a connection that is lost counts no longer."""

    def connection_lost(self, exc: Exception | None) -> None:
        """Count it, and go on."""
        if isinstance(self.loop, FairLoop) and self.loop.counts is not None:
            self.loop.counts.add(-1)
        super().connection_lost(exc)


class FairServer:
    """Accepts connections from a listening socket that other processes accept from, too; what uvicorn needs of a server."""

    def __init__(self, loop: FairLoop, factory: Factory, listener: socket.socket, counts: Counts) -> None:
        self._loop = loop
        self._factory = factory
        self._listener = listener
        self._counts = counts
        self._pauses = 0
        self._resuming: asyncio.TimerHandle | None = None
        self._arriving: set[asyncio.Task[Any]] = set()
        listener.setblocking(False)
        self._is_serving = True
        self._loop.add_reader(listener.fileno(), self._accept)

    def close(self) -> None:
        """Accept no more. The listening socket belongs to who made it."""
        if self._is_serving:
            self._is_serving = False
            self._loop.remove_reader(self._listener.fileno())
            if self._resuming is not None:
                self._resuming.cancel()

    async def wait_closed(self) -> None:
        """Return once those that were accepted have their protocol."""
        if self._arriving:
            await asyncio.wait(self._arriving)

    def _accept(self) -> None:
        if self._pauses < MOST_PAUSES and self._counts.has_more_than_another():
            self._pauses += 1
            self._pause(PAUSE_SECONDS)
            return
        self._pauses = 0
        try:
            connection, _ = self._listener.accept()
        except (BlockingIOError, InterruptedError, ConnectionAbortedError):
            return  # another process was faster, or the client went
        except OSError as error:
            logger.error("connections cannot be accepted: %s", error)
            self._pause(EXHAUSTED_SECONDS)
            return
        connection.setblocking(False)
        self._counts.add(1)
        task = self._loop.create_task(self._arrive(connection))
        self._arriving.add(task)
        task.add_done_callback(self._arriving.discard)

    async def _arrive(self, connection: socket.socket) -> None:
        try:
            await self._loop.connect_accepted_socket(self._factory, connection)
        except OSError as error:  # it is broken already
            self._counts.add(-1)
            logger.info("a connection broke as it came: %s", error)

    def _pause(self, seconds: float) -> None:
        self._loop.remove_reader(self._listener.fileno())
        self._resuming = self._loop.call_later(seconds, self._resume)

    def _resume(self) -> None:
        self._resuming = None
        self._loop.add_reader(self._listener.fileno(), self._accept)
