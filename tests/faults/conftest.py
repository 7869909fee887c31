"""Sites for the faults: SQLite with the embedded broker, PostgreSQL with Redis."""

import uuid
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest
from fastapi.testclient import TestClient

from service import migrating
from service.app import create_app
from service.database import Database
from service.settings import Settings
from tests import requirements
from tests.workers import Site


@pytest.fixture(params=["sqlite+embedded", "postgresql+redis"])
def site(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Site]:
    """A service that has just been installed, without workers yet."""
    with ExitStack() as stack:
        database_url = broker_url = None
        if request.param == "postgresql+redis":
            broker_url = requirements.redis_url()
            database_url = stack.enter_context(requirements.postgresql_database())
        settings = Settings(
            home=tmp_path,
            database_url=database_url,
            broker_url=broker_url,
            queue_name=f"test-{uuid.uuid4().hex}",
            lease_seconds=6,  # long enough for a machine that is busy with other things
            look_seconds=1,
            progress_seconds=0.1,
        )
        database = Database(settings.resolved_database_url)
        migrating.migrate(database)
        stack.callback(database.close)
        client = stack.enter_context(TestClient(create_app(settings), raise_server_exceptions=False))
        yield Site(client, settings, database)
