"""What a worker writes: each line of a training names it, whichever thread and whichever library writes."""

import io
import json
import logging
from pathlib import Path
from typing import Any

import pytest
from fastapi.testclient import TestClient

from service import logs, migrating
from service.app import create_app
from service.database import Database
from service.settings import Settings
from tests.waiting import wait_until
from tests.workers import TINY, Site
from worker.claims import Claim
from worker.heartbeat import Heartbeat


def test_the_heartbeat_names_its_training(database: Database) -> None:
    stream = io.StringIO()
    handler = logging.StreamHandler(stream)
    handler.setFormatter(logs.formatter("json"))
    logger = logging.getLogger("worker.pulse")
    logger.addHandler(handler)
    nobodys = Claim("gone", 3, {}, None)

    with (
        logs.bound(training="gone", attempt=3),
        Heartbeat(database, nobodys, lease_seconds=0.2, seconds_left=60) as heartbeat,
    ):
        wait_until(heartbeat.lost.is_set)
    logger.removeHandler(handler)

    (line,) = [json.loads(line) for line in stream.getvalue().splitlines()]
    assert (line["training"], line["attempt"], line["level"]) == ("gone", 3, "warning")
    assert "lost its lease" in line["event"]


def test_a_real_worker_writes_nothing_but_json_and_its_trainings_lines_name_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("CYFRA_LOG_FORMAT", "json")
    settings = Settings(home=tmp_path, queue_name="test-logs", look_seconds=1)
    database = Database(settings.resolved_database_url)
    migrating.migrate(database)
    with TestClient(create_app(settings)) as client:
        site = Site(client, settings, database)
        with site.worker() as worker:
            worker.wait_until_ready()
            training_id = site.submit(**TINY)
            site.wait_for(training_id, "succeeded")
            assert worker.stop() == 0
            written = worker.log.read_text().splitlines()
    database.close()
    lines: list[dict[str, Any]] = [json.loads(line) for line in written if line.startswith("{")]

    # Celery writes this with no logger, from inside a signal handler.
    assert {line for line in written if not line.startswith("{")} <= {"", "worker: Warm shutdown (MainProcess)"}
    of_training = [line for line in lines if line.get("training") == training_id]
    assert any("attempt 1 begins" in line["event"] for line in of_training)
    assert any("succeeded" in line["event"] for line in of_training)
    assert {line["attempt"] for line in of_training} == {1}
    assert any(line["logger"].startswith("celery.") for line in lines)
    assert len({line["process"] for line in lines}) == 2
    (ready,) = [line for line in lines if "ready to train" in line["event"]]
    assert ready["logger"] == "worker.app"
    assert "training" not in ready
