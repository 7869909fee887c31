"""The heartbeat: a thread that renews the lease while its process works."""

import os
import signal
from typing import Final, Protocol

from sqlalchemy.orm import Session

from service.database import Database
from worker.pulse import Pulse

TIME_LIMIT: Final = "time-limit"


class Held(Protocol):
    """A claim, of a training or of a batch."""

    @property
    def title(self) -> str:
        """What is claimed, as the log calls it."""

    def renew(self, database: Database, lease_seconds: float) -> None:
        """Move the end of the lease; raise LeaseLost if the claim is lost."""

    def fail(self, session: Session, error_type: str, detail: str) -> None:
        """End it as failed inside the caller's transaction; raise LeaseLost."""


class Heartbeat(Pulse):
    """Renews a claim."""

    def __init__(self, database: Database, claim: Held, lease_seconds: float, seconds_left: float) -> None:
        super().__init__(claim.title, lease_seconds, seconds_left)
        self._database = database
        self._claim = claim

    def renew(self) -> None:
        """Move the end of the lease; raise LeaseLost if the claim is lost."""
        self._claim.renew(self._database, self.lease_seconds)

    def end_what_is_stuck(self) -> None:
        """Write down that it failed, and end this process."""
        detail = "Its time was up, and it did not stop at the end of a step: its worker's process was killed."
        with self._database.transaction() as session:
            self._claim.fail(session, TIME_LIMIT, detail)
        os.kill(os.getpid(), signal.SIGKILL)
