"""A service without any training, over each kind of database, whose worker works in this process."""

from dataclasses import dataclass
from typing import Any

import pytest
from fastapi.testclient import TestClient
from sqlalchemy import select, update

from service.database import Database
from service.records import Training, TrainingAttempt
from service.settings import Settings
from tests.trained import Trained, work_once
from tests.workers import TINY

AUGMENTED: dict[str, Any] = {
    **TINY,
    "recipe": {"epochs": 2, "batch_size": 100, "augmentation": {"rotation": 10}},
    "seed": 3,
}


@dataclass(frozen=True)
class Service(Trained):
    """A service, and what tests do to it."""

    def ended(self, **body: Any) -> str:
        """Submit, work once, and return the id."""
        training_id = self.submit(**body)
        self.work()
        return training_id

    def get(self, training_id: str, path: str = "") -> Any:
        """Return what is served of a training."""
        reply = self.client.get(f"/v1/trainings/{training_id}{path}")
        assert reply.status_code == 200, reply.text
        return reply.json()

    def rerun(self, training_id: str) -> str:
        """Submit a rerun and return its id."""
        reply = self.client.post(f"/v1/trainings/{training_id}/rerun")
        assert reply.status_code == 202, reply.text
        return str(reply.json()["id"])

    def change(self, training_id: str, **columns: Any) -> None:
        """Change a training's row."""
        with self.database.transaction() as session:
            session.execute(update(Training).where(Training.id == training_id).values(**columns))

    def change_made_with(self, training_id: str, **parts: Any) -> None:
        """Change what a training's attempts were made with."""
        with self.database.transaction() as session:
            for attempt in session.scalars(
                select(TrainingAttempt).where(TrainingAttempt.training_id == training_id)
            ).all():
                attempt.made_with = {**attempt.made_with, **parts}

    def work_until_a_step_is_done(self) -> None:
        """Do what a worker does that is told to stop in the middle of an epoch."""
        work_once(self.settings, self.database, is_shutting_down=self._is_a_step_done)

    def _is_a_step_done(self) -> bool:
        with self.database.reading() as session:
            return bool(session.scalars(select(Training.step).where(Training.step > 0)).first())


@pytest.fixture
def service(settings: Settings, database: Database, client: TestClient) -> Service:
    """A service without any training."""
    return Service(client, database, settings, "")
