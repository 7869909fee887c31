"""A stream of events to one viewer, as bytes and as the answer to a request."""

import asyncio
import random
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, suppress
from typing import Final

from fastapi.sse import KEEPALIVE_COMMENT, EventSourceResponse, format_sse_event
from starlette.types import Receive, Scope, Send

from service.errors import TooManyViewers
from service.live.facts import Position
from service.live.watching import Watched, Watcher
from service.metrics.process import ProcessMetrics
from service.trainings import identity

RETRY_MILLISECONDS: Final = (1_000, 3_000)  # somewhere between them: those cut off together must not come back together
RETRY_SECONDS: Final = 10


class Viewer:
    """Somebody who watches a training: a position, and nothing that grows."""

    def __init__(self, watched: Watched, seen: Position, ping_seconds: float, metrics: ProcessMetrics) -> None:
        self._watched = watched
        self._seen = seen
        self._ping_seconds = ping_seconds
        self._metrics = metrics

    @property
    def has_nothing_left(self) -> bool:
        """Whether the training is over and its end was seen."""
        facts = self._watched.facts
        return facts is not None and facts.is_over and not facts.has_news_for(self._seen)

    async def stream(self) -> AsyncIterator[bytes]:
        """Give what happened and what happens, until nothing more can."""
        yield format_sse_event(retry=random.randint(*RETRY_MILLISECONDS))  # noqa: S311 - nothing is secret
        version_told = None
        while True:
            news = self._watched.news.next()
            parts = self._watched.parts
            if parts is None:
                return
            part = parts.after(self._seen, with_progress=parts.facts.version != version_told)
            if part.content:
                self._seen = part.seen
                self._metrics.told(part.told)
                if part.has_progress:
                    version_told = parts.facts.version
                yield part.content
            if not part.is_last:
                continue
            if self._watched.is_over and self._watched.parts is parts:
                return
            while not await _is_set(news, self._ping_seconds):
                yield KEEPALIVE_COMMENT


async def _is_set(event: asyncio.Event, seconds: float) -> bool:
    """Wait for an event; return False if it did not come in time."""
    with suppress(TimeoutError):
        async with asyncio.timeout(seconds):
            await event.wait()
    return event.is_set()


class Stream(EventSourceResponse):
    """The answer; whatever becomes of it, the viewer has left when it ends."""

    def __init__(self, viewer: Viewer, leaving: AsyncExitStack) -> None:
        headers = {"Cache-Control": "no-store", "X-Accel-Buffering": "no"}
        super().__init__(viewer.stream(), headers=headers)
        self._leaving = leaving

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Send it."""
        async with self._leaving:
            await super().__call__(scope, receive, send)


class Live:
    """Takes viewers in, as many as the process serves."""

    def __init__(self, watcher: Watcher, metrics: ProcessMetrics, *, most_viewers: int, ping_seconds: float) -> None:
        self.watcher = watcher
        self._metrics = metrics
        self._most = most_viewers
        self._ping_seconds = ping_seconds
        self._viewers = 0

    async def stream(self, training_id: str, last_event_id: str | None) -> Stream | None:
        """Return the stream after an event; None if nothing is left. Raise UnknownTraining, TooManyViewers or DBAPIError."""
        if not identity.is_id(training_id):
            raise identity.unknown(training_id)
        async with AsyncExitStack() as leaving:
            self._take_in(leaving)
            watched = await leaving.enter_async_context(self.watcher.watching(training_id))
            if watched.facts is None:
                raise identity.unknown(training_id)
            viewer = Viewer(watched, Position.parse(last_event_id), self._ping_seconds, self._metrics)
            return None if viewer.has_nothing_left else Stream(viewer, leaving.pop_all())

    def _take_in(self, leaving: AsyncExitStack) -> None:
        if self._viewers >= self._most:
            raise TooManyViewers(
                f"{self._viewers} streams of events are open here, as many as one process serves (CYFRA_MAX_VIEWERS). "
                "Try again, or ask for the training itself: GET /v1/trainings/{id}, with Prefer: wait=30",
                retry_after_seconds=RETRY_SECONDS,
            )
        self._viewers += 1
        self._metrics.viewers(+1)
        leaving.callback(self._leave)

    def _leave(self) -> None:
        self._viewers -= 1
        self._metrics.viewers(-1)
