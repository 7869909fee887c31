"""Databases, brokers and applications for all tests; each over SQLite and PostgreSQL, or both brokers, where it matters."""

import shutil
import uuid
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from fastapi.testclient import TestClient

from service import migrating
from service.database import Database
from service.settings import Settings
from tests import grouping, requirements
from worker.learning import backend

# TensorFlow reads its settings once, when the first test imports it. Processes side by side have a thread each.
backend.configure(1 if grouping.IS_SIDE_BY_SIDE else None)

if TYPE_CHECKING:
    from tests.trained import Trained


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Say which tests share a process."""
    grouping.group(items)


@pytest.fixture(params=["sqlite", "postgresql"])
def empty_database_url(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[str]:
    """An empty database of each kind."""
    if request.param == "sqlite":
        yield f"sqlite:///{tmp_path / 'cyfra.sqlite3'}"
        return
    with requirements.postgresql_database() as url:
        yield url


@pytest.fixture(scope="session")
def migrated_sqlite(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A migrated SQLite file, to copy."""
    path = tmp_path_factory.mktemp("migrated") / "cyfra.sqlite3"
    _migrate(f"sqlite:///{path}")
    return path


@pytest.fixture(scope="session")
def migrated_postgresql() -> Iterator[str]:
    """The name of a migrated PostgreSQL database, to copy."""
    with requirements.postgresql_database() as url:
        _migrate(url)
        yield url.rpartition("/")[2]


def _migrate(url: str) -> None:
    database = Database(url)
    migrating.migrate(database)
    database.close()


@pytest.fixture(params=["sqlite", "postgresql"])
def database_url(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[str]:
    """A migrated database of each kind."""
    if request.param == "sqlite":
        path = tmp_path / "cyfra.sqlite3"
        shutil.copyfile(request.getfixturevalue("migrated_sqlite"), path)
        yield f"sqlite:///{path}"
        return
    with requirements.postgresql_database(request.getfixturevalue("migrated_postgresql")) as url:
        yield url


@pytest.fixture
def database(database_url: str) -> Iterator[Database]:
    """A migrated database of each kind."""
    database = Database(database_url)
    yield database
    database.close()


@pytest.fixture
def settings(tmp_path: Path, database_url: str) -> Settings:
    """Settings of a service that has just been installed, over each kind of database."""
    return Settings(
        home=tmp_path,
        database_url=database_url,
        queue_name=f"test-{uuid.uuid4().hex}",
        lease_seconds=2,
        look_seconds=0.5,
        progress_seconds=0.05,
    )


@pytest.fixture
def client(settings: Settings, database: Database) -> Iterator[TestClient]:
    """The API, without any worker."""
    from service.app import create_app  # noqa: PLC0415 - tests of the worker need none of it

    with TestClient(create_app(settings), raise_server_exceptions=False) as client:
        yield client


@pytest.fixture(scope="session", params=["sqlite", "postgresql"])
def trained(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator["Trained"]:
    """A service that has carried out one training, over each kind of database; shared, so tests add to it only."""
    from tests.trained import trained_service  # noqa: PLC0415 - it imports Keras

    home = tmp_path_factory.mktemp("trained")
    with ExitStack() as stack:
        url = f"sqlite:///{home / 'cyfra.sqlite3'}"
        if request.param == "postgresql":
            url = stack.enter_context(requirements.postgresql_database())
        settings = Settings(home=home, database_url=url, queue_name=f"test-{uuid.uuid4().hex}", progress_seconds=0.05)
        yield stack.enter_context(trained_service(settings))
