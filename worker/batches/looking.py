"""Look for batches, and carry them out one after another."""

import logging
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

from sqlalchemy.exc import SQLAlchemyError

from service.database import Database
from service.settings import Settings
from worker.batches import claims, rescuing

logger = logging.getLogger(__name__)

LOOK_SECONDS: Final = 1.0


@dataclass(frozen=True)
class Desk:
    """What the process for batches works with."""

    settings: Settings
    database: Database
    name: str
    is_shutting_down: Callable[[], bool]


def work(desk: Desk) -> bool:
    """Claim one batch and carry it out; return whether there was one."""
    if desk.is_shutting_down() or not claims.is_waiting(desk.database):
        return False
    claim = claims.claim(desk.database, desk.name, desk.settings.lease_seconds)
    if claim is None:
        return False
    from worker.batches import carrying_out  # noqa: PLC0415 - ONNX Runtime and Pillow: 40 MB, only once there is a batch

    carrying_out.carry_out(desk.database, desk.settings, claim, desk.is_shutting_down)
    return True


def look_again_and_again(desk: Desk, stopped: threading.Event) -> None:
    """Carry out batches as they come, and rescue those of workers that were lost, until `stopped`."""
    rescued_at = 0.0
    look_seconds = min(LOOK_SECONDS, desk.settings.look_seconds)
    while not stopped.is_set():
        try:
            if time.monotonic() - rescued_at >= desk.settings.look_seconds:
                rescued_at = time.monotonic()
                if rescued := rescuing.rescue(desk.database, desk.settings.max_attempts):
                    logger.warning("took %d batch(es) from workers that were lost", rescued)
            while work(desk):
                pass
        except SQLAlchemyError as error:
            logger.warning("could not look for batches: %s", error)
        stopped.wait(look_seconds)
