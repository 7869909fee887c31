"""A server for the tests of this folder."""

from collections.abc import Iterator

import pytest

from service.settings import Settings
from tests.service.live.serving import Server, served


@pytest.fixture
def server(settings: Settings) -> Iterator[Server]:
    """A server over each kind of database."""
    with served(settings) as server:
        yield server
