"""The reasons for which a training stops before its end, and the one question that asks for all of them."""

import time
from collections.abc import Callable
from typing import Final

from worker.leases import LeaseLost
from worker.pulse import Pulse


class Cancelled(Exception):
    """The training's cancellation was asked for."""


class ShuttingDown(Exception):
    """The worker ends, and gives its training back."""


class TimeLimit(Exception):
    """The training has computed as long as one may."""


PATIENCE_SECONDS: Final = 15.0


class Stops:
    """What may stop the work at hand; asking costs nothing."""

    def __init__(self, heartbeat: Pulse, is_shutting_down: Callable[[], bool], seconds_left: float) -> None:
        """Begin to count the `seconds_left` that the work may take."""
        self._heartbeat = heartbeat
        self._is_shutting_down = is_shutting_down
        self._ends_at = time.monotonic() + seconds_left
        self._shutting_down_since: float | None = None

    @property
    def is_shutting_down(self) -> bool:
        """Whether the worker is to end."""
        return self._is_shutting_down()

    def check(self) -> None:
        """Raise LeaseLost, TimeLimit or ShuttingDown if it is time to stop."""
        self.check_right()
        if self.is_shutting_down:
            raise ShuttingDown

    def check_right(self) -> None:
        """Raise LeaseLost or TimeLimit: whoever writes a checkpoint before the worker shuts down looks for that by itself."""
        if self._heartbeat.lost.is_set():
            raise LeaseLost
        if time.monotonic() > self._ends_at:
            raise TimeLimit

    def check_patiently(self) -> None:
        """As `check`, but let a validation end that does so soon: a checkpoint comes after it."""
        self.check_right()
        if self.is_shutting_down:
            self._shutting_down_since = self._shutting_down_since or time.monotonic()
            if time.monotonic() - self._shutting_down_since > PATIENCE_SECONDS:
                raise ShuttingDown
