"""The heartbeat: a thread that renews the lease while its process works."""

import logging
import os
import signal
import threading
import time
from types import TracebackType
from typing import Final, Protocol, Self

from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.orm import Session

from service import logs
from service.database import Database
from worker.leases import LeaseLost

logger = logging.getLogger(__name__)

TIME_LIMIT: Final = "time-limit"
STUCK_AFTER_SECONDS: Final = 60.0  # what has not stopped so long after its time was up is stuck


class Held(Protocol):
    """A claim, of a training or of a batch."""

    @property
    def title(self) -> str:
        """What is claimed, as the log calls it."""

    @property
    def attempt(self) -> int:
        """Which one it is."""

    def renew(self, database: Database, lease_seconds: float) -> None:
        """Move the end of the lease; raise LeaseLost if the claim is lost."""

    def fail(self, session: Session, error_type: str, detail: str) -> None:
        """End it as failed inside the caller's transaction; raise LeaseLost."""


class Heartbeat:
    """Renews a claim four times a lease, from entering the `with` block to leaving it.

    `lost` is set as soon as the claim is no longer ours: another worker has it, the lease ran out while the database could
    not be reached, or the parent process died, so that nobody supervises us any more.

    What has no time left stops at its next step. One that does not, because it is stuck in native code, is ended from
    here, and this process with it; its parent starts another.
    """

    def __init__(self, database: Database, claim: Held, lease_seconds: float, seconds_left: float) -> None:
        self.lost = threading.Event()
        self._database = database
        self._claim = claim
        self._lease_seconds = lease_seconds
        self._stuck_at = time.monotonic() + seconds_left + STUCK_AFTER_SECONDS
        self._parent = os.getppid()
        self._stopped = threading.Event()
        beat = logs.with_context(self._beat)
        self._thread = threading.Thread(target=beat, name=f"heartbeat of {claim.title}", daemon=True)

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
        while not self._stopped.wait(self._lease_seconds / 4):
            if os.getppid() != self._parent:
                logger.error("%s: the parent process died, giving up", self._claim.title)
                self.lost.set()
                return
            began_at = time.monotonic()
            try:
                if began_at > self._stuck_at:
                    self._end_what_is_stuck()
                self._claim.renew(self._database, self._lease_seconds)
                renewed_at = began_at
            except LeaseLost:
                if self._stopped.is_set():
                    return  # it has just ended, and its claim with it
                logger.warning("%s: attempt %d lost its lease", self._claim.title, self._claim.attempt)
                self.lost.set()
                return
            except SQLAlchemyError as error:
                logger.warning("%s: could not renew the lease: %s", self._claim.title, error)
                if time.monotonic() - renewed_at > self._lease_seconds:
                    self.lost.set()
                    return

    def _end_what_is_stuck(self) -> None:
        logger.error("%s: its time is up and it does not stop; this process ends", self._claim.title)
        detail = "Its time was up, and it did not stop at the end of a step: its worker's process was killed."
        with self._database.transaction() as session:
            self._claim.fail(session, TIME_LIMIT, detail)
        os.kill(os.getpid(), signal.SIGKILL)
