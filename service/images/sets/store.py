"""The prepared form of a data set: a folder with four arrays that are mapped into memory, and what is known of them.

    <home>/datasets/<name>/about.json  x_train.npy  y_train.npy  x_test.npy  y_test.npy

A folder appears whole or not at all: it is written under another name and then renamed. Two processes that prepare the same
data set at once both succeed, one of them in vain.
"""

import hashlib
import json
import math
import os
import shutil
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from service import storage
from service.errors import DatasetUnavailable, StorageFull
from service.images.sets.catalogue import Builtin, KnownSet

ARRAYS: Final = ("x_train", "y_train", "x_test", "y_test")
ABOUT: Final = "about.json"
BLOCK: Final = 1 << 20

Pixels = NDArray[np.uint8]
Labels = NDArray[np.uint8] | NDArray[np.uint16]


@dataclass(frozen=True, eq=False)
class LabelledSet:
    """A data set, mapped into memory.

    `x_*` are `(n, height, width, channels)` uint8, `y_*` are `(n,)` class indices, uint8 for up to 256 classes; all read-only.
    """

    name: str
    classes: tuple[str, ...]
    shape: tuple[int, int, int]
    handwriting: bool
    sha256: str
    source: str
    x_train: Pixels
    y_train: Labels
    x_test: Pixels
    y_test: Labels


def load(builtin: Builtin, home: Path) -> LabelledSet | None:
    """Open a prepared data set; None if it has not been prepared, or what was prepared is damaged."""
    folder = _folder(builtin.name, home)
    sha256, source = _about(folder, "sha256"), _about(folder, "source")
    if sha256 is None or source is None:
        return None
    return opened(folder, builtin, sha256, source)


def opened(folder: Path, known: KnownSet, sha256: str, source: str) -> LabelledSet | None:
    """Open the arrays in a folder as the data set that is known; None if they are not there, or damaged."""
    try:
        arrays = arrays_of(folder)
    except (OSError, EOFError, ValueError):
        return None
    return LabelledSet(
        name=known.name,
        classes=known.classes,
        shape=known.shape,
        handwriting=known.handwriting,
        sha256=sha256,
        source=source,
        **arrays,
    )


def arrays_of(folder: Path) -> dict[str, NDArray[Any]]:
    """Map the four arrays of a folder into memory; raise OSError, EOFError or ValueError if they are not there or damaged."""
    return {name: np.load(folder / f"{name}.npy", mmap_mode="r", allow_pickle=False) for name in ARRAYS}


def known_sha256(name: str, home: Path) -> str | None:
    """Return the content's SHA-256 of a prepared data set without opening its arrays."""
    return _about(_folder(name, home), "sha256")


def _about(folder: Path, field: str) -> str | None:
    try:
        return str(json.loads((folder / ABOUT).read_text())[field])
    except (OSError, ValueError, LookupError, TypeError):
        return None


@contextmanager
def being_written(builtin: Builtin, home: Path, source: str) -> Iterator[Path]:
    """Give a folder to write the four arrays into; afterwards they are checked, and are the prepared data set.

    Raise DatasetUnavailable for wrong contents, StorageFull if the disk has no room for it.
    """
    target = _folder(builtin.name, home)
    target.parent.mkdir(parents=True, exist_ok=True)
    _require_room(builtin, target.parent)
    with (
        _said_plainly(),
        tempfile.TemporaryDirectory(prefix=f".{builtin.name}-", dir=target.parent, ignore_cleanup_errors=True) as made,
    ):
        folder = Path(made) / "set"
        folder.mkdir()
        yield folder
        arrays = arrays_of(folder)
        sha256 = _checked(builtin, arrays, source)
        about = {
            "name": builtin.name,
            "sha256": sha256,
            "source": source,
            "classes": builtin.classes,
            "shape": builtin.shape,
            "train_per_class": np.bincount(arrays["y_train"]).tolist(),
            "test_per_class": np.bincount(arrays["y_test"]).tolist(),
        }
        (folder / ABOUT).write_text(json.dumps(about, indent=1))
        _put_in_place(builtin, home, folder)


