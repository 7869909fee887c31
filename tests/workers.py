"""Real workers: `python -m worker.app` in a process group of its own, over each kind of database and broker."""

import os
import re
import signal
import subprocess
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import psutil
from fastapi.testclient import TestClient

from service.database import Database
from service.queue import WORK
from service.settings import Settings
from tests.waiting import wait_until

TINY = {
    "dataset": "mnist-5k",
    "network": {
        "layers": [
            {"layer": "AveragePooling2D", "pool_size": 4},
            {"layer": "Flatten"},
            {"layer": "Dense", "units": 10, "activation": "softmax"},
        ]
    },
    "recipe": {"epochs": 1, "batch_size": 100},
}
ENDLESS = {**TINY, "recipe": {"epochs": 10_000, "batch_size": 10}}


def environment_of(settings: Settings) -> dict[str, str]:
    """Return the environment in which another process reads the same settings."""
    given = settings.model_dump(mode="json", exclude_defaults=True, exclude={"keras_backend"})
    given |= {"home": settings.home, "database_url": settings.resolved_database_url}
    return {
        f"CYFRA_{name.upper()}": ",".join(value) if isinstance(value, list) else str(value)
        for name, value in given.items()
    }


class RunningWorker:
    """A worker process and its child, and a way to end them."""

    def __init__(self, settings: Settings, log: Path, environment: Mapping[str, str] | None = None) -> None:
        """Start it, with more `environment` than the settings come to."""
        self.log = log
        environment = os.environ | environment_of(settings) | (environment or {})
        with log.open("ab") as output:
            self.process = subprocess.Popen(
                [sys.executable, "-m", "worker.app"],
                env=environment,
                stdout=output,
                stderr=output,
                start_new_session=True,
            )

    def kill(self) -> None:
        """Kill -9 the whole process group."""
        os.killpg(self.process.pid, signal.SIGKILL)
        self.process.wait()

    def child(self) -> psutil.Process:
        """Return the process that trains."""
        return wait_until(self._children_that_train, what="the worker's child")[0]

    def _children_that_train(self) -> list[psutil.Process]:
        """All but the process for batches, which is a program of its own; the others are forks of their parent."""
        children = psutil.Process(self.process.pid).children()
        return [child for child in children if "worker.batches" not in child.cmdline()]

    def stop(self) -> int:
        """Send SIGTERM and return the exit code."""
        self.process.terminate()
        return self.process.wait(timeout=60)

    def stop_group(self) -> int:
        """Send SIGTERM to every process of the group, as service managers do, and return the exit code."""
        os.killpg(self.process.pid, signal.SIGTERM)
        return self.process.wait(timeout=60)

    def rings_heard(self) -> int:
        """Return how many messages it has received."""
        return len(re.findall(rf"{re.escape(WORK)}\[\S+ received", self.log.read_text()))

    def wait_until_ready(self) -> None:
        """Wait until Keras is loaded."""
        wait_until(lambda: "ready to train" in self.log.read_text(), 300, "a worker that is ready")


@dataclass(frozen=True)
class Site:
    """A service with its database and broker, where workers can be started."""

    client: TestClient
    settings: Settings
    database: Database

    @contextmanager
    def worker(self, name: str = "worker", environment: Mapping[str, str] | None = None) -> Iterator[RunningWorker]:
        """Run a worker; whatever is left of it at the end is killed."""
        worker = RunningWorker(self.settings, self.settings.home / f"{name}.log", environment)
        try:
            yield worker
        finally:
            if worker.process.poll() is None:
                worker.kill()

    def submit(self, **body: Any) -> str:
        """Queue a training and return its id."""
        reply = self.client.post("/v1/trainings", json=body)
        assert reply.status_code == 202, reply.text
        training_id: str = reply.json()["id"]
        return training_id

    def training(self, training_id: str) -> dict[str, Any]:
        """Return a training as clients see it."""
        found: dict[str, Any] = self.client.get(f"/v1/trainings/{training_id}").json()
        return found

    def wait_for(self, training_id: str, *states: str, seconds: float = 300) -> dict[str, Any]:
        """Return the training once it is in one of `states`."""

        def found() -> dict[str, Any] | None:
            training = self.training(training_id)
            return training if training["state"] in states else None

        return wait_until(found, seconds, f"{training_id} to be {' or '.join(states)}") or {}

    def wait_for_step(self, training_id: str) -> None:
        """Wait until the training is in the middle of an epoch."""
        wait_until(lambda: self.training(training_id)["progress"]["step"] > 0, 180, "a first step")
