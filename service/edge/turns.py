"""Work that takes turns: a few at a time on threads of their own, so that nothing else waits behind it."""

from collections.abc import Callable
from typing import Final, TypeVar

import anyio.to_thread

from service.errors import Unavailable

Result = TypeVar("Result")

RETRY_SECONDS: Final = 2


class Turns:
    """Who is being served, and who waits. Made inside a running event loop."""

    def __init__(self, what: str, at_a_time: int, most_waiting: int) -> None:
        """Serve `at_a_time`; while `most_waiting` wait, refuse more. `what` they are is said in the refusal: "explanations"."""
        self._what = what
        self._limiter = anyio.CapacityLimiter(at_a_time)
        self._most_waiting = most_waiting
        self._most_present = at_a_time + most_waiting
        self._present = 0

    async def take(self, work: Callable[[], Result]) -> Result:
        """Carry out `work` on a thread when its turn comes; raise Unavailable if too many wait already."""
        if self._present >= self._most_present:
            raise Unavailable(
                f"{self._most_waiting} {self._what} wait already. Ask again in {RETRY_SECONDS} s.",
                retry_after_seconds=RETRY_SECONDS,
            )
        self._present += 1
        try:
            return await anyio.to_thread.run_sync(work, limiter=self._limiter)
        finally:
            self._present -= 1
