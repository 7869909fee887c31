"""`cyfra api` as a process of its own, on a free port."""

import os
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from http.client import HTTPConnection
from pathlib import Path
from typing import Final

import psutil

from service import migrating
from service.database import Database
from tests.waiting import wait_until

LOG: Final = "api.log"


@dataclass(frozen=True)
class Api:
    """A parent with its processes."""

    parent: subprocess.Popen[bytes]
    port: int

    def processes(self) -> list[psutil.Process]:
        """Return those that answer."""
        return psutil.Process(self.parent.pid).children()

    def is_live(self) -> bool:
        """Whether it answers."""
        connection = HTTPConnection("127.0.0.1", self.port, timeout=30)
        try:
            connection.request("GET", "/livez")
            return connection.getresponse().status == 200
        except ConnectionError:
            return False
        finally:
            connection.close()


@contextmanager
def started_api(home: Path, *, workers: int = 2) -> Iterator[Api]:
    """Start it in a home, whose database is made if there is none; it need not answer yet. Stop it at the end."""
    database = Database(f"sqlite:///{home / 'cyfra.sqlite3'}")
    migrating.migrate(database)
    database.close()
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    command = [sys.executable, "-P", "-m", "service.cli", "api", "--workers", str(workers), "--port", str(port)]
    environment = os.environ | {"CYFRA_HOME": str(home)}
    with (home / LOG).open("wb") as log, subprocess.Popen(command, env=environment, stdout=log, stderr=log) as parent:
        try:
            yield Api(parent, port)
        finally:
            parent.send_signal(signal.SIGTERM)
            parent.wait(timeout=60)


@contextmanager
def running_api(home: Path, *, workers: int = 2) -> Iterator[Api]:
    """Give one all of whose processes answer."""
    with started_api(home, workers=workers) as api:
        wait_until(
            lambda: (home / LOG).read_text().count("Application startup complete") == workers, 60, "all processes"
        )
        yield api
