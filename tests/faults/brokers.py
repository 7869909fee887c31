"""Brokers of a test's own: they can be emptied, started again, and be away, without harm to anybody else."""

import shutil
import signal
import socket
import subprocess
import uuid
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path
from typing import Protocol

import redis

from tests import requirements
from tests.waiting import wait_until


class Broker(Protocol):
    """What can happen to a broker."""

    url: str | None

    def flush(self) -> None:
        """Forget every message."""

    def restart(self) -> None:
        """End as by a power cut, and begin anew with nothing."""

    def ways_to_be_away(self) -> list[Callable[[], AbstractContextManager[None]]]:
        """Return contexts in which nobody reaches it."""


class PrivateRedis:
    """A Redis server on a port of its own that keeps nothing on disk."""

    def __init__(self, folder: Path) -> None:
        self._program = requirements.program("redis-server", "Redis server")
        self._folder = folder
        self._port = free_port()
        self.url: str | None = f"redis://127.0.0.1:{self._port}/0"
        self._client = redis.Redis(port=self._port)
        self._start()

    def flush(self) -> None:
        """Forget every message, and which queues there are."""
        self._client.flushall()

    def restart(self) -> None:
        """Kill -9, and start with nothing."""
        self.close()
        self._start()

    def ways_to_be_away(self) -> list[Callable[[], AbstractContextManager[None]]]:
        """Return contexts in which it refuses connections, and in which it is silent."""
        return [self._refusing, self._silent]

    def close(self) -> None:
        """Kill -9."""
        self._process.kill()
        self._process.wait()

    @contextmanager
    def _refusing(self) -> Iterator[None]:
        self.close()
        yield
        self._start()

    @contextmanager
    def _silent(self) -> Iterator[None]:
        """Neither answer nor refuse: so does a network that drops packets."""
        self._process.send_signal(signal.SIGSTOP)
        yield
        self._process.send_signal(signal.SIGCONT)

    def _start(self) -> None:
        options = ["--port", str(self._port), "--bind", "127.0.0.1", "--save", "", "--appendonly", "no"]
        with (self._folder / "redis.log").open("ab") as log:
            self._process = subprocess.Popen(
                [self._program, *options], cwd=self._folder, stdout=log, stderr=log, start_new_session=True
            )
        wait_until(self._answers, what="Redis")

    def _answers(self) -> bool:
        try:
            return bool(self._client.ping())
        except redis.exceptions.ConnectionError:
            return False


class EmbeddedBroker:
    """The folder in the home."""

    def __init__(self, home: Path) -> None:
        self.url: str | None = None
        self._folder = home / "broker"

    def flush(self) -> None:
        """Remove every message, also those that are being written or taken."""
        for message in (self._folder / "messages").iterdir():
            message.unlink(missing_ok=True)

    def restart(self) -> None:
        """Remove the folder, and make it again, empty."""
        with self._gone():
            pass
        for name in ("messages", "control"):
            shutil.rmtree(self._folder / name)
            (self._folder / name).mkdir()

    def ways_to_be_away(self) -> list[Callable[[], AbstractContextManager[None]]]:
        """Return a context in which there is no such folder."""
        return [self._gone]

    def close(self) -> None:
        """Do nothing: it is a folder."""

    @contextmanager
    def _gone(self) -> Iterator[None]:
        elsewhere = self._folder.with_name(f"broker-{uuid.uuid4().hex}")
        self._folder.rename(elsewhere)
        yield
        shutil.rmtree(self._folder, ignore_errors=True)  # somebody may have made it again
        elsewhere.rename(self._folder)


@contextmanager
def new_broker(kind: str, home: Path) -> Iterator[PrivateRedis | EmbeddedBroker]:
    """Give a broker for a site of this kind."""
    broker = PrivateRedis(home) if kind == "postgresql+redis" else EmbeddedBroker(home)
    try:
        yield broker
    finally:
        broker.close()


def free_port() -> int:
    """Return a port that nobody listens on now."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
    return port
