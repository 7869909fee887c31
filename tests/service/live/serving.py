"""A real server in a thread of the test's process, so that what it does can be counted, and viewers that read its events."""

import asyncio
import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

import httpx
import uvicorn
from fastapi import FastAPI

from service.app import create_app
from service.live.watching import Watcher
from service.settings import Settings
from tests.waiting import wait_until


@dataclass(frozen=True)
class Received:
    """An event, or a comment with the name `comment`."""

    name: str
    data: Any
    id: str | None


class Viewer:
    """Reads a stream of events in a thread of its own."""

    def __init__(self, url: str, last_event_id: str | None = None) -> None:
        self._url = url
        self._headers = {} if last_event_id is None else {"Last-Event-ID": last_event_id.encode()}
        self.events: list[Received] = []
        self.headers: httpx.Headers | None = None
        self.status: int | None = None
        self.retry: int | None = None
        self.is_left = False
        self._thread = threading.Thread(target=self._read, daemon=True)
        self._thread.start()

    @property
    def has_ended(self) -> bool:
        """Whether the server has ended the stream."""
        return not self._thread.is_alive()

    def wait_for(self, name: str, count: int = 1, **figures: Any) -> Received:
        """Return the `count`th event of that name with those figures, as soon as it comes."""

        def found() -> Received | None:
            fitting = [one for one in self.named(name) if figures.items() <= one.data.items()]
            return fitting[count - 1] if len(fitting) >= count else None

        event = wait_until(found, what=f"{name} {figures} among {self.events}")
        assert event is not None
        return event

    def wait_for_end(self) -> list[Received]:
        """Return all events once the server has ended the stream."""
        wait_until(lambda: self.has_ended, what="the stream's end")
        return self.events

    def named(self, name: str) -> list[Received]:
        """Return the events of a name so far."""
        return [event for event in self.events if event.name == name]

    def leave(self) -> None:
        """Close the connection at the next line."""
        self.is_left = True

    def _read(self) -> None:
        with httpx.Client(timeout=60) as client, client.stream("GET", self._url, headers=self._headers) as response:
            self.headers, self.status = response.headers, response.status_code
            fields: dict[str, str] = {}
            for line in response.iter_lines():
                if self.is_left:
                    return
                if line.startswith(":"):
                    self.events.append(Received("comment", {}, None))
                elif line:
                    name, _, value = line.partition(": ")
                    fields[name] = value
                else:
                    self._take(fields)
                    fields = {}

    def _take(self, fields: dict[str, str]) -> None:
        if "retry" in fields:
            self.retry = int(fields["retry"])
        if "event" in fields:
            self.events.append(Received(fields["event"], json.loads(fields["data"]), fields.get("id")))


@dataclass
class Server:
    """The API behind a real socket."""

    settings: Settings
    app: FastAPI = field(init=False)
    loop: asyncio.AbstractEventLoop = field(init=False)

    def __post_init__(self) -> None:
        """Start it, and wait until it listens."""
        self.app = create_app(self.settings)
        config = uvicorn.Config(self.app, host="127.0.0.1", port=0, log_level="warning", timeout_graceful_shutdown=10)
        self._server = uvicorn.Server(config)
        self._thread = threading.Thread(target=asyncio.run, args=[self._serve()], name="served")
        self._thread.start()
        wait_until(lambda: self._server.started or not self._thread.is_alive(), what="a server")
        assert self._thread.is_alive()
        port = self._server.servers[0].sockets[0].getsockname()[1]
        self.url = f"http://127.0.0.1:{port}"

    @property
    def watcher(self) -> Watcher:
        """What watches in it."""
        watcher: Watcher = self.app.state.resources.live.watcher
        return watcher

    def submit(self) -> str:
        """Queue a training, and return its id."""
        reply = httpx.post(f"{self.url}/v1/trainings", json={"preset": "quickstart"}, timeout=30)
        assert reply.status_code == 202, reply.text
        training_id: str = reply.json()["id"]
        return training_id

    def address(self, training_id: str) -> str:
        """Return the address of its events."""
        return f"{self.url}/v1/trainings/{training_id}/events"

    def watch(self, training_id: str, last_event_id: str | None = None) -> Viewer:
        """Watch a training."""
        return Viewer(self.address(training_id), last_event_id)

    def cancel(self, training_id: str) -> None:
        """Ask for its cancellation."""
        assert httpx.post(f"{self.url}/v1/trainings/{training_id}/cancel", timeout=30).status_code == 202

    def stop(self) -> None:
        """Stop it, told as a signal tells it."""
        if self._thread.is_alive():
            self.loop.call_soon_threadsafe(self.app.state.stopping.tell)
        self._server.should_exit = True
        self._thread.join(timeout=60)
        assert not self._thread.is_alive()

    async def _serve(self) -> None:
        self.loop = asyncio.get_running_loop()
        await self._server.serve()


@contextmanager
def served(settings: Settings, **overrides: object) -> Iterator[Server]:
    """Give a server that has started."""
    server = Server(settings.model_copy(update=overrides))
    try:
        yield server
    finally:
        server.stop()
