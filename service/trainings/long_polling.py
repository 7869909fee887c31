"""`Prefer: wait=N`: hold an answer back until there is news, on the watcher that the streams of events have.

Whoever waits asks the database when something has changed, not to see whether it has: a hundred cost nothing meanwhile.
"""

import asyncio
import time
from collections.abc import Awaitable, Callable
from contextlib import suppress
from dataclasses import dataclass
from typing import Final

from fastapi.concurrency import run_in_threadpool

from service.edge import negotiating
from service.edge.stopping import Stopping
from service.live.watching import Watched, Watcher
from service.trainings.schemas import TrainingReply

Found = tuple[TrainingReply, str]  # a training and its ETag

PRESENCE_SECONDS: Final = 5.0  # between two looks whether the client is still there; they ask no database
TURN_SECONDS: Final = 1.0  # between two looks at the turn of a queued training, which all others change


@dataclass(frozen=True)
class Waiting:
    """Somebody who waits for a training to end or, with `if_none_match`, to be another than that."""

    read: Callable[[], Found]
    is_gone: Callable[[], Awaitable[bool]]
    stopping: Stopping
    if_none_match: str | None

    async def answer(self, watcher: Watcher, training_id: str, seconds: float) -> Found:
        """Return the training and its ETag: when there is news, or after `seconds`.

        Sooner if nobody waits any more (`is_gone`), or if this process shall stop.
        """
        deadline = time.monotonic() + seconds
        found = await run_in_threadpool(self.read)
        if seconds <= 0 or self._is_news(found):
            return found
        async with watcher.watching(training_id) as watched:
            if self.if_none_match is None:
                await self._wait_for_end(watched, deadline)
            else:
                await self._wait_for_change(watcher, watched, deadline)
        return await run_in_threadpool(self.read)

    def _is_news(self, found: Found) -> bool:
        reply, etag = found
        has_ended = reply.poll_after_seconds is None
        return has_ended or (self.if_none_match is not None and not negotiating.matches(self.if_none_match, etag))

    async def _wait_for_end(self, watched: Watched, deadline: float) -> None:
        while True:
            news = watched.news.next()
            if watched.is_over or not await self._has_come(news, deadline):
                return

    async def _wait_for_change(self, watcher: Watcher, watched: Watched, deadline: float) -> None:
        while True:
            own, any_ = watched.news.next(), watcher.stirs.next()
            found = await run_in_threadpool(self.read)
            if watched.is_over or self._is_news(found):
                return
            is_queued = found[0].queue_position is not None
            if not await self._has_come(any_ if is_queued else own, deadline):
                return
            if is_queued:
                await self._has_come(own, min(deadline, time.monotonic() + TURN_SECONDS))

    async def _has_come(self, news: asyncio.Event, deadline: float) -> bool:
        """Wait for news; return False once there is no use in waiting any more."""
        while not news.is_set():
            left = deadline - time.monotonic()
            if left <= 0 or self.stopping.is_told or await self.is_gone():
                return False
            with suppress(TimeoutError):
                async with asyncio.timeout(min(left, PRESENCE_SECONDS)):
                    await news.wait()
        return not self.stopping.is_told
