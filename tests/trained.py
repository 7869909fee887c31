"""A service with one real training behind it: the worker's own code, run in this process."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from fastapi.testclient import TestClient

from service import migrating
from service.app import create_app
from service.database import Database
from service.queue import Doorbell
from service.settings import Settings

QUICK = {"preset": "quickstart", "recipe": {"epochs": 6}}


@dataclass(frozen=True)
class Trained:
    """A service that answers, and the training that it has carried out."""

    client: TestClient
    database: Database
    settings: Settings
    training_id: str

    def submit(self, **body: Any) -> str:
        """Queue a training and return its id."""
        reply = self.client.post("/v1/trainings", json=body)
        assert reply.status_code == 202, reply.text
        training_id: str = reply.json()["id"]
        return training_id

    def work(self) -> None:
        """Do what a worker does when it hears the doorbell."""
        work_once(self.settings, self.database)


def work_once(settings: Settings, database: Database, *, is_shutting_down: bool | Callable[[], bool] = False) -> None:
    """Do what a worker does when it hears the doorbell, in this process."""
    from worker import tasks  # noqa: PLC0415 - it imports Keras
    from worker.app import Workshop  # noqa: PLC0415

    doorbell = Doorbell(settings)
    asks = is_shutting_down if callable(is_shutting_down) else lambda: is_shutting_down
    try:
        tasks.work(Workshop(settings, database, doorbell, "test-worker", asks))
    finally:
        doorbell.close()


@contextmanager
def trained_service(settings: Settings) -> Iterator[Trained]:
    """Give a service whose first training has just succeeded."""
    database = Database(settings.resolved_database_url)
    migrating.migrate(database)
    with TestClient(create_app(settings), raise_server_exceptions=False) as client:
        service = Trained(client, database, settings, client.post("/v1/trainings", json=QUICK).json()["id"])
        service.work()
        yield service
    database.close()
