"""The Celery application: `python -m worker.app` runs one worker, one training at a time in one child process.

The parent process hears the doorbell, and looks at the database by itself (`worker.looking`). The child is forked first and
imports TensorFlow after that, once; it stays warm from one training to the next. Batches of predictions have a process of
their own beside it (`worker.batches`), so that none waits behind a training.
"""

import logging
import os
import signal
import sys
import warnings
from collections.abc import Callable
from dataclasses import dataclass
from typing import Self

import billiard
from celery import Celery
from celery.platforms import SecurityWarning
from celery.signals import setup_logging, worker_process_init, worker_shutting_down
from sqlalchemy.exc import SQLAlchemyError

from service import logs, migrating
from service.database import Database
from service.errors import DatabaseNotReady
from service.queue import WORK, Doorbell, celery_application
from service.settings import Settings
from worker import presence
from worker.batches.supervising import PredictBatches
from worker.learning import backend
from worker.looking import LookForWork

logger = logging.getLogger("worker.app")  # run as a program, it is called __main__


@dataclass(frozen=True)
class Workshop:
    """What the child process works with, opened after the fork."""

    settings: Settings
    database: Database
    doorbell: Doorbell
    name: str
    is_shutting_down: Callable[[], bool]

    @classmethod
    def open(cls, settings: Settings, is_shutting_down: Callable[[], bool]) -> Self:
        """Open connections of this process's own, and import Keras."""
        os.environ["KERAS_BACKEND"] = settings.keras_backend
        backend.configure(settings.threads)
        backend.load()
        logger.info("Keras is loaded on %s; ready to train", settings.keras_backend)
        database = Database(settings.resolved_database_url)
        return cls(settings, database, Doorbell(settings), presence.name_of(os.getpid()), is_shutting_down)


def create_worker(settings: Settings) -> Celery:
    """Return the Celery application of a worker, with its one task."""
    application = celery_application(settings)
    application.settings = settings
    application.steps["worker"].add(LookForWork)
    application.steps["worker"].add(PredictBatches)
    shutting_down = billiard.Event()
    workshops: list[Workshop] = []  # one in a child, none in the parent

    @worker_process_init.connect(weak=False)
    def open_workshop(**_: object) -> None:
        # Service managers send SIGTERM to all processes of a group at once. The parent hears it and tells the child, which
        # gives its training back; a child that died of it by itself could not, and might take a lock of the pool along.
        signal.signal(signal.SIGTERM, signal.SIG_IGN)
        workshops.append(Workshop.open(settings, shutting_down.is_set))

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
    logs.configure(settings)
    setup_logging.connect(_leave_logging_alone, weak=False)
    # Celery warns of root because of pickled messages; ours are JSON and carry nothing, and a container has no other user.
    warnings.filterwarnings("ignore", category=SecurityWarning)
    database = Database(settings.resolved_database_url, keep_connections=False)
    try:
        migrating.check(database)
    except DatabaseNotReady as error:
        sys.exit(error.detail)
    except SQLAlchemyError as error:
        sys.exit(f"The database does not answer: {getattr(error, 'orig', None) or error}")
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


def _leave_logging_alone(**_: object) -> None:
    """Hear Celery's question who sets up logging, in the parent and in the child: that somebody does is the answer."""


if __name__ == "__main__":
    main()
