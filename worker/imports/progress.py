"""How far an import is: written every second, by the one who may write it."""

import logging
import time

from sqlalchemy.exc import DBAPIError

from service.database import Database
from worker.imports import claims
from worker.imports.claims import ImportClaim
from worker.stopping import Stops

logger = logging.getLogger(__name__)

DECODING_BEGINS = 200  # pictures, after which the pace tells when the rest will be done


class ImportProgress:
    """Writes what an import does into its row; raises LeaseLost, TimeLimit or ShuttingDown if it must not go on."""

    def __init__(self, database: Database, claim: ImportClaim, stops: Stops, every_seconds: float) -> None:
        self._database = database
        self._claim = claim
        self._stops = stops
        self._every_seconds = every_seconds
        self._activity = ""
        self._began_at = self._written_at = 0.0

    def say(self, activity: str, done: int = 0, total: int = 0) -> None:
        """Tell what is done: at once if it is something new, else when it is time to."""
        self._stops.check()
        now = time.monotonic()
        if activity != self._activity:
            self._activity, self._began_at = activity, now
        elif now - self._written_at < self._every_seconds:
            return
        self._written_at = now
        eta = (now - self._began_at) / done * (total - done) if DECODING_BEGINS < done < total else None
        try:
            with self._database.transaction() as session:
                claims.write(session, self._claim, activity=activity, done=done, total=total, eta_seconds=eta)
        except DBAPIError as error:  # the heartbeat decides whether that ends it
            logger.warning("data set %s: progress not written: %s", self._claim.name, error)
