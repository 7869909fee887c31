"""A disk that is really full: what clients are told, what goes on, and that nothing is half-written."""

import shutil
import subprocess
import sys
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from fastapi import FastAPI
from fastapi.testclient import TestClient
from sqlalchemy import select, text
from starlette.responses import Response

from service.app import create_app
from service.database import Database
from service.edge import problems
from service.records import Training, TrainingChange
from service.settings import Settings
from tests import disks
from tests.disks import SmallDisk

DISK_MEGABYTES = 8
BODY = {"preset": "quickstart", "labels": {"why": "x" * 200}}


@dataclass(frozen=True)
class Site:
    """A service whose trainings are on a small disk."""

    client: TestClient
    database: Database
    disk: SmallDisk
    settings: Settings

    def submit(self) -> Any:
        return self.client.post("/v1/trainings", json=BODY)

    def submit_until_refused(self) -> tuple[list[str], Any]:
        """Return the ids of what was accepted, and the first other reply."""
        accepted = []
        while len(accepted) < 5000:
            reply = self.submit()
            if reply.status_code != 202:
                return accepted, reply
            accepted.append(reply.json()["id"])
        raise AssertionError("the disk was never full")


@contextmanager
def site_on(url: str, disk: SmallDisk, home: Path, **settings: Any) -> Iterator[Site]:
    found = Settings(home=home, database_url=url, queue_name=f"test-{uuid.uuid4().hex}", **settings)
    database = Database(url)
    with TestClient(create_app(found), raise_server_exceptions=False) as client:
        yield Site(client, database, disk, found)
    database.close()


@pytest.fixture
def sqlite_site(migrated_sqlite: Path) -> Iterator[Site]:
    with disks.small_disk(DISK_MEGABYTES) as disk:
        shutil.copyfile(migrated_sqlite, disk.path / "cyfra.sqlite3")
        with site_on(f"sqlite:///{disk.path / 'cyfra.sqlite3'}", disk, disk.path, min_free_bytes=0) as site:
            yield site


@pytest.fixture(params=["sqlite", "postgresql"])
def site(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Site]:
    if request.param == "sqlite":
        yield request.getfixturevalue("sqlite_site")
        return
    template = request.getfixturevalue("migrated_postgresql")
    with (
        disks.postgresql_on_small_disk(DISK_MEGABYTES, template) as (url, disk),
        site_on(url, disk, tmp_path, min_free_bytes=0) as site,
    ):
        yield site


def require_whole(site: Site, accepted: list[str]) -> None:
    """Check that the database holds what was accepted, each with its first change, and nothing else."""
    with site.database.reading() as session:
        assert sorted(session.scalars(select(Training.id))) == sorted(accepted)
        changed = session.scalars(select(TrainingChange.training_id).where(TrainingChange.reason == "submitted"))
        assert sorted(changed) == sorted(accepted)
        if site.database.is_sqlite:
            assert session.scalars(text("PRAGMA integrity_check")).all() == ["ok"]
            assert session.execute(text("PRAGMA foreign_key_check")).all() == []


def test_a_submit_that_finds_no_room_is_told_so_and_the_service_goes_on_when_there_is_room(site: Site) -> None:
    before = site.submit().json()["id"]
    site.disk.fill()

    accepted, refused = site.submit_until_refused()

    problem = refused.json()
    assert refused.status_code == 507, refused.text
    assert refused.headers["content-type"] == "application/problem+json"
    assert int(refused.headers["retry-after"]) == problem["retry_after_seconds"] > 0
    assert problem["type"] == "/problems/storage-full"
    assert "cyfra prune" in problem["detail"]
    assert site.client.get(problem["type"]).json()["status"] == 507
    require_whole(site, [before, *accepted])
    assert len(site.client.get("/v1/trainings").json()["trainings"]) == min(20, 1 + len(accepted))

    site.disk.empty()
    after = site.submit()

    assert after.status_code == 202, after.text
    require_whole(site, [before, *accepted, after.json()["id"]])


def test_a_full_disk_stops_no_reader_and_no_cancel_leaves_half_of_it(site: Site) -> None:
    site.disk.fill()
    accepted, _ = site.submit_until_refused()
    site.disk.empty()
    waiting = [*accepted, site.submit().json()["id"]]
    site.disk.fill()
    site.submit_until_refused()

    replies = {each: site.client.post(f"/v1/trainings/{each}/cancel").status_code for each in waiting[-20:]}

    assert set(replies.values()) <= {202, 507}
    states = {each: site.client.get(f"/v1/trainings/{each}").json() for each in replies}
    for each, status in replies.items():
        assert states[each]["state"] == ("cancelled" if status == 202 else "queued")
        assert [change["state"] for change in states[each]["changes"]][-1] == states[each]["state"]


def test_trainings_are_refused_before_the_disk_is_full_and_what_runs_can_still_end(migrated_sqlite: Path) -> None:
    with disks.small_disk(DISK_MEGABYTES) as disk:
        shutil.copyfile(migrated_sqlite, disk.path / "cyfra.sqlite3")
        with site_on(f"sqlite:///{disk.path / 'cyfra.sqlite3'}", disk, disk.path, min_free_bytes=4 << 20) as site:
            accepted = site.submit().json()["id"]
            disk.fill(leave_bytes=2 << 20)

            refused = site.submit()

            assert refused.status_code == 507
            assert "at least 4 MiB are kept" in refused.json()["detail"]
            assert int(refused.headers["retry-after"]) > 0
            assert site.client.post(f"/v1/trainings/{accepted}/cancel").status_code == 202
            assert site.client.get(f"/v1/trainings/{accepted}").json()["state"] == "cancelled"
            assert site.client.get("/readyz").json()["checks"]["disk"].endswith("at least 4 MiB needed")
            require_whole(site, [accepted])

            disk.empty()
            assert site.submit().status_code == 202


@pytest.mark.parametrize("command", ["migrate", "prune", "api"])
def test_a_command_that_finds_the_disk_full_says_so_plainly(command: str, migrated_sqlite: Path) -> None:
    with disks.small_disk(DISK_MEGABYTES) as disk:
        if command != "migrate":
            shutil.copyfile(migrated_sqlite, disk.path / "cyfra.sqlite3")
        disk.fill()

        done = subprocess.run(
            [sys.executable, "-m", "service.cli", command],
            env={"CYFRA_HOME": str(disk.path), "PATH": "/usr/bin:/bin", "PYTHONPATH": ":".join(sys.path)},
            capture_output=True,
            text=True,
            timeout=60,
            check=False,
        )

        assert done.returncode == 3, done.stderr
        assert "is full" in done.stderr
        assert "cyfra prune" in done.stderr
        assert "Traceback" not in done.stderr


def test_a_file_that_finds_no_room_is_the_same_problem_and_another_fault_of_files_is_not() -> None:
    app = FastAPI()
    problems.install(app)
    with disks.small_disk(1) as disk:

        @app.post("/written")
        def written() -> Response:
            (disk.path / "large").write_bytes(b"\0" * (2 << 20))
            return Response()

        @app.post("/missing")
        def missing() -> Response:
            (disk.path / "no" / "such").write_bytes(b"")
            return Response()

        client = TestClient(app, raise_server_exceptions=False)
        full, other = client.post("/written"), client.post("/missing")

    assert (full.status_code, full.json()["type"]) == (507, "/problems/storage-full")
    assert (other.status_code, other.json()["type"]) == (500, "/problems/internal")
