"""Services with trainings that were repeated, for real and as rows; over each kind of database."""

import uuid
from collections.abc import Iterator, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from typing import Any

import pytest
from fastapi.testclient import TestClient
from sqlalchemy import func, select, update

from service import migrating
from service.app import create_app
from service.database import Database
from service.records import Receipt, Rerun, Training, TrainingAttempt
from service.records.base import Json
from service.settings import Settings
from tests import requirements
from tests.made import SHA256, made_report
from tests.trained import Trained, work_once

AUGMENTED: dict[str, Any] = {
    "dataset": "mnist-5k",
    "network": {
        "layers": [
            {"layer": "Conv2D", "filters": 4, "kernel_size": 5, "strides": 3, "activation": "relu"},
            {"layer": "BatchNormalization"},
            {"layer": "Flatten"},
            {"layer": "Dropout", "rate": 0.1},
            {"layer": "Dense", "units": 10, "activation": "softmax"},
        ]
    },
    "recipe": {"epochs": 2, "batch_size": 100, "augmentation": {"rotation": 10}},
    "seed": 3,
    "labels": {"course": "ci"},
    "register_as": "mine",
}
MADE_WITH: Json = {
    "backend": "tensorflow",
    "versions": {"keras": "3.15.1", "tensorflow": "2.21.0", "onnxruntime": "1.32.0"},
    "code_sha256": "c" * 64,
    "hardware": {"machine": "x86_64", "cpu": "AMD EPYC", "cores": 2, "instructions": ["fma", "avx2"], "gpus": []},
    "threads": 2,
    "precision": "float32",
    "environment": {"TF_ENABLE_ONEDNN_OPTS": "1"},
}
EQUAL: Json = {"arrays": 2, "differing": 0, "largest": 0.0, "where": None}
UNEQUAL: Json = {"arrays": 2, "differing": 1, "largest": 1.5e-7, "where": "dense/kernel"}


@dataclass(frozen=True)
class Service(Trained):
    """A service, and what tests do to it."""

    def get(self, training_id: str, path: str = "") -> Any:
        """Return what is served of a training."""
        reply = self.client.get(f"/v1/trainings/{training_id}{path}")
        assert reply.status_code == 200, reply.text
        return reply.json()

    def text(self, training_id: str, path: str) -> str:
        """Return a document of a training as text."""
        reply = self.client.get(f"/v1/trainings/{training_id}{path}", headers={"Accept": "text/plain"})
        assert reply.status_code == 200, reply.text
        assert reply.headers["content-type"].startswith("text/plain")
        return reply.text

    def rerun(self, training_id: str) -> str:
        """Submit a rerun and return its id."""
        reply = self.client.post(f"/v1/trainings/{training_id}/rerun")
        assert reply.status_code == 202, reply.text
        return str(reply.json()["id"])

    def count(self, record: type[Any] = Training) -> int:
        """Return how many rows a table has."""
        with self.database.reading() as session:
            return session.scalars(select(func.count()).select_from(record)).one()

    def work_until_a_step_is_done(self) -> None:
        """Do what a worker does that is told to stop in the middle of an epoch."""
        work_once(self.settings, self.database, is_shutting_down=self._is_in_an_epoch)

    def _is_in_an_epoch(self) -> bool:
        with self.database.reading() as session:
            return bool(
                session.scalars(select(Training.id).where(Training.step > 0, Training.worker.is_not(None))).first()
            )

    def work_with_another_seed(self, training_id: str) -> None:
        """Let a rerun come out differently: its specification is changed behind the service's back."""
        changed = update(Training).where(Training.id == training_id)
        with self.database.transaction() as session:
            session.execute(changed.values(spec={**session.get_one(Training, training_id).spec, "seed": 99}))
        self.work()


@dataclass(frozen=True)
class Repeated:
    """Trainings that a worker carried out: an original, a rerun of it, one that was made to differ, a resumed one and its."""

    service: Service
    original: str
    again: str
    submitted: Json  # what the submission of `again` was answered
    other: str
    resumed: str
    resumed_again: str


@pytest.fixture(scope="session", params=["sqlite", "postgresql"])
def repeated(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Repeated]:
    """Real trainings and reruns, over each kind of database; shared, so tests only read them."""
    home = tmp_path_factory.mktemp("repeated")
    with ExitStack() as stack:
        url = f"sqlite:///{home / 'cyfra.sqlite3'}"
        if request.param == "postgresql":
            url = stack.enter_context(requirements.postgresql_database())
        settings = Settings(home=home, database_url=url, queue_name=f"test-{uuid.uuid4().hex}", progress_seconds=0.01)
        database = Database(settings.resolved_database_url)
        stack.callback(database.close)
        migrating.migrate(database)
        client = stack.enter_context(TestClient(create_app(settings), raise_server_exceptions=False))
        yield _repeat(Service(client, database, settings, ""))


def _repeat(service: Service) -> Repeated:
    original = service.submit(**AUGMENTED)
    service.work()
    submitted = service.client.post(f"/v1/trainings/{original}/rerun").json()
    service.work()
    other = service.rerun(original)
    service.work_with_another_seed(other)
    resumed = service.submit(
        **{**AUGMENTED, "recipe": {"epochs": 2, "batch_size": 20, "augmentation": {"zoom": 0.1}}, "register_as": None}
    )
    service.work_until_a_step_is_done()
    service.work()
    resumed_again = service.rerun(resumed)
    service.work()
    return Repeated(service, original, submitted["id"], submitted, other, resumed, resumed_again)


@pytest.fixture
def service(settings: Settings, database: Database, client: TestClient) -> Service:
    """A service without any training."""
    return Service(client, database, settings, "")


def add_receipt(
    service: Service,
    training_id: str,
    places: Sequence[tuple[int, int]] = ((0, 0),),
    *,
    weights: str = "1" * 64,
    dataset_sha256: str = SHA256,
    **made_with: Any,
) -> None:
    """Write a receipt, and an attempt that began after each of the given epochs and steps."""
    with service.database.transaction() as session:
        session.add(Receipt(training_id=training_id, weights_sha256=weights, weights={"arrays": []}))
        session.add_all(
            TrainingAttempt(
                training_id=training_id,
                attempt=number,
                after_epoch=epoch,
                after_step=step,
                dataset_sha256=dataset_sha256,
                made_with={**MADE_WITH, **made_with},
            )
            for number, (epoch, step) in enumerate(places, 1)
        )


def add_repetition(service: Service, difference: Json | None, **columns: Any) -> tuple[str, str]:
    """Write a training and a rerun that answered one of three test images otherwise; return their ids."""
    original = made_report(service.database, [0, 1, 2], [0, 1, 2], epoch=3)
    again = made_report(service.database, [0, 1, 2], [0, 1, 5], epoch=3, **columns)
    with service.database.transaction() as session:
        session.add(Rerun(training_id=again, original_id=original, difference=difference))
    return original, again
