"""Explanations take their turn: a few at a time on threads of their own, so that predictions never wait behind them."""

from collections.abc import Callable
from typing import Final, TypeVar

import anyio.to_thread

from service.errors import Unavailable

Result = TypeVar("Result")

AT_A_TIME: Final = 2
MOST_WAITING: Final = 30
RETRY_SECONDS: Final = 2


class Turns:
    """Who is being served, and who waits. Made inside a running event loop."""

    def __init__(self) -> None:
        self._limiter = anyio.CapacityLimiter(AT_A_TIME)
        self._present = 0

    async def take(self, work: Callable[[], Result]) -> Result:
        """Carry out `work` on a thread when its turn comes; raise Unavailable if too many wait already."""
        if self._present >= AT_A_TIME + MOST_WAITING:
            raise Unavailable(
                f"{MOST_WAITING} explanations wait already. Ask again in {RETRY_SECONDS} s.",
                retry_after_seconds=RETRY_SECONDS,
            )
        self._present += 1
        try:
            return await anyio.to_thread.run_sync(work, limiter=self._limiter)
        finally:
            self._present -= 1
