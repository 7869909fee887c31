"""The reasons for which a training stops before its end, and the one question that asks for all of them."""

from collections.abc import Callable
from dataclasses import dataclass

from worker.claims import LeaseLost
from worker.heartbeat import Heartbeat


class Cancelled(Exception):
    """The training's cancellation was asked for."""


class ShuttingDown(Exception):
    """The worker ends, and gives its training back."""


@dataclass(frozen=True)
class Stops:
    """What may stop the training at hand."""

    heartbeat: Heartbeat
    is_shutting_down: Callable[[], bool]

    def check(self) -> None:
        """Raise LeaseLost or ShuttingDown if it is time to stop; costs nothing. Cancellation is read with each progress."""
        if self.heartbeat.lost.is_set():
            raise LeaseLost
        if self.is_shutting_down():
            raise ShuttingDown
