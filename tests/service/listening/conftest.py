"""An API of two processes."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.apis import Api, running_api


@pytest.fixture
def api(tmp_path: Path) -> Iterator[Api]:
    """Give one that runs."""
    with running_api(tmp_path) as api:
        yield api
