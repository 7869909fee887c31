"""CIFAR-10 as its author publishes it: `cifar-10-python.tar.gz`, a tar of pickles.

A pickle can run code, so these are read by an unpickler that knows NumPy arrays and nothing else, and members of the tar are
read by name, never unpacked. Format: https://www.cs.toronto.edu/~kriz/cifar.html.
"""

import pickle
import tarfile
import zlib
from pathlib import Path
from typing import IO, Final

import numpy as np
from numpy.typing import NDArray

from service.errors import DatasetUnavailable
from service.images.sets import store
from service.images.sets.catalogue import Builtin

FOLDER: Final = "cifar-10-batches-py"
BATCHES: Final = {"train": [f"data_batch_{number}" for number in range(1, 6)], "test": ["test_batch"]}

# `_reconstruct` lives in numpy.core in NumPy 1, which wrote the published files, and in numpy._core in NumPy 2.
_ALLOWED: Final = {
    ("numpy", "ndarray"),
    ("numpy", "dtype"),
    ("numpy.core.multiarray", "_reconstruct"),
    ("numpy._core.multiarray", "_reconstruct"),
    ("_codecs", "encode"),
}


class _ArraysOnly(pickle.Unpickler):
    def find_class(self, module: str, name: str) -> object:
        if (module, name) not in _ALLOWED:
            raise pickle.UnpicklingError(f"it asks for {module}.{name}")
        return super().find_class(module.replace("numpy.core", "numpy._core"), name)


def read_batches(builtin: Builtin, home: Path, source: Path) -> None:
    """Prepare a data set from a tar of batches, one batch in memory at a time; raise DatasetUnavailable."""
    try:
        with tarfile.open(source) as archive, store.being_written(builtin, home, source.name) as folder:
            for split, count in (("train", builtin.train_count), ("test", builtin.test_count)):
                _read_split(archive, split, count, builtin.shape, folder)
    except (OSError, EOFError, KeyError, ValueError, TypeError, AttributeError, IndexError, zlib.error) as error:
        raise _unreadable(source, error) from error
    except (tarfile.TarError, pickle.UnpicklingError) as error:
        raise _unreadable(source, error) from error


def _read_split(archive: tarfile.TarFile, split: str, count: int, shape: tuple[int, int, int], folder: Path) -> None:
    height, width, channels = shape
    labels: list[int] = []
    images = store.blank(folder, f"x_{split}", (count, *shape))
    for name in BATCHES[split]:
        member = archive.extractfile(f"{FOLDER}/{name}")
        if member is None:
            raise ValueError(f"{FOLDER}/{name} is not a file")
        rows, found = _read_batch(member)
        # A row holds all reds, then all greens, then all blues.
        pictures = rows.reshape(-1, channels, height, width).transpose(0, 2, 3, 1)
        images[len(labels) : len(labels) + len(found)] = pictures
        labels.extend(found)
    images.flush()
    np.save(folder / f"y_{split}.npy", np.array(labels, dtype=np.uint8))


def _read_batch(file: IO[bytes]) -> tuple[NDArray[np.uint8], list[int]]:
    batch = _ArraysOnly(file, encoding="bytes").load()
    rows, labels = batch[b"data"], batch[b"labels"]
    if not isinstance(rows, np.ndarray) or rows.dtype != np.uint8 or len(rows) != len(labels):
        raise ValueError("a batch is not uint8 rows with a label each")
    return rows, [int(label) for label in labels]


def _unreadable(source: Path, error: Exception) -> DatasetUnavailable:
    return DatasetUnavailable(
        f"{source} cannot be read as the CIFAR-10 of its author, a tar of pickled batches: {error}"
    )
