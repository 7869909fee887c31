"""The heartbeat of an import."""

import os
import signal

from service.database import Database
from service.records import DatasetState
from worker.heartbeat import TIME_LIMIT
from worker.imports import claims
from worker.imports.claims import ImportClaim
from worker.pulse import Pulse


class ImportHeartbeat(Pulse):
    """Renews the claim on a data set that is imported."""

    def __init__(self, database: Database, claim: ImportClaim, lease_seconds: float, seconds_left: float) -> None:
        super().__init__(f"data set {claim.name}", lease_seconds, seconds_left)
        self._database = database
        self._claim = claim

    def renew(self) -> None:
        """Move the end of the lease; raise LeaseLost if the claim is lost."""
        claims.renew(self._database, self._claim, self.lease_seconds)

    def end_what_is_stuck(self) -> None:
        """Write down that the import failed, and end this process."""
        detail = "Its time was up, and it did not stop: its worker's process was killed."
        with self._database.transaction() as session:
            claims.finish(session, self._claim, DatasetState.FAILED, error_type=TIME_LIMIT, error_detail=detail)
        os.kill(os.getpid(), signal.SIGKILL)
