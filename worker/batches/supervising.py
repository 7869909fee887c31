"""The process for batches, as the worker's parent process sees it: started with it, started again, ended with it."""

import logging
import subprocess
import sys
import threading
from contextlib import suppress
from typing import Any, Final

from celery import bootsteps
from celery.signals import worker_shutting_down
from sqlalchemy.exc import SQLAlchemyError

from service.database import Database
from service.settings import Settings
from worker import presence
from worker.batches import rescuing

logger = logging.getLogger(__name__)

CLOSING_SECONDS: Final = 15.0
PROGRAM: Final = (sys.executable, "-P", "-m", "worker.batches")


class PredictBatches(bootsteps.StartStopStep):  # type: ignore[misc] # celery has no types
    """Keeps the process alive. It ends by itself when the pipe to it does: also when this one is killed, or starts again."""

    requires = {"celery.worker.components:Pool"}  # noqa: RUF012 - Celery reads it so

    def __init__(self, parent: Any, **options: Any) -> None:  # noqa: ANN401 - celery has no types
        super().__init__(parent, **options)
        self._settings: Settings = parent.app.settings
        self._stopped = threading.Event()
        self._lock = threading.Lock()
        self._process: subprocess.Popen[bytes] | None = None
        self._thread = threading.Thread(target=self._supervise, name="batches", daemon=True)
        worker_shutting_down.connect(lambda **_: self._tell(), weak=False)

    def start(self, parent: Any) -> None:  # noqa: ANN401, ARG002
        """Start the process."""
        self._thread.start()

    def stop(self, parent: Any) -> None:  # noqa: ANN401, ARG002
        """Wait until it has given back what it had in hand; kill it if that takes long."""
        self._tell()
        self._thread.join(CLOSING_SECONDS)
        with self._lock:
            if self._process is not None and self._process.poll() is None:
                self._process.kill()

    def _tell(self) -> None:
        """Close the pipe."""
        self._stopped.set()
        with self._lock:
            if self._process is not None and self._process.stdin is not None:
                with suppress(OSError):
                    self._process.stdin.close()

    def _supervise(self) -> None:
        while True:
            with self._lock:
                if self._stopped.is_set():
                    return
                self._process = process = subprocess.Popen(PROGRAM, stdin=subprocess.PIPE)  # noqa: S603 - our own
            process.wait()
            if self._stopped.is_set():
                return
            logger.error("the process for batches was lost (%s); another is started", process.returncode)
            self._take_back(process.pid)
            self._stopped.wait(self._settings.look_seconds)

    def _take_back(self, pid: int) -> None:
        """Nobody need wait for the lease of a process that is known to be dead."""
        database = Database(self._settings.resolved_database_url, keep_connections=False)
        try:
            rescuing.abandon(database, presence.name_of(pid), self._settings.max_attempts)
        except SQLAlchemyError as error:  # then the lease's end decides
            logger.warning("could not take back what it held: %s", error)
        finally:
            database.close()
