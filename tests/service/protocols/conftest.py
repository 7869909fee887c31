"""Handwritten digits as peers' clients send them."""

from dataclasses import dataclass

import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image

from service.images.sets.opening import open_set
from tests.pictures import encoded
from tests.trained import Trained


@dataclass(frozen=True)
class Digits:
    """The first handwritten digits of the test set, one of each class, in order."""

    pixels: NDArray[np.uint8]  # (10, 28, 28, 1), light on dark

    @property
    def scaled(self) -> NDArray[np.float32]:
        """As the network sees them."""
        return self.pixels.astype(np.float32) / np.float32(255)

    def png(self, digit: int) -> bytes:
        """One as a file."""
        return encoded(Image.fromarray(self.pixels[digit, :, :, 0]))


@pytest.fixture(scope="package")
def digits(trained: Trained) -> Digits:
    found = open_set("mnist-5k", trained.settings.home, None)
    return Digits(np.stack([found.x_test[np.flatnonzero(found.y_test == digit)[0]] for digit in range(10)]))


@pytest.fixture(scope="package")
def expected(trained: Trained, digits: Digits) -> list[list[float]]:
    """What /predict says of each."""
    files = [("file", (f"{digit}.png", digits.png(digit))) for digit in range(10)]
    answers = trained.client.post("/predict", files=files).json()["predictions"]
    return [[answer["probabilities"][str(digit)] for digit in range(10)] for answer in answers]
