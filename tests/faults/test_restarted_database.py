"""PostgreSQL is restarted while clients submit and workers train: what was acknowledged is there, and ends once."""

import random
import threading
import time
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path

import pytest
from sqlalchemy import select

from service.records import TrainingLabel
from tests.faults.clusters import WAYS_TO_STOP, Cluster, cluster
from tests.faults.conftest import Uninterrupted, new_site
from tests.faults.nursery import Nursery
from tests.faults.results import SMALL, assert_one_result, history, weights
from tests.faults.rounds import FULL, rounds
from tests.workers import Site

CLIENTS = 3
EACH = 2 if FULL else 1  # trainings of one client in a round
KIND = "postgresql+redis"


@dataclass
class Submitter:
    """A client that submits some trainings, each again and again with its key until the service takes it."""

    site: Site
    name: str
    acknowledged: list[str] = field(default_factory=list)
    refused: list[int] = field(default_factory=list)

    def run(self) -> None:
        """Submit them all."""
        for number in range(EACH):
            self._submit(f"{self.name}-{number}")

    def _submit(self, key: str) -> None:
        body = {**SMALL, "labels": {"submitted": key}}
        deadline = time.monotonic() + 120
        while time.monotonic() < deadline:
            reply = self.site.client.post("/v1/trainings", json=body, headers={"Idempotency-Key": key})
            if reply.status_code == 202:
                self.acknowledged.append(reply.json()["id"])
                return
            self.refused.append(reply.status_code)
            time.sleep(0.2)


@pytest.fixture
def server() -> Iterator[Cluster]:
    with cluster() as server:
        yield server


def test_postgresql_is_restarted_under_load(
    server: Cluster, tmp_path: Path, nursery: Nursery, uninterrupted: Uninterrupted
) -> None:
    overrides = {"lease_seconds": 3, "checkpoint_seconds": 0.2, "max_attempts": 1000, "threads": 1}
    with ExitStack() as stack:
        site = stack.enter_context(new_site(KIND, tmp_path, database_url=server.url, **overrides))
        whole = stack.enter_context(site.worker()) if FULL else None  # it costs ten seconds to start
        for _ in range(1 if whole else 2):
            stack.enter_context(nursery.worker(site.settings))
        counted = rounds("database restarted under load", KIND, full=20, short=len(WAYS_TO_STOP))
        for number, rng in enumerate(counted):
            way = list(WAYS_TO_STOP)[number % len(WAYS_TO_STOP)]
            restart_under_load(site, server, way, rng, uninterrupted)
        assert whole is None or whole.process.poll() is None


def restart_under_load(site: Site, server: Cluster, way: str, rng: random.Random, uninterrupted: Uninterrupted) -> None:
    name = f"{way}-{rng.randrange(2**64):x}"
    clients = [Submitter(site, f"{name}-{number}") for number in range(CLIENTS)]
    threads = [threading.Thread(target=client.run) for client in clients]
    for thread in threads:
        thread.start()
    time.sleep(rng.uniform(0, 2 * uninterrupted.seconds))  # the moment is the point
    server.stop(way)
    time.sleep(rng.uniform(0, 2))
    server.start()
    for thread in threads:
        thread.join()

    acknowledged = [training_id for client in clients for training_id in client.acknowledged]
    assert len(acknowledged) == CLIENTS * EACH
    assert sorted(labelled(site, name)) == sorted(acknowledged)
    assert {status for client in clients for status in client.refused} <= {503, 409}
    for training_id in acknowledged:
        training = site.wait_for(training_id, "succeeded", "failed", seconds=600)
        assert training["state"] == "succeeded", training
        assert weights(site, training_id) == uninterrupted.weights
        assert history(site, training_id) == uninterrupted.history
        assert_one_result(site, training_id)


def labelled(site: Site, name: str) -> list[str]:
    with site.database.reading() as session:
        return list(session.scalars(select(TrainingLabel.training_id).where(TrainingLabel.value.startswith(name))))
