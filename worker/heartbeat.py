"""The heartbeat: a thread that renews the lease while its process trains."""

import os
import signal
from typing import Final

from service.database import Database
from service.records import TrainingState
from worker import claims
from worker.claims import Claim
from worker.pulse import Pulse

TIME_LIMIT: Final = "time-limit"


class Heartbeat(Pulse):
    """Renews the claim on a training."""

    def __init__(self, database: Database, claim: Claim, lease_seconds: float, seconds_left: float) -> None:
        super().__init__(f"training {claim.training_id}", lease_seconds, seconds_left)
        self._database = database
        self._claim = claim

    def renew(self) -> None:
        """Move the end of the lease; raise LeaseLost if the claim is lost."""
        claims.renew(self._database, self._claim, self.lease_seconds)

    def end_what_is_stuck(self) -> None:
        """Write down that the training failed, and end this process."""
        detail = "Its time was up, and it did not stop at the end of a step: its worker's process was killed."
        columns = {"error_type": TIME_LIMIT, "error_detail": detail}
        with self._database.transaction() as session:
            claims.finish(session, self._claim, TrainingState.FAILED, TIME_LIMIT, **columns)
        os.kill(os.getpid(), signal.SIGKILL)
