"""One watcher a process: it hears that trainings have changed, reads those that somebody watches once, and wakes who waits.

It starts with the first who watches and ends some seconds after the last. Between changes it asks the database nothing.
"""

import asyncio
import logging
from collections.abc import AsyncIterator, Coroutine, Iterator
from contextlib import asynccontextmanager, contextmanager
from itertools import islice
from typing import Any, Final

from fastapi.concurrency import run_in_threadpool
from sqlalchemy.exc import SQLAlchemyError

from service.database import Database
from service.edge.stopping import Stopping
from service.live import queries, sources
from service.live.facts import Facts
from service.live.parts import Parts

logger = logging.getLogger(__name__)

LINGER_SECONDS: Final = 10.0  # so that one who polls, and comes again, finds it still there
PAUSE_SECONDS: Final = 0.05  # between two readings, so that a burst of changes is read at once
RETRY_SECONDS: Final = 1.0
MOST_AT_ONCE: Final = 200


class News:
    """Wakes all who wait for the next one."""

    def __init__(self) -> None:
        self._next = asyncio.Event()

    def next(self) -> asyncio.Event:
        """Return the event that the next news sets. Take it before looking at what is known, and nothing is missed."""
        return self._next

    def spread(self) -> None:
        """Wake them."""
        told, self._next = self._next, asyncio.Event()
        told.set()


class Watched:
    """A training that at least one watches."""

    def __init__(self) -> None:
        self.news = News()
        self.parts: Parts | None = None
        self.is_gone = False  # removed, or the watcher ends
        self.watchers = 0
        self.reading = asyncio.Lock()

    @property
    def facts(self) -> Facts | None:
        """What is known of it; None if there is no such training."""
        return None if self.parts is None else self.parts.facts

    @property
    def is_over(self) -> bool:
        """Whether nothing more will come."""
        return self.is_gone or self.facts is None or self.facts.is_over

    def take(self, facts: Facts) -> None:
        """Take what was read, unless something newer is known already."""
        known = self.facts
        if known is None or facts.version > known.version:
            self.parts = Parts(facts)
            self.news.spread()

    def end(self) -> None:
        """Tell all who watch that nothing more will come."""
        self.is_gone = True
        self.news.spread()


class Watcher:
    """Of one event loop: opened and closed by the application."""

    def __init__(self, database: Database) -> None:
        self.stirs = News()  # something has changed, in whatever training
        self._database = database
        self._watched: dict[str, Watched] = {}
        self._changed: set[str] = set()
        self._is_all_changed = False
        self._heard = asyncio.Event()
        self._tasks: set[asyncio.Task[None]] = set()
        self._ending: asyncio.TimerHandle | None = None
        self._is_told = False

    @asynccontextmanager
    async def open(self, stopping: Stopping) -> AsyncIterator[None]:
        """Let go of all who watch when the process is told to stop, and end at the end of the block."""
        telling = asyncio.create_task(self._let_go_when_told(stopping))
        try:
            yield
        finally:
            self._is_told = True
            self._let_go()
            telling.cancel()
            ended = self._end()
            await asyncio.gather(telling, *ended, return_exceptions=True)

    @asynccontextmanager
    async def watching(self, training_id: str) -> AsyncIterator[Watched]:
        """Give a training as it is known at every moment of the block; with no facts, if there is none. Raise DBAPIError."""
        with self._counted(training_id) as watched:
            async with watched.reading:  # whoever comes meanwhile waits for the same reading
                if watched.facts is None:
                    for facts in (await self._read({training_id: None})).values():
                        watched.take(facts)
            if self._is_told:
                watched.end()
            yield watched

    @contextmanager
    def _counted(self, training_id: str) -> Iterator[Watched]:
        self._begin()
        watched = self._watched.setdefault(training_id, Watched())
        watched.watchers += 1
        try:
            yield watched
        finally:
            watched.watchers -= 1
            if watched.watchers == 0:
                self._forget(training_id, watched)
            if not self._watched and not self._is_told:
                self._cancel_ending()
                self._ending = asyncio.get_running_loop().call_later(LINGER_SECONDS, self._end)

    def _forget(self, training_id: str, watched: Watched) -> None:
        if self._watched.get(training_id) is watched:
            del self._watched[training_id]

    def _cancel_ending(self) -> None:
        if self._ending is not None:
            self._ending.cancel()
            self._ending = None

    def _begin(self) -> None:
        self._cancel_ending()
        if not self._tasks and not self._is_told:
            self._tasks = {self._started(self._hear()), self._started(self._keep_reading())}

    def _started(self, work: Coroutine[Any, Any, None]) -> asyncio.Task[None]:
        task = asyncio.create_task(work)
        task.add_done_callback(self._ended)
        return task

    def _ended(self, task: asyncio.Task[None]) -> None:
        """Take note of the end of one of the tasks. Should it have failed, those who watch shall come again."""
        if not task.cancelled() and (error := task.exception()) is not None:
            logger.error("the watcher failed; it begins anew with whoever comes next", exc_info=error)
            self._let_go()
            self._end()

    def _end(self) -> set[asyncio.Task[None]]:
        self._cancel_ending()
        ended, self._tasks = self._tasks, set()
        for task in ended:
            task.cancel()
        return ended

    async def _let_go_when_told(self, stopping: Stopping) -> None:
        await stopping.wait()
        self._is_told = True
        self._let_go()

    def _let_go(self) -> None:
        for watched in self._watched.values():
            watched.end()
        self._watched.clear()
        self.stirs.spread()

    async def _hear(self) -> None:
        async for changed in sources.changes(self._database):
            if changed is None:
                self._is_all_changed = True
            else:
                self._changed.add(changed)
            self._heard.set()

    async def _keep_reading(self) -> None:
        while True:
            await self._heard.wait()
            self._heard.clear()
            changed = set(self._watched) if self._is_all_changed else self._changed & set(self._watched)
            self._changed, self._is_all_changed = set(), False
            try:
                await self._look_at(changed)
            except SQLAlchemyError as error:
                logger.warning("what has changed cannot be read; trying again: %s", error)
                self._is_all_changed = True
                self._heard.set()
                await asyncio.sleep(RETRY_SECONDS)
            else:
                self.stirs.spread()
                await asyncio.sleep(PAUSE_SECONDS)

    async def _look_at(self, training_ids: set[str]) -> None:
        left = iter(training_ids)
        while some := list(islice(left, MOST_AT_ONCE)):
            watched = {one: self._watched[one] for one in some if one in self._watched}
            if not watched:
                continue
            found = await self._read({one: known.facts for one, known in watched.items()})
            for one, known in watched.items():
                if one in found:
                    known.take(found[one])
                else:
                    known.end()
                    self._forget(one, known)

    async def _read(self, known: dict[str, Facts | None]) -> dict[str, Facts]:
        """Read in a thread, and see it end even if nobody wants to know any more: the database may be closed then."""

        def read() -> dict[str, Facts]:
            with self._database.reading() as session:
                return queries.facts(session, known)

        reading = asyncio.ensure_future(run_in_threadpool(read))
        try:
            return await asyncio.shield(reading)
        except asyncio.CancelledError:
            await asyncio.wait([reading])
            raise
