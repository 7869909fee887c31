"""Real data sets for the tests of images."""

import os
from pathlib import Path

import pytest

from service.images.sets.opening import LabelledSet, open_set


@pytest.fixture(scope="session")
def mnist_5k(tmp_path_factory: pytest.TempPathFactory) -> LabelledSet:
    """The set that is always there, prepared once."""
    return open_set("mnist-5k", tmp_path_factory.mktemp("home"), None)


@pytest.fixture(scope="session")
def datasets() -> Path:
    """The folder of data sets; without it the test is skipped."""
    folder = os.environ.get("CYFRA_DATASETS")
    if not folder:
        pytest.skip("CYFRA_DATASETS is not set")
    return Path(folder)
