"""API processes: `cyfra api` as a whole, on a port of its own."""

import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager

import httpx

from service.settings import Settings
from tests.faults.brokers import free_port
from tests.waiting import wait_until
from tests.workers import environment_of


class RunningApi:
    """An API process that can be killed."""

    def __init__(self, settings: Settings) -> None:
        port = free_port()
        self.client = httpx.Client(base_url=f"http://127.0.0.1:{port}", timeout=30)
        with (settings.home / "api.log").open("ab") as log:
            self.process = subprocess.Popen(
                [sys.executable, "-m", "service.cli", "api", "--port", str(port)],
                env=os.environ | environment_of(settings),
                stdout=log,
                stderr=log,
                start_new_session=True,
            )

    def wait_until_ready(self) -> None:
        """Wait until it answers."""
        wait_until(self._answers, 120, "the API")

    def kill(self) -> None:
        """Kill -9."""
        self.process.kill()
        self.process.wait()

    def close(self) -> None:
        """Kill it, and close what is open to it."""
        self.kill()
        self.client.close()

    def _answers(self) -> bool:
        try:
            return self.client.get("/livez").is_success
        except httpx.TransportError:
            return False


class Apis:
    """An API process after another: while one serves, the next one starts."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._started: list[RunningApi] = []
        self._start()

    def next(self) -> RunningApi:
        """Return one that answers."""
        api = self._started[-1]
        self._start()
        api.wait_until_ready()
        return api

    def close(self) -> None:
        """End all of them."""
        for api in self._started:
            api.close()

    def _start(self) -> None:
        self._started.append(RunningApi(self._settings))


@contextmanager
def apis(settings: Settings) -> Iterator[Apis]:
    """Give API processes of one service."""
    given = Apis(settings)
    try:
        yield given
    finally:
        given.close()