def blank(folder: Path, name: str, shape: tuple[int, ...]) -> np.memmap[tuple[int, ...], np.dtype[np.uint8]]:
    """Return a uint8 array that is a file of the folder, to be filled piece by piece.

    Its room on the disk is taken at once: to write into a mapped file for which there is none kills the process.
    """
    file = folder / f"{name}.npy"
    array = np.lib.format.open_memmap(file, mode="w+", dtype=np.uint8, shape=shape)
    if hasattr(os, "posix_fallocate"):
        with file.open("r+b") as opened:
            os.posix_fallocate(opened.fileno(), 0, file.stat().st_size)
    return array


def content_sha256(arrays: Mapping[str, NDArray[Any]]) -> str:
    """Return the SHA-256 over the four arrays in the order of `ARRAYS`.

    Each gives its name, dtype and shape as text (`x_train uint8 (4000, 28, 28, 1)` and a line feed), then its bytes in C order.
    """
    digest = hashlib.sha256()
    for name in ARRAYS:
        array = arrays[name]
        digest.update(f"{name} {array.dtype} {array.shape}\n".encode())
        rows = max(1, BLOCK // max(1, array[:1].nbytes))
        for start in range(0, len(array), rows):
            digest.update(np.ascontiguousarray(array[start : start + rows]).data)
    return digest.hexdigest()


def files_sha256(folder: Path) -> str:
    """Return the same of the four arrays in a folder, read as files: mapped ones would count as this process's memory.

    Raises OSError, or ValueError for a file that is no array of a known header.
    """
    digest = hashlib.sha256()
    for name in ARRAYS:
        with (folder / f"{name}.npy").open("rb") as file:
            if np.lib.format.read_magic(file) != (1, 0):
                raise ValueError(f"{name}.npy has another header than ours")
            shape, _, dtype = np.lib.format.read_array_header_1_0(file)
            digest.update(f"{name} {dtype} {shape}\n".encode())
            while block := file.read(BLOCK):
                digest.update(block)
    return digest.hexdigest()


def _checked(builtin: Builtin, arrays: Mapping[str, Pixels], source: str) -> str:
    wanted = {
        "x_train": (builtin.train_count, *builtin.shape),
        "y_train": (builtin.train_count,),
        "x_test": (builtin.test_count, *builtin.shape),
        "y_test": (builtin.test_count,),
    }
    for name, shape in wanted.items():
        array = arrays[name]
        if array.dtype != np.uint8 or array.shape != shape:
            raise DatasetUnavailable(
                f"{source} is not {builtin.title}: its {name} is {array.dtype} {array.shape}, expected uint8 {shape}."
            )
    for name in ("y_train", "y_test"):
        found = np.unique(arrays[name])
        if found.tolist() != list(range(len(builtin.classes))):
            raise DatasetUnavailable(
                f"{source} is not {builtin.title}: the classes in its {name} are {found.tolist()[:20]}, "
                f"expected each of 0 to {len(builtin.classes) - 1}."
            )
    sha256 = content_sha256(arrays)
    if builtin.sha256 not in {None, sha256}:
        raise DatasetUnavailable(
            f"{source} is not {builtin.title}: its content has SHA-256 {sha256}, not {builtin.sha256}."
        )
    return sha256


@contextmanager
def _said_plainly() -> Iterator[None]:
    """Turn the error of a disk that was filled by others meanwhile into the problem that says what to do."""
    try:
        yield
    except OSError as error:
        if storage.is_full(error):
            raise storage.full() from error
        raise


def _require_room(builtin: Builtin, folder: Path) -> None:
    images = builtin.train_count + builtin.test_count
    needed = images * (math.prod(builtin.shape) + 1) + BLOCK
    free = shutil.disk_usage(folder).free
    if free < needed:
        raise StorageFull(
            f"{builtin.title} takes {-(-needed >> 20)} MiB on the disk of the service's home, which has {free >> 20} MiB "
            f"free. {storage.WAY_OUT}",
            retry_after_seconds=storage.RETRY_SECONDS,
        )


def _put_in_place(builtin: Builtin, home: Path, folder: Path) -> None:
    target = _folder(builtin.name, home)
    try:
        os.rename(folder, target)  # noqa: PTH104 - Path.rename would do the same; this one fails if target has files
    except OSError:
        if load(builtin, home) is None:
            shutil.rmtree(target, ignore_errors=True)  # what a broken disk left
            folder.rename(target)


def _folder(name: str, home: Path) -> Path:
    return home.absolute() / "datasets" / name
