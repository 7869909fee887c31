"""Backup and restore as docs/deploy.md tells: the very lines of that page, in a shell, while the service goes on."""

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from fastapi.testclient import TestClient
from sqlalchemy.engine import make_url

from service.app import create_app
from service.settings import Settings
from tests import requirements

ROOT = Path(__file__).parent.parent
POSTGRESQL = ("pg_dump", "dropdb", "createdb", "pg_restore")


def documented_line(part: str, number: int = 0) -> str:
    """Return the command of the page's that holds `part`."""
    lines = re.findall(r"^    (.*)$", (ROOT / "docs" / "deploy.md").read_text(), re.MULTILINE)
    return [line for line in lines if part in line][number]


def carry_out(line: str, folder: Path, **environment: str) -> None:
    """Run one line of the page in a shell."""
    done = subprocess.run(
        ["/bin/sh", "-ec", line], cwd=folder, env=os.environ | environment, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr


def ids(client: TestClient) -> list[str]:
    return [training["id"] for training in client.get("/v1/trainings").json()["trainings"]]


def submit(client: TestClient) -> str:
    return str(client.post("/v1/trainings", json={"preset": "quickstart"}).json()["id"])


def test_a_postgresql_comes_back_from_its_dump(tmp_path: Path) -> None:
    for name in POSTGRESQL:
        if shutil.which(name) is None:
            requirements.missing(name, "PATH")
    with requirements.postgresql_database() as url:
        settings = Settings(home=tmp_path, database_url=url)
        place = make_url(url)
        variables = {"PGHOST": place.host or "", "PGPORT": str(place.port or 5432), "PGPASSWORD": place.password or ""}

        def container(line: str) -> None:
            line = line.replace("docker compose exec -T postgres ", "").replace(
                "--username=cyfra", f"--username={place.username}"
            )
            carry_out(re.sub(r"\bcyfra(?= |$)", place.database or "", line), tmp_path, **variables)

        carry_out(f"{sys.executable} -m service.cli migrate", ROOT, CYFRA_DATABASE_URL=url)
        with TestClient(create_app(settings)) as client:
            before = [submit(client)]
            container(documented_line("pg_dump"))
            submit(client)

        for name in POSTGRESQL[1:]:
            container(documented_line(f" {name} "))

        with TestClient(create_app(settings)) as client:
            assert ids(client) == before
            assert submit(client) in ids(client)


@pytest.mark.skipif(sys.platform != "linux", reason="pysqlite3 has packages for Linux alone")
def test_a_sqlite_comes_back_from_its_copy(tmp_path: Path) -> None:
    settings = Settings(home=tmp_path / "var")
    carry_out(f"{sys.executable} -m service.cli migrate", ROOT, CYFRA_HOME=str(settings.home))
    with TestClient(create_app(settings)) as client:
        before = [submit(client)]
        carry_out(documented_line("VACUUM INTO").replace(".venv/bin/python", sys.executable), tmp_path)
        submit(client)

    carry_out(documented_line("cyfra.sqlite3-wal"), tmp_path)
    carry_out(documented_line("cp cyfra-backup"), tmp_path)

    with TestClient(create_app(settings)) as client:
        assert ids(client) == before
        assert submit(client) in ids(client)
