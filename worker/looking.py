"""What the parent process of a worker does by itself: look for work, rescue, and notice that its child was lost.

It does so in a thread of its own. Celery's timer stands still while Celery tries to reach a broker that is away, and for so
long nobody would be rescued, and a child that was lost would not be missed.
"""

import logging
import os
import signal
import sys
import threading
from contextlib import suppress
from typing import Any, Final

from celery import bootsteps
from celery.signals import worker_shutting_down
from celery.worker import state as worker_state
from sqlalchemy.exc import SQLAlchemyError

from service.database import Database
from service.queue import Doorbell
from service.settings import Settings
from worker import presence, rescuing
from worker.imports import claims as imports
from worker.memory import oom_kills
from worker.waiting import is_work_waiting

logger = logging.getLogger(__name__)

CLOSING_SECONDS: Final = 5.0
DEAF_AFTER_LOOKS: Final = 6


class LookForWork(bootsteps.StartStopStep):  # type: ignore[misc] # celery has no types
    """Looks at the database now and then: a ring that was lost costs seconds."""

    requires = {"celery.worker.components:Pool"}  # noqa: RUF012 - Celery reads it so

    def __init__(self, parent: Any, **options: Any) -> None:  # noqa: ANN401 - celery has no types
        super().__init__(parent, **options)
        self._settings: Settings = parent.app.settings
        self._database = Database(self._settings.resolved_database_url, keep_connections=False)
        self._doorbell = Doorbell(self._settings)
        self._name = presence.name_of(os.getpid())
        self._oom_kills = oom_kills()
        self._pool: Any = None
        self._children: set[int] = set()
        self._heard = self._unheard = 0
        self._stopped = threading.Event()
        self._thread = threading.Thread(target=self._look_again_and_again, name="look", daemon=True)
        # Before the pool ends its child: that is no loss.
        worker_shutting_down.connect(lambda **_: self._stopped.set(), weak=False)

    def start(self, parent: Any) -> None:  # noqa: ANN401
        """Look at once, and then again and again."""
        self._pool = parent.pool
        self._children = self._living_children()
        self._thread.start()

    def stop(self, parent: Any) -> None:  # noqa: ANN401, ARG002
        """Stop looking."""
        self._stopped.set()
        self._thread.join(CLOSING_SECONDS)
        self._doorbell.close()
        with suppress(SQLAlchemyError):
            presence.say_goodbye(self._database, self._name)

    def look(self) -> None:
        """Start again if the child was lost; rescue what dead workers held; ring if work waits while this one is idle."""
        kills = oom_kills()
        if self._living_children() != self._children:
            logger.error("the child process was lost; this worker starts again")
            self._take_back_what_the_child_held()
            start_again(self._living_children())
        if not worker_state.reserved_requests:
            self._oom_kills = (
                kills  # whoever was killed while the child had nothing to do, it was not for the child's work
            )
        try:
            presence.say_present(self._database, self._name)
            rescued = rescuing.rescue(self._database, self._settings.max_attempts)
            rescued += imports.rescue(self._database, self._settings.max_attempts)
            is_waiting = is_work_waiting(self._database)
        except SQLAlchemyError as error:
            logger.warning("could not look for work: %s", error)
            return
        if rescued:
            logger.warning("took %d training(s) or data set(s) from workers that were lost", rescued)
        if is_waiting and not worker_state.reserved_requests:
            self._doorbell.ring()
            self._notice_deafness()
        else:
            self._unheard = 0

    def _notice_deafness(self) -> None:
        """Start again if ring after ring is not heard although the broker answers: whatever hung, all of it begins anew.

        Only one that is idle hears a ring, and this one is; the others have one more in hand than they can carry out.
        """
        heard = sum(worker_state.total_count.values())
        self._unheard = self._unheard + 1 if heard == self._heard else 0
        self._heard = heard
        if self._unheard >= DEAF_AFTER_LOOKS and self._doorbell.broker_failure() is None:
            logger.error("this worker hears no ring while work waits; it starts again")
            start_again(self._living_children())

    def _look_again_and_again(self) -> None:
        while not self._stopped.is_set():
            try:
                self.look()
            except Exception:  # the edge of this thread: the next look may do better
                logger.exception("could not look for work")
            self._stopped.wait(self._settings.look_seconds)

    def _take_back_what_the_child_held(self) -> None:
        """Nobody need wait for the lease of a child that is known to be dead; and who killed it is known only here."""
        why = rescuing.OUT_OF_MEMORY if oom_kills() > self._oom_kills else rescuing.WORKER_LOST
        for child in self._children - self._living_children():
            with suppress(SQLAlchemyError):  # then the lease's end decides
                rescuing.abandon(self._database, presence.name_of(child), self._settings.max_attempts, why)
                imports.abandon(self._database, presence.name_of(child), self._settings.max_attempts, why)

    def _living_children(self) -> set[int]:
        return set(self._pool.info["processes"])


def start_again(children: set[int]) -> None:
    """Replace this process by a new worker.

    A child that is killed while it waits for work holds the lock of the pool's queue: the one that the pool forks in its place
    waits for it for ever, and would never train. So the whole worker begins anew, in the same process.
    """
    for child in children:
        with suppress(ProcessLookupError, ChildProcessError):
            os.kill(child, signal.SIGKILL)
            os.waitpid(child, 0)
    os.execv(sys.executable, sys.orig_argv)  # noqa: S606 - no shell is meant
