"""A PostgreSQL server of a test's own: it can be stopped and started under load, without harm to anybody else."""

import os
import pwd
import shutil
import signal
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import psycopg

from tests import requirements
from tests.faults.brokers import free_port
from tests.waiting import wait_until

ORDINARY_USER = "postgres"  # PostgreSQL refuses to run as root
WAYS_TO_STOP = {"immediate": signal.SIGQUIT, "fast": signal.SIGINT}
"""As `pg_ctl stop -m`: a crash, whose log is replayed at the next start; and an end in good order, all sessions cut off."""


class Cluster:
    """A running server."""

    def __init__(self, folder: Path, user: str | None) -> None:
        """Make a cluster in `folder`, which belongs to `user`, and start it; None is whoever runs the tests."""
        self._port = free_port()
        self.url = f"postgresql://postgres@127.0.0.1:{self._port}/postgres"
        self._data = folder / "data"
        self._log = folder / "log"
        self._log.touch()
        self._user = user
        create = [
            _program("initdb"),
            "-D",
            str(self._data),
            "-U",
            "postgres",
            "--auth=trust",
            "--no-sync",
            "-E",
            "UTF8",
        ]
        made = subprocess.run(create, user=user, cwd=folder, capture_output=True, text=True, check=False)
        assert made.returncode == 0, made.stderr
        self.start()

    def start(self) -> None:
        """Start it, and wait until it answers."""
        options = {
            "port": self._port,
            "listen_addresses": "127.0.0.1",
            "unix_socket_directories": "",
            "shared_buffers": "32MB",
        }
        command = [_program("postgres"), "-D", str(self._data)]
        command += [part for name, value in options.items() for part in ("-c", f"{name}={value}")]
        with self._log.open("ab") as log:
            self._process = subprocess.Popen(
                command, user=self._user, cwd=self._data, stdout=log, stderr=log, start_new_session=True
            )
        wait_until(self._answers, 60, "PostgreSQL")

    def stop(self, way: str) -> None:
        """Stop it in one of `WAYS_TO_STOP`."""
        self._process.send_signal(WAYS_TO_STOP[way])
        self._process.wait(timeout=60)

    def _answers(self) -> bool:
        try:
            psycopg.connect(self.url, connect_timeout=2).close()
        except psycopg.OperationalError:
            assert self._process.poll() is None, self._log.read_text()
            return False
        return True


@contextmanager
def cluster() -> Iterator[Cluster]:
    """Give a new server; skip the test where there is no program for one."""
    folder = Path(
        tempfile.mkdtemp(prefix="cyfra-postgresql-")
    )  # not in a folder of pytest's, which root alone may enter
    try:
        user = _owner_of_servers()
        if user is not None:
            shutil.chown(folder, user)
        server = Cluster(folder, user)
        try:
            yield server
        finally:
            server.stop("immediate")
    finally:
        shutil.rmtree(folder)


def _owner_of_servers() -> str | None:
    if os.getuid() != 0:
        return None
    try:
        return pwd.getpwnam(ORDINARY_USER).pw_name
    except KeyError:
        requirements.missing(f"user {ORDINARY_USER!r} to run PostgreSQL as", "PATH")


def _program(name: str) -> str:
    debian = sorted(Path("/usr/lib/postgresql").glob("*/bin"), key=lambda folder: float(folder.parent.name))
    return requirements.program(name, "PostgreSQL server", *(str(folder) for folder in reversed(debian)))
