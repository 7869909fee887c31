"""A service to which data sets are sent, and a worker that imports them, in this process."""

from contextlib import closing
from dataclasses import dataclass
from typing import Any

from fastapi.testclient import TestClient

from service.database import Database
from service.queue import Doorbell
from service.settings import Settings
from tests.service.images.archives.packing import in_memory
from tests.service.images.intake.sets import folders
from worker.app import Workshop
from worker.imports import carrying_out

LETTERS = in_memory(folders("a", "b", each=15))


@dataclass(frozen=True)
class Sending:
    """A service without a worker of its own."""

    client: TestClient
    database: Database
    settings: Settings

    def send(self, name: str = "letters", content: bytes = LETTERS, **query: Any) -> Any:
        """Send a zip as the body itself, and return the answer."""
        return self.client.post("/v1/datasets", params={"name": name, **query}, content=content)

    def work(self, *, is_shutting_down: bool = False) -> bool:
        """Do what a worker does that finds a data set; return whether there was one."""
        with closing(Doorbell(self.settings)) as doorbell:
            return carrying_out.work(
                Workshop(self.settings, self.database, doorbell, "test-worker", lambda: is_shutting_down)
            )

    def get(self, name: str = "letters") -> Any:
        """Return a data set as clients see it."""
        return self.client.get(f"/v1/datasets/{name}").json()

    def imported(self, name: str = "letters", content: bytes = LETTERS, **query: Any) -> Any:
        """Send a zip and import it; return the data set."""
        reply = self.send(name, content, **query)
        assert reply.status_code == 202, reply.text
        assert self.work()
        return self.get(name)
