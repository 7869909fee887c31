"""Data sets that are not on this machine: Keras' own downloads, each checked against its hash, kept in the home."""

import logging
import threading
from collections.abc import Callable
from typing import Final

import keras
import numpy as np
from numpy.typing import NDArray

from service.database import Database
from service.errors import DatasetUnavailable
from service.images.sets.opening import LabelledSet, save_set
from service.sets.opening import open_trained_on
from service.settings import Settings

logger = logging.getLogger(__name__)

Split = tuple[NDArray[np.uint8], NDArray[np.uint8]]

LOADERS: Final[dict[str, Callable[[], tuple[Split, Split]]]] = {
    "mnist": keras.datasets.mnist.load_data,
    "fashion-mnist": keras.datasets.fashion_mnist.load_data,
    "cifar10": keras.datasets.cifar10.load_data,
}
LOOK_SECONDS: Final = 0.5


def open_or_download(database: Database, settings: Settings, name: str, tick: Callable[[], None]) -> LabelledSet:
    """Return a data set that is on this machine or in the database, or download it; raise DatasetUnavailable with the ways out.

    `tick` is called while that goes on (reading 60,000 JPEGs takes half a minute, a slow network any time), and may raise to
    abandon it.
    """
    found: list[LabelledSet] = []
    failures: list[Exception] = []

    def obtain() -> None:
        try:
            found.append(_obtain(database, settings, name))
        except Exception as error:  # noqa: BLE001 - raised again, in the thread that waits
            failures.append(error)

    thread = threading.Thread(target=obtain, name=f"dataset-{name}", daemon=True)
    thread.start()
    while thread.is_alive():
        thread.join(LOOK_SECONDS)
        tick()
    if failures:
        raise failures[0]
    return found[0]


def _obtain(database: Database, settings: Settings, name: str) -> LabelledSet:
    try:
        with database.reading() as session:
            return open_trained_on(session, settings, name, None)
    except DatasetUnavailable as unavailable:
        if name not in LOADERS:
            raise
        logger.info("downloading %s", name)
        try:
            (x_train, y_train), (x_test, y_test) = LOADERS[name]()
        except Exception as error:  # Keras raises plain Exception for a URL that does not answer
            raise DatasetUnavailable(f"{unavailable.detail} The download failed: {error}"[:2000]) from error
        arrays = {"x_train": x_train, "y_train": y_train, "x_test": x_test, "y_test": y_test}
        return save_set(name, settings.home, arrays, f"keras.datasets, Keras {keras.__version__}")
