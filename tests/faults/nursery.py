"""A nursery of workers: Keras is imported once, and each worker is a fork of it that works a moment later.

A worker from here does what a child process of `python -m worker.app` does, and what its parent does about leases, without the
five to ten seconds that a new interpreter takes to import TensorFlow: so a fault can be tried some hundred times. What lies
between the two, Celery, is tried with whole workers (`tests.workers`).

    python -m tests.faults.nursery        reads requests from stdin, one JSON object a line, answers each with a pid
"""

import json
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import psutil
from sqlalchemy.exc import SQLAlchemyError

from service.database import Database
from service.settings import Settings
from tests.waiting import wait_until


class Foundling:
    """A worker that was forked by the nursery."""

    def __init__(self, pid: int, log: Path) -> None:
        self.pid = pid
        self.log = log

    def send(self, number: signal.Signals) -> None:
        """Send a signal; a worker that has ended takes none."""
        if self.is_alive():
            os.kill(self.pid, number)

    def is_alive(self) -> bool:
        """Whether it still runs (or is stopped)."""
        return psutil.pid_exists(self.pid)

    def kill(self) -> None:
        """Kill -9, and wait for the end."""
        self.send(signal.SIGKILL)
        self.join()

    def join(self, seconds: float = 60) -> None:
        """Wait for the end."""
        wait_until(lambda: not self.is_alive(), seconds, f"the end of worker {self.pid}")


class Nursery:
    """The process that forks workers; see the module."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._process = subprocess.Popen(
            [sys.executable, "-m", "tests.faults.nursery"],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=(folder / "nursery.log").open("wb"),
            text=True,
            start_new_session=True,
        )
        self._count = 0

    @contextmanager
    def worker(self, settings: Settings) -> Iterator[Foundling]:
        """Fork a worker; whatever is left of it at the end is killed."""
        self._count += 1
        log = self._folder / f"worker-{self._count}.log"
        log.touch()
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        print(json.dumps({"settings": settings.model_dump(mode="json"), "log": str(log)}), file=self._process.stdin)
        self._process.stdin.flush()
        foundling = Foundling(int(self._process.stdout.readline()), log)
        try:
            yield foundling
        finally:
            foundling.kill()

    def close(self) -> None:
        """End it."""
        self._process.kill()
        self._process.communicate()


def work(settings: Settings) -> None:
    """Do what a worker does until SIGTERM: be seen, rescue, claim, train."""
    from worker import presence, rescuing, tasks  # noqa: PLC0415 - they import Keras, which the nursery has done
    from worker.app import Workshop  # noqa: PLC0415

    shutting_down = threading.Event()
    signal.signal(signal.SIGTERM, lambda *_: shutting_down.set())
    workshop = Workshop.open(settings, shutting_down.is_set)
    looking = Database(settings.resolved_database_url)
    while not shutting_down.is_set():
        try:
            presence.say_present(looking, workshop.name)
            rescuing.rescue(looking, settings.max_attempts)
            tasks.work(workshop)
        except SQLAlchemyError as error:
            print("the database failed:", error, file=sys.stderr)
        time.sleep(0.05)


def main() -> None:
    """Import everything, then fork."""
    import logging  # noqa: PLC0415

    from worker.learning import backend  # noqa: PLC0415

    backend.configure(1)
    backend.load()
    from worker import tasks  # noqa: F401, PLC0415

    signal.signal(signal.SIGCHLD, signal.SIG_IGN)  # nobody waits for them: the kernel buries them
    for line in sys.stdin:
        request = json.loads(line)
        pid = os.fork()
        if pid == 0:
            signal.signal(signal.SIGCHLD, signal.SIG_DFL)
            log = os.open(request["log"], os.O_WRONLY | os.O_CREAT | os.O_APPEND)
            for stream in (1, 2):
                os.dup2(log, stream)
            os.dup2(os.open(os.devnull, os.O_RDONLY), 0)
            logging.basicConfig(level=logging.INFO, format="%(asctime)s %(levelname)s %(threadName)s %(message)s")
            try:
                work(Settings(**request["settings"]))
            finally:
                os._exit(0)
        print(pid, flush=True)


if __name__ == "__main__":
    main()
