"""When a training's state is kept: once in a while, when it has ended, and when its worker shuts down."""

import logging
import time
from collections.abc import Callable
from typing import Final

from sqlalchemy.exc import DBAPIError

from service.database import Database
from worker import checkpoints
from worker.claims import Claim
from worker.learning.checkpoints import Place
from worker.stopping import ShuttingDown, Stops

logger = logging.getLogger(__name__)


SOON_SECONDS: Final = 5.0


class Keeper:
    """Decides at each step whether to store a checkpoint."""

    def __init__(self, database: Database, claim: Claim, stops: Stops, *, every_seconds: float, epochs: int) -> None:
        """Store every `every_seconds`, and soon once all `epochs` are done: a lost evaluation shall cost no training."""
        self._database = database
        self._claim = claim
        self._stops = stops
        self._every_seconds = every_seconds
        self._epochs = epochs
        self._kept_at = time.monotonic()

    def keep(self, place: Place, capture: Callable[[], bytes]) -> None:
        """Store a checkpoint if it is time to. Raise ShuttingDown, with the state stored, if the worker is to end."""
        if self._stops.is_shutting_down:
            self._store(place, capture)
            raise ShuttingDown
        after = self._every_seconds if place.epoch < self._epochs else min(SOON_SECONDS, self._every_seconds)
        if time.monotonic() - self._kept_at >= after:
            self._store(place, capture)

    def _store(self, place: Place, capture: Callable[[], bytes]) -> None:
        """Store now. A database that does not take it, because it is away or full, leaves the checkpoint before this one."""
        try:
            checkpoints.store(self._database, self._claim, place, capture())
        except DBAPIError as error:
            logger.warning("training %s: checkpoint not stored: %s", self._claim.training_id, error)
        self._kept_at = time.monotonic()
