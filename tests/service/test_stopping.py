"""SIGTERM to the API: what waits is answered at once, what is being sent is taken and answered, and the process ends with 0."""

import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import httpx
import pytest

from service import migrating
from service.database import Database
from tests.service.live.serving import Viewer
from tests.service.live.working import claimed
from tests.waiting import wait_until

SPEC = b'{"preset": "quickstart"}'


@dataclass(frozen=True)
class RunningApi:
    """A `cyfra api` of its own."""

    process: "subprocess.Popen[bytes]"
    port: int
    log: Path

    @property
    def url(self) -> str:
        """Where it answers."""
        return f"http://127.0.0.1:{self.port}"

    def is_live(self) -> bool:
        """Whether it answers."""
        try:
            return httpx.get(f"{self.url}/livez").status_code == 200
        except httpx.TransportError:
            return False

    def accepts(self) -> bool:
        """Whether anybody listens on its port."""
        try:
            socket.create_connection(("127.0.0.1", self.port), timeout=1).close()
        except OSError:
            return False
        return True

    def submit(self) -> str:
        """Queue a training and return its address."""
        reply = httpx.post(f"{self.url}/v1/trainings", content=SPEC, headers={"Content-Type": "application/json"})
        return self.url + str(reply.headers["location"])


@contextmanager
def running_api(home: Path, *options: str) -> Iterator[RunningApi]:
    """Run `cyfra api` over a new database until it answers; whatever is left of it at the end is killed."""
    database = Database(f"sqlite:///{home / 'cyfra.sqlite3'}")
    migrating.migrate(database)
    database.close()
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    log = home / "api.log"
    with log.open("wb") as output:
        process = subprocess.Popen(
            [sys.executable, "-m", "service.cli", "api", "--port", str(port), *options],
            env={**os.environ, "CYFRA_HOME": str(home)},
            stdout=output,
            stderr=output,
            start_new_session=True,
        )
    api = RunningApi(process, port, log)
    try:
        wait_until(api.is_live, 60, "an API that answers")
        yield api
    finally:
        if process.poll() is None:
            os.killpg(process.pid, signal.SIGKILL)
            process.wait()


def wait_for_long_polls(api: RunningApi, count: int) -> None:
    """Return once `count` requests have reached it and are held: each has a connection of its own."""

    def established() -> bool:
        lines = Path("/proc/net/tcp").read_text().splitlines()
        return sum(f":{api.port:04X} " in line.split()[1] + " " and line.split()[3] == "01" for line in lines) >= count

    wait_until(established, what="connections")
    for _ in range(10):
        api.is_live()  # a request sent after theirs is answered: theirs were read


@pytest.mark.skipif(not Path("/proc/net/tcp").exists(), reason="connections are counted as Linux tells them")
@pytest.mark.parametrize("options", [(), ("--workers", "2")], ids=["one process", "two processes"])
@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT], ids=["SIGTERM", "SIGINT"])
def test_who_waits_for_a_training_is_answered_at_once_when_the_api_is_told_to_stop(tmp_path, options, number):
    with running_api(tmp_path, *options) as api, ThreadPoolExecutor(4) as threads:
        address = api.submit()
        polls = [threads.submit(httpx.get, address, headers={"Prefer": "wait=30"}, timeout=40) for _ in range(4)]
        wait_for_long_polls(api, 4)

        told_at = time.monotonic()
        api.process.send_signal(number)
        replies = [poll.result() for poll in polls]
        answered_after = time.monotonic() - told_at

        assert [(reply.status_code, reply.json()["state"]) for reply in replies] == [(200, "queued")] * 4
        assert answered_after < 5, f"{answered_after} s, of the 30 that they wait at most"
        assert api.process.wait(timeout=15) == 0, api.log.read_text()
        assert "Traceback" not in api.log.read_text()


@pytest.mark.parametrize("options", [(), ("--workers", "2")], ids=["one process", "two processes"])
def test_streams_of_events_end_at_once_when_the_api_is_told_to_stop(tmp_path, options):
    with running_api(tmp_path, *options) as api:
        address = f"{api.submit()}/events"
        database = Database(f"sqlite:///{tmp_path / 'cyfra.sqlite3'}")
        viewers = [Viewer(address) for _ in range(4)]
        for viewer in viewers:
            viewer.wait_for("progress")
        claimed(database)  # by another process
        for viewer in viewers:
            viewer.wait_for("state", state="running")
        database.close()

        told_at = time.monotonic()
        api.process.terminate()
        for viewer in viewers:
            viewer.wait_for_end()

        assert time.monotonic() - told_at < 5
        assert api.process.wait(timeout=15) == 0, api.log.read_text()
        assert "Traceback" not in api.log.read_text()


def test_a_request_that_is_being_sent_when_sigterm_comes_is_taken_and_answered(tmp_path):
    with running_api(tmp_path) as api, socket.create_connection(("127.0.0.1", api.port), timeout=20) as sender:
        head = (
            f"POST /v1/trainings HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nContent-Length: {len(SPEC)}"
        )
        sender.sendall(head.encode() + b"\r\nExpect: 100-continue\r\n\r\n")
        assert sender.recv(100).startswith(b"HTTP/1.1 100"), "the application waits for the body"
        sender.sendall(SPEC[:10])
        api.process.terminate()
        wait_until(lambda: not api.accepts(), what="an API that accepts nothing new")

        sender.sendall(SPEC[10:])
        answer = sender.recv(65_536)

        assert answer.startswith(b"HTTP/1.1 202")
        assert api.process.wait(timeout=15) == 0
    database = Database(f"sqlite:///{tmp_path / 'cyfra.sqlite3'}")
    with database.engine.connect() as connection:
        assert connection.exec_driver_sql("SELECT count(*) FROM trainings WHERE state = 'queued'").scalar() == 1
    database.close()
