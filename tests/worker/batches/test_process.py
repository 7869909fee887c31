"""The process beside the one that trains: it answers, and it ends when the pipe from its parent does."""

import os
import subprocess

from fastapi.testclient import TestClient

from service.database import Database
from service.settings import Settings
from tests.service.batches import batching
from tests.waiting import wait_until
from tests.workers import environment_of
from worker.batches.supervising import PROGRAM


def test_the_process_answers_batches_until_its_parent_is_gone(
    client: TestClient, settings: Settings, database: Database
) -> None:
    batching.add_model(database)
    environment = os.environ | environment_of(settings)
    with subprocess.Popen(PROGRAM, env=environment, stdin=subprocess.PIPE) as process:
        batch = batching.submitted(client, batching.npz(x=batching.shades(3)))
        own = batch["links"]["self"]
        wait_until(lambda: client.get(own).json()["state"] == "succeeded", 60, "the batch to succeed")
        assert process.poll() is None

        assert process.stdin is not None
        process.stdin.close()
        assert process.wait(30) == 0
