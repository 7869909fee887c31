"""A thread that renews the lease of what its process works on, whatever that is."""

import logging
import os
import threading
import time
from abc import ABC, abstractmethod
from types import TracebackType
from typing import Final, Self

from sqlalchemy.exc import SQLAlchemyError

from service import logs
from worker.leases import LeaseLost

logger = logging.getLogger(__name__)

STUCK_AFTER_SECONDS: Final = 60.0  # what has not stopped so long after its time was up is stuck


class Pulse(ABC):
    """Renews a claim four times a lease, from entering the `with` block to leaving it.

    `lost` is set as soon as the claim is no longer ours: another worker has it, the lease ran out while the database could
    not be reached, or the parent process died, so that nobody supervises us any more.

    Work whose time is up stops at its next step. What does not, because it is stuck in native code, is ended from here, and
    this process with it; its parent starts another.
    """

    def __init__(self, what: str, lease_seconds: float, seconds_left: float) -> None:
        self.lost = threading.Event()
        self.what = what
        self.lease_seconds = lease_seconds
        self._stuck_at = time.monotonic() + seconds_left + STUCK_AFTER_SECONDS
        self._parent = os.getppid()
        self._stopped = threading.Event()
        self._thread = threading.Thread(target=logs.with_context(self._beat), name=f"heartbeat-{what}", daemon=True)

    @abstractmethod
    def renew(self) -> None:
        """Move the end of the lease; raise LeaseLost if the claim is lost."""

    @abstractmethod
    def end_what_is_stuck(self) -> None:
        """Write down that it failed, and end this process."""

    def __enter__(self) -> Self:
        """Start the thread."""
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        """Stop the thread and wait for it."""
        self._stopped.set()
        self._thread.join()

    def _beat(self) -> None:
        renewed_at = time.monotonic()
        while not self._stopped.wait(self.lease_seconds / 4):
            if os.getppid() != self._parent:
                logger.error("%s: the parent process died, giving up", self.what)
                self.lost.set()
                return
            began_at = time.monotonic()
            try:
                if began_at > self._stuck_at:
                    logger.error("%s: its time is up and it does not stop; this process ends", self.what)
                    self.end_what_is_stuck()
                self.renew()
                renewed_at = began_at
            except LeaseLost:
                if self._stopped.is_set():
                    return  # the work has just ended, and its claim with it
                logger.warning("%s: this attempt lost its lease", self.what)
                self.lost.set()
                return
            except SQLAlchemyError as error:
                logger.warning("%s: could not renew the lease: %s", self.what, error)
                if time.monotonic() - renewed_at > self.lease_seconds:
                    self.lost.set()
                    return
