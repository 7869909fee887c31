"""/livez, /readyz, /: is it alive, can it work, what is there."""

import socket
import time
import uuid
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from fastapi.testclient import TestClient
from sqlalchemy import text

from service import migrating
from service.app import create_app
from service.database import Database
from service.records import Training, TrainingState, Worker
from service.records.clock import seconds_from_now
from service.settings import Settings
from tests.waiting import wait_until


def client_with(home: Path, **settings: object) -> TestClient:
    found = Settings(home=home, queue_name=f"test-{uuid.uuid4().hex}").model_copy(update=settings)
    database = Database(found.resolved_database_url)
    migrating.migrate(database)
    database.close()
    return TestClient(create_app(found), raise_server_exceptions=False)


def pretend_version(home: Path, version: str) -> None:
    """Write another version into the database than the one it has."""
    database = Database(f"sqlite:///{home / 'cyfra.sqlite3'}")
    with database.transaction() as session:
        session.execute(text("UPDATE alembic_version SET version_num = :version"), {"version": version})
    database.close()


def test_a_healthy_service_is_alive_and_ready(client: TestClient) -> None:
    assert client.get("/livez").json() == {"status": "ok"}
    reply = client.get("/readyz")
    assert reply.status_code == 200
    assert reply.json() == {
        "status": "ok",
        "checks": {
            "database": "ok",
            "broker": "ok",
            "disk": "ok",
            "workers": "0 seen within 60 s",
            "queue": "nothing waits",
        },
        "warnings": [],
    }


def test_what_fails_is_named(tmp_path: Path) -> None:
    with client_with(tmp_path, broker_url="redis://127.0.0.1:1/0", min_free_bytes=1 << 60) as client:
        pretend_version(tmp_path, "0001")

        reply = client.get("/readyz")

        checks = reply.json()["checks"]
        assert reply.status_code == 503
        assert checks["broker"].startswith("does not answer: redis://")
        assert "127.0.0.1:1" in checks["broker"]
        assert str(tmp_path) in checks["disk"]
        assert "MiB needed" in checks["disk"]
        assert "Run `cyfra migrate` once" in checks["database"]
        assert client.get("/livez").status_code == 200


def queue_training(database: Database, name: str) -> None:
    with database.transaction() as session:
        session.add(Training(id=name, owner="anybody", state=TrainingState.QUEUED, spec={}, dataset="mnist-5k"))


def test_a_queue_that_nobody_works_on_is_a_warning_and_the_service_is_ready(
    client: TestClient, database: Database
) -> None:
    with database.transaction() as session:
        session.add(Worker(name="gone", seen_at=seconds_from_now(-61)))
    queue_training(database, "first")
    queue_training(database, "second")

    reply = client.get("/readyz")

    body = reply.json()
    assert (reply.status_code, body["status"]) == (200, "ok")
    assert body["checks"]["workers"] == "0 seen within 60 s"
    assert body["checks"]["queue"].startswith("2 trainings wait, the oldest for ")
    assert len(body["warnings"]) == 1
    assert "2 trainings wait, and no worker has been seen" in body["warnings"][0]
    assert "`cyfra worker`" in body["warnings"][0]


def test_a_queue_that_a_worker_works_on_is_no_warning(client: TestClient, database: Database) -> None:
    with database.transaction() as session:
        session.add(Worker(name="here"))
    queue_training(database, "waits")

    body = client.get("/readyz").json()

    assert body["checks"]["workers"] == "1 seen within 60 s"
    assert body["checks"]["queue"].startswith("1 training waits")
    assert body["warnings"] == []


@pytest.fixture
def silent_port() -> Iterator[int]:
    """A port that takes connections and never says a word."""
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        listener.listen(64)
        yield listener.getsockname()[1]


def test_a_broker_that_hangs_is_named_in_time_however_many_ask(tmp_path: Path, silent_port: int) -> None:
    with client_with(tmp_path, broker_url=f"redis://:secret@127.0.0.1:{silent_port}/0") as client:
        began = time.monotonic()
        with ThreadPoolExecutor(20) as pool:
            replies = list(pool.map(lambda _: client.get("/readyz"), range(20)))
        took = time.monotonic() - began

        assert took < 10
        assert {reply.status_code for reply in replies} == {503}
        for reply in replies:
            checks = reply.json()["checks"]
            assert checks["broker"] != "ok"
            assert "secret" not in checks["broker"]
            assert checks["database"] == "ok"


def test_what_cannot_be_counted_is_said_without_the_statement_and_known_again_later(
    client: TestClient, database: Database
) -> None:
    with database.engine.execution_options(writes=True).begin() as connection:
        connection.execute(text("ALTER TABLE trainings RENAME TO gone"))
    queue = client.get("/readyz").json()["checks"]["queue"]
    assert queue.startswith("not known: ")
    assert "trainings" in queue
    assert "count(" not in queue

    with database.engine.execution_options(writes=True).begin() as connection:
        connection.execute(text("ALTER TABLE gone RENAME TO trainings"))
    wait_until(lambda: client.get("/readyz").json()["checks"]["queue"] == "nothing waits", what="the queue again")


def test_a_database_that_is_away_is_named_with_its_reason(tmp_path: Path) -> None:
    with client_with(tmp_path) as client:
        for part in tmp_path.glob("cyfra.sqlite3*"):
            part.unlink()
        (tmp_path / "cyfra.sqlite3").mkdir()
        client.app.state.resources.database.engine.dispose()  # type: ignore[attr-defined] # a FastAPI

        reply = client.get("/readyz")

    assert reply.status_code == 503
    checks = reply.json()["checks"]
    assert "unable to open database file" in checks["database"]
    assert "SELECT" not in checks["database"]
    assert checks["workers"].startswith("not known: ")


def test_a_service_that_runs_stays_ready_when_a_newer_one_has_migrated(tmp_path: Path) -> None:
    with client_with(tmp_path) as client:
        pretend_version(tmp_path, "9999")

        assert client.get("/readyz").json()["checks"]["database"] == "ok"
        assert client.post("/v1/trainings", json={"preset": "quickstart"}).status_code == 202


def test_a_database_that_goes_away_gives_503_and_no_traceback(tmp_path: Path) -> None:
    with client_with(tmp_path) as client:
        database = tmp_path / "cyfra.sqlite3"
        for part in tmp_path.glob("cyfra.sqlite3*"):
            part.unlink()
        database.mkdir()
        client.app.state.resources.database.engine.dispose()  # type: ignore[attr-defined] # a FastAPI

        reply = client.get("/v1/trainings")

    assert reply.status_code == 503
    assert reply.headers["content-type"] == "application/problem+json"
    assert reply.headers["retry-after"] == "5"


def test_an_address_that_is_not_served_is_a_problem_too(client: TestClient) -> None:
    for method, path, status in [("GET", "/v2/nothing", 404), ("PATCH", "/v1/trainings", 405)]:
        reply = client.request(method, path)
        assert reply.status_code == status
        assert reply.headers["content-type"] == "application/problem+json"
