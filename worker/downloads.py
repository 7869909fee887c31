"""Data sets that are not on this machine: Keras' own downloads, each checked against its hash, kept in the home."""

import logging
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Final

import keras
import numpy as np
from numpy.typing import NDArray

from service.errors import DatasetUnavailable
from service.images.sets.opening import LabelledSet, open_set, save_set

logger = logging.getLogger(__name__)

Split = tuple[NDArray[np.uint8], NDArray[np.uint8]]

LOADERS: Final[dict[str, Callable[[], tuple[Split, Split]]]] = {
    "mnist": keras.datasets.mnist.load_data,
    "fashion-mnist": keras.datasets.fashion_mnist.load_data,
    "cifar10": keras.datasets.cifar10.load_data,
}
LOOK_SECONDS: Final = 0.5


def open_or_download(name: str, home: Path, datasets: Path | None, tick: Callable[[], None]) -> LabelledSet:
    """Return a data set that is on this machine, or download it; raise DatasetUnavailable with both ways out.

    `tick` is called while the download goes on, and may raise to abandon it.
    """
    try:
        return open_set(name, home, datasets)
    except DatasetUnavailable as unavailable:
        if name not in LOADERS:
            raise
        logger.info("downloading %s", name)
        (x_train, y_train), (x_test, y_test) = _download(name, tick, unavailable)
        arrays = {"x_train": x_train, "y_train": y_train, "x_test": x_test, "y_test": y_test}
        return save_set(name, home, arrays, f"keras.datasets, Keras {keras.__version__}")


def _download(name: str, tick: Callable[[], None], unavailable: DatasetUnavailable) -> tuple[Split, Split]:
    """Load with Keras in a thread of its own, so that a cancellation need not wait for a slow network."""
    loaded: list[tuple[Split, Split]] = []
    failures: list[Exception] = []

    def load() -> None:
        try:
            loaded.append(LOADERS[name]())
        except Exception as error:  # noqa: BLE001 - Keras raises plain Exception for a URL that does not answer
            failures.append(error)

    thread = threading.Thread(target=load, name=f"download-{name}", daemon=True)
    thread.start()
    while thread.is_alive():
        thread.join(LOOK_SECONDS)
        tick()
    if failures:
        raise DatasetUnavailable(f"{unavailable.detail} The download failed: {failures[0]}"[:2000]) from failures[0]
    return loaded[0]
