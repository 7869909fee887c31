"""Ctrl-C and its relatives, for commands that own other processes."""

import signal
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from types import FrameType


class StopAsked(BaseException):
    """Somebody asked the command to end: Ctrl-C, `kill`, or the terminal was closed."""

    def __init__(self, number: int) -> None:
        super().__init__(signal.Signals(number).name)
        self.exit_code = 128 + number


@contextmanager
def stop_signals(*, first: Callable[[], None], second: Callable[[], None]) -> Iterator[None]:
    """Turn SIGINT, SIGTERM and SIGHUP into StopAsked, raised once in the main thread.

    The first signal also calls `first`: an exception raised in the wrong moment (inside a destructor) gets lost, a note
    left by `first` does not. Each later signal calls `second` and raises nothing. Under `nohup` SIGHUP stays ignored.
    """
    asked = False

    def handle(number: int, _frame: FrameType | None) -> None:
        nonlocal asked
        if asked:
            second()
            return
        asked = True
        first()
        raise StopAsked(number)

    numbers = [signal.SIGINT, signal.SIGTERM]
    if signal.getsignal(signal.SIGHUP) != signal.SIG_IGN:
        numbers.append(signal.SIGHUP)
    previous = {number: signal.signal(number, handle) for number in numbers}
    try:
        yield
    finally:
        for number, handler in previous.items():
            signal.signal(number, handler)
