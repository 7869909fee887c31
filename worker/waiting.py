"""Whether there is anything to do: a training that is queued, or a data set that waits to be imported."""

from service.database import Database
from worker import claims
from worker.imports import claims as imports


def is_work_waiting(database: Database) -> bool:
    """Whether a worker that is idle would find something."""
    return claims.is_work_waiting(database) or imports.is_waiting(database)
