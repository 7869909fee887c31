"""What the tests of data sets share."""

import pytest
from fastapi.testclient import TestClient

from service.database import Database
from service.settings import Settings
from tests.service.datasets.sending import Sending


@pytest.fixture
def sending(client: TestClient, database: Database, settings: Settings) -> Sending:
    """A service to which data sets are sent."""
    return Sending(client, database, settings)
