"""/livez, /readyz, /: is it alive, can it work, what is there."""

import uuid
from pathlib import Path

from fastapi.testclient import TestClient
from sqlalchemy import text

from service import migrating
from service.app import create_app
from service.database import Database
from service.settings import Settings


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
    assert reply.json()["checks"] == {"database": "ok", "broker": "ok", "disk": "ok"}


def test_what_fails_is_named(tmp_path: Path) -> None:
    with client_with(tmp_path, broker_url="redis://127.0.0.1:1/0", min_free_bytes=1 << 60) as client:
        pretend_version(tmp_path, "0001")

        reply = client.get("/readyz")

        checks = reply.json()["checks"]
        assert reply.status_code == 503
        assert checks["broker"] == "does not answer"
        assert "MiB needed" in checks["disk"]
        assert "Run `cyfra migrate` once" in checks["database"]
        assert client.get("/livez").status_code == 200


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


def test_a_browser_is_sent_to_the_documentation_and_a_program_gets_addresses(client: TestClient) -> None:
    assert client.get("/", headers={"Accept": "text/html"}, follow_redirects=False).headers["location"] == "/docs"
    assert "/predict" in client.get("/").json()["paths"]


def test_an_address_that_is_not_served_is_a_problem_too(client: TestClient) -> None:
    for method, path, status in [("GET", "/v2/nothing", 404), ("PATCH", "/v1/trainings", 405)]:
        reply = client.request(method, path)
        assert reply.status_code == status
        assert reply.headers["content-type"] == "application/problem+json"
