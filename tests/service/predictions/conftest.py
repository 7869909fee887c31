"""A handwritten digit that the model has not seen."""

import numpy as np
import pytest
from PIL import Image

from service.images.sets.opening import open_set
from tests.trained import Trained


@pytest.fixture(scope="package")
def seven(trained: Trained) -> Image.Image:
    """A handwritten 7, 28x28, light on dark."""
    found = open_set("mnist-5k", trained.settings.home, None)
    return Image.fromarray(found.x_test[np.flatnonzero(found.y_test == 7)[0], :, :, 0])
