"""Keep the parts of the service running under one parent, and stop all of them together.

    supervisor = Supervisor([Part("api", (...)), Part("worker", (...))], listener)
    try:
        supervisor.start()
        ...
        supervisor.join()
    finally:
        supervisor.close()

A part that ends by itself is started again after a pause that doubles. Stopping means SIGTERM to each part, a while of
patience, then SIGKILL to what is left of its process group. Should the parent be killed, a watchdog does the same.

The work is done in one thread of its own, so that the main thread is free to follow a training.
"""

import selectors
import threading
import time
from collections.abc import Sequence
from typing import Final, Protocol

from service.children import Child, Part, described_exit
from service.watchdog import Watchdog

LOOK_SECONDS: Final = 0.1
MOST_DOUBLINGS: Final = 16  # beyond any longest pause, and far from the float that overflows


class Listener(Protocol):
    """Who hears what the parts write, and what the supervisor has to say. Called in the supervisor's thread."""

    def heard(self, part: str, line: str) -> None:
        """Take one line of a part's output."""

    def said(self, text: str) -> None:
        """Take one sentence of the supervisor."""


class _Seat:
    """The place of one part: the child that fills it, or the time when the next one does."""

    def __init__(self, part: Part) -> None:
        self.part = part
        self.child: Child | None = None
        self.started_at = 0.0
        self.start_at = 0.0
        self.quick_deaths = 0


class Supervisor:
    """Runs parts until it is told to stop. `stop()` and `kill()` only leave a note: a signal handler may call them."""

    def __init__(
        self,
        parts: Sequence[Part],
        listener: Listener,
        *,
        first_pause_seconds: float = 1.0,
        longest_pause_seconds: float = 30.0,
        steady_seconds: float = 60.0,
        patience_seconds: float = 30.0,
    ) -> None:
        """Prepare to run `parts`; nothing is started yet.

        A part that dies is started again after `first_pause_seconds`, twice that the next time, up to
        `longest_pause_seconds`; having run for `steady_seconds` makes its deaths forgotten.
        """
        self._seats = [_Seat(part) for part in parts]
        self._listener = listener
        self._first_pause = first_pause_seconds
        self._longest_pause = longest_pause_seconds
        self._steady = steady_seconds
        self._patience = patience_seconds
        self._stop_asked = False  # plain flags: an Event's lock is not safe to take in a signal handler
        self._kill_asked = False
        # Waited for instead of the thread: CPython 3.11 takes a thread for ended once an exception broke its join() off.
        self._everything_stopped = threading.Event()
        self._selector = selectors.DefaultSelector()
        # A daemon: if the main thread dies without close(), the process ends and the watchdog does the rest.
        self._thread = threading.Thread(target=self._run, name="supervisor", daemon=True)

    def start(self) -> None:
        """Start every part."""
        self._thread.start()

    def stop(self) -> None:
        """Ask for the end of all parts: SIGTERM, patience, SIGKILL."""
        self._stop_asked = True

    def kill(self) -> None:
        """Ask for the end of all parts at once: SIGKILL."""
        self._kill_asked = self._stop_asked = True

    @property
    def is_stopping(self) -> bool:
        """Whether the end was asked for."""
        return self._stop_asked

    def quick_deaths(self, name: str) -> int:
        """How many times in a row the part named `name` died soon after its start."""
        return next(seat.quick_deaths for seat in self._seats if seat.part.name == name)

    def join(self) -> None:
        """Wait until everything has stopped."""
        if self._thread.ident is not None:
            self._everything_stopped.wait()

    def close(self) -> None:
        """Stop everything and wait for it. An interruption of the wait kills what is left."""
        try:
            self.stop()
            self.join()
        except BaseException:
            self.kill()
            self.join()
            raise

    def _run(self) -> None:
        try:
            self._supervise(Watchdog.start(self._patience))
        finally:
            self._everything_stopped.set()

    def _supervise(self, watchdog: Watchdog) -> None:
        try:
            while not self._stop_asked:
                self._fill_seats(watchdog)
                self._listen()
                self._bury_the_dead(watchdog)
            self._stop_all(watchdog)
        finally:
            for child in self._children():
                child.kill()
            self._bury_the_dead(watchdog, wait=True)
            watchdog.close()
            self._selector.close()

    def _children(self) -> list[Child]:
        return [seat.child for seat in self._seats if seat.child is not None]

    def _fill_seats(self, watchdog: Watchdog) -> None:
        now = time.monotonic()
        for seat in self._seats:
            if seat.child is not None or now < seat.start_at:
                continue
            try:
                child = Child(seat.part)
            except OSError as error:
                self._plan_restart(seat, f"could not be started ({error})")
                continue
            watchdog.guard(child.group)
            self._selector.register(child.output, selectors.EVENT_READ, child)
            seat.child, seat.started_at = child, now

    def _listen(self) -> None:
        """Pass on what the parts wrote, for `LOOK_SECONDS` at most."""
        if not self._selector.get_map():
            time.sleep(LOOK_SECONDS)
            return
        for key, _events in self._selector.select(LOOK_SECONDS):
            child: Child = key.data
            lines = child.read_lines()
            if lines is None:
                self._selector.unregister(child.output)
            else:
                self._pass_on(child, lines)

    def _pass_on(self, child: Child, lines: Sequence[str]) -> None:
        for line in lines:
            self._listener.heard(child.part.name, line)

    def _bury_the_dead(self, watchdog: Watchdog, *, wait: bool = False) -> None:
        for seat in self._seats:
            child = seat.child
            if child is None or (child.exit_status is None and not wait):
                continue
            if child.output in self._selector.get_map():
                self._selector.unregister(child.output)
            self._pass_on(child, child.bury())
            watchdog.release(child.group)
            seat.child = None
            if not self._stop_asked:
                self._plan_restart(seat, f"ended by itself ({described_exit(child.exit_status or 0)})")

    def _plan_restart(self, seat: _Seat, what_happened: str) -> None:
        now = time.monotonic()
        was_steady = seat.started_at > 0 and now - seat.started_at >= self._steady
        seat.quick_deaths = 1 if was_steady else seat.quick_deaths + 1
        doublings = min(seat.quick_deaths - 1, MOST_DOUBLINGS)
        pause = min(self._first_pause * 2**doublings, self._longest_pause)
        seat.start_at = now + pause
        self._listener.said(f"The {seat.part.name} {what_happened}; it is started again in {pause:g} s.")

    def _stop_all(self, watchdog: Watchdog) -> None:
        for child in self._children():
            child.ask_to_stop()
        deadline = time.monotonic() + self._patience
        while self._children() and not self._kill_asked and time.monotonic() < deadline:
            self._listen()
            self._bury_the_dead(watchdog)
        for child in self._children():
            self._listener.said(f"The {child.part.name} did not stop: it is killed.")
