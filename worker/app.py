"""The Celery application: `python -m worker.app` runs one worker, one training at a time in one child process.

The parent process hears the doorbell, looks at the database by itself, and rescues what dead workers held. The child is
forked first and imports TensorFlow after that, once; it stays warm from one training to the next.
"""

import logging
import os
import platform
import sys
import warnings
from dataclasses import dataclass
from typing import Any, Final, Self

import billiard
from celery import Celery, bootsteps
from celery.platforms import SecurityWarning
from celery.signals import worker_process_init, worker_shutting_down
from celery.worker import state as worker_state
from sqlalchemy.exc import SQLAlchemyError

from service import migrating
from service.database import Database
from service.errors import DatabaseNotReady
from service.queue import WORK, Doorbell, celery_application
from service.settings import Settings
from worker import claims
from worker.learning import backend

logger = logging.getLogger(__name__)

LOG_FORMAT: Final = "%(asctime)s %(levelname)s %(processName)s %(message)s"


@dataclass(frozen=True)
class Workshop:
    """What the child process works with, opened after the fork."""

    settings: Settings
    database: Database
    doorbell: Doorbell
    name: str
    shutting_down: Any  # a billiard Event, shared with the parent

    @classmethod
    def open(cls, settings: Settings, shutting_down: Any) -> Self:  # noqa: ANN401 - billiard has no types
        """Open connections of this process's own, and import Keras."""
        os.environ["KERAS_BACKEND"] = settings.keras_backend
        backend.configure(settings.threads)
        backend.load()
        logger.info("Keras is loaded on %s; ready to train", settings.keras_backend)
        database = Database(settings.resolved_database_url)
        return cls(settings, database, Doorbell(settings), f"{platform.node()}:{os.getpid()}", shutting_down)


class LookForWork(bootsteps.StartStopStep):  # type: ignore[misc] # celery has no types
    """Looks at the database now and then, from the parent process: a ring that was lost costs seconds."""

    requires = {"celery.worker.components:Timer"}  # noqa: RUF012 - Celery reads it so

    def __init__(self, parent: Any, **options: Any) -> None:  # noqa: ANN401 - celery has no types
        super().__init__(parent, **options)
        self._settings: Settings = parent.app.settings
        self._database = Database(self._settings.resolved_database_url, keep_connections=False)
        self._doorbell = Doorbell(self._settings)
        self._timer: Any = None

    def start(self, parent: Any) -> None:  # noqa: ANN401
        """Look at once, and then again and again."""
        self._timer = parent.timer.call_repeatedly(self._settings.look_seconds, self.look)
        parent.timer.call_after(0.1, self.look)

    def stop(self, parent: Any) -> None:  # noqa: ANN401, ARG002
        """Stop looking."""
        if self._timer is not None:
            self._timer.cancel()
        self._doorbell.close()

    def look(self) -> None:
        """Rescue what dead workers held, and ring if a training waits while this worker is idle."""
        try:
            rescued = claims.rescue(self._database, self._settings.max_attempts)
            is_work_waiting = claims.is_work_waiting(self._database)
        except SQLAlchemyError as error:
            logger.warning("could not look for work: %s", error)
            return
        if rescued:
            logger.warning("took %d training(s) from workers that were lost", rescued)
        if is_work_waiting and not worker_state.reserved_requests:
            self._doorbell.ring()


def create_worker(settings: Settings) -> Celery:
    """Return the Celery application of a worker, with its one task."""
    application = celery_application(settings)
    application.settings = settings
    application.steps["worker"].add(LookForWork)
    shutting_down = billiard.Event()
    workshops: list[Workshop] = []  # one in a child, none in the parent

    @worker_process_init.connect(weak=False)
    def open_workshop(**_: object) -> None:
        workshops.append(Workshop.open(settings, shutting_down))

    @worker_shutting_down.connect(weak=False)
    def tell_the_child(**_: object) -> None:
        shutting_down.set()

    @application.task(name=WORK)
    def work() -> None:
        from worker import tasks  # noqa: PLC0415 - it imports Keras: only here, after the fork

        tasks.work(workshops[0])

    return application


def main() -> None:
    """Run a worker until SIGTERM or SIGINT."""
    settings = Settings()
    logging.basicConfig(level=logging.INFO, format=LOG_FORMAT)
    # Celery warns of root because of pickled messages; ours are JSON and carry nothing, and a container has no other user.
    warnings.filterwarnings("ignore", category=SecurityWarning)
    database = Database(settings.resolved_database_url, keep_connections=False)
    try:
        migrating.check(database)
    except DatabaseNotReady as error:
        sys.exit(error.detail)
    finally:
        database.close()
    create_worker(settings).worker_main(
        [
            "--quiet",
            "worker",
            "--pool=prefork",
            "--concurrency=1",
            "--loglevel=INFO",
            "--without-gossip",
            "--without-mingle",
            "--without-heartbeat",
            f"--hostname=cyfra-{os.getpid()}@%h",
        ]
    )


if __name__ == "__main__":
    main()
