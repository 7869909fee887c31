"""Questions to things that may never answer: a database that is away, a broker behind a dead wire, a disk that hangs."""

import asyncio
import threading
from collections.abc import Callable
from concurrent.futures import Future
from time import monotonic
from typing import Final, Generic, TypeVar

Answer = TypeVar("Answer")

LIMIT_SECONDS: Final = 3.0
FRESH_SECONDS: Final = 1.0


class NoAnswer(Exception):
    """The time that was given is over."""


class Probe(Generic[Answer]):
    """Asks one question, never twice at once, in a thread of its own: however many want to know, and however long it takes.

    An answer is given again for a second. A thread that hangs is the only one that does; it keeps no process from ending.
    """

    def __init__(
        self,
        name: str,
        question: Callable[[], Answer],
        *,
        limit_seconds: float = LIMIT_SECONDS,
        fresh_seconds: float = FRESH_SECONDS,
    ) -> None:
        self._name = name
        self._question = question
        self._limit = limit_seconds
        self._fresh = fresh_seconds
        self._lock = threading.Lock()
        self._flight: Future[Answer] | None = None
        self._asked_at = 0.0
        self._answered_at = 0.0

    async def answer(self) -> Answer:
        """Return the answer, or raise what the question raised. Raise NoAnswer after the limit, counted from the asking."""
        flight, left = self._join()
        try:
            return await asyncio.wait_for(asyncio.wrap_future(flight), left)
        except TimeoutError as error:
            if flight.done():  # the question's own
                raise
            raise NoAnswer(f"no answer within {self._limit:g} s") from error

    def _join(self) -> tuple["Future[Answer]", float]:
        """Return the question that is under way or just answered, else a new one; and how long it may still take."""
        with self._lock:
            now = monotonic()
            flight = self._flight
            if flight is None or (flight.done() and now - self._answered_at >= self._fresh):
                flight = self._flight = Future()
                flight.set_running_or_notify_cancel()  # so that no caller who gives up takes it from the others
                self._asked_at = now
                threading.Thread(target=self._ask, args=(flight,), name=f"probe-{self._name}", daemon=True).start()
            return flight, max(0.0, self._asked_at + self._limit - now)

    def _ask(self, flight: "Future[Answer]") -> None:
        try:
            answer = self._question()
        except Exception as error:  # noqa: BLE001 - it is raised again, in every caller
            self._answered_at = monotonic()
            flight.set_exception(error)
        else:
            self._answered_at = monotonic()
            flight.set_result(answer)
