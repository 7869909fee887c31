"""The pixels of sets that people have sent: in the database for all machines, and as files on each that has needed them.

    <home>/datasets/uploaded/<sha256>/x_train.npy  y_train.npy  x_test.npy  y_test.npy

The database has the arrays and not what was sent, so that every machine has the same pixels, whatever version of a decoder is
installed there. The files are a copy: whoever removes them loses nothing.
"""

import shutil
import tempfile
import zlib
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Final

from sqlalchemy import select
from sqlalchemy.orm import Session

from service import storage
from service.errors import DatasetUnavailable, StorageFull
from service.images.sets import store
from service.records import Dataset, DatasetPart

PART_BYTES: Final = 8 << 20  # of an array, before it is compressed
LEVEL: Final = 1  # pixels shrink little; more effort costs seconds


def folder_of(home: Path, sha256: str) -> Path:
    """Return where the files of a set lie, or would."""
    return uploaded(home) / sha256


def uploaded(home: Path) -> Path:
    """Return the folder of all of them."""
    return home.absolute() / "datasets" / "uploaded"


def compressed(file: Path) -> Iterator[bytes]:
    """Give a file's parts as they are kept."""
    with file.open("rb") as opened:
        while content := opened.read(PART_BYTES):
            yield zlib.compress(content, LEVEL)


def restore(session: Session, dataset: Dataset, home: Path) -> None:
    """Make this machine's files of what the database has; two that do so at once both succeed.

    Raises StorageFull, or DatasetUnavailable if what is kept is damaged.
    """
    target = folder_of(home, dataset.sha256 or "")
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        _require_room(dataset, target.parent)
        with making_folder(home, dataset.name) as folder:
            for array in store.ARRAYS:
                with (folder / f"{array}.npy").open("wb") as file:
                    for content in _parts(session, dataset, array):
                        file.write(content)
            if store.files_sha256(folder) != dataset.sha256:
                raise DatasetUnavailable(f"What is kept of {dataset.name!r} is damaged. Delete it, and send it again.")
            put_in_place(folder, target)
    except OSError as error:
        if storage.is_full(error):
            raise storage.full() from error
        raise
    except (ValueError, EOFError, zlib.error) as error:
        detail = f"What is kept of {dataset.name!r} is damaged: {error}. Delete it, and send it again."
        raise DatasetUnavailable(detail) from error


@contextmanager
def making_folder(home: Path, name: str) -> Iterator[Path]:
    """Give a folder to work in, which is gone afterwards; what a killed process leaves of it `cyfra prune` removes."""
    parent = home.absolute() / "datasets"
    parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(prefix=f".{name}-", dir=parent, ignore_cleanup_errors=True) as made:
        folder = Path(made) / "set"
        folder.mkdir()
        yield folder


def put_in_place(folder: Path, target: Path) -> None:
    """Make a finished folder this machine's copy, unless there is one already."""
    target.parent.mkdir(parents=True, exist_ok=True)
    with suppress(OSError):  # another process was first: its files are the same
        folder.rename(target)


def forget(home: Path, sha256: str) -> None:
    """Remove this machine's copy. Who has it open can read on."""
    shutil.rmtree(folder_of(home, sha256), ignore_errors=True)


def _parts(session: Session, dataset: Dataset, array: str) -> Iterator[bytes]:
    """Give an array's bytes; one part is in memory at a time."""
    mine = (DatasetPart.dataset_id == dataset.id, DatasetPart.attempt == dataset.attempt, DatasetPart.array == array)
    numbers = session.scalars(select(DatasetPart.number).where(*mine).order_by(DatasetPart.number)).all()
    for number in numbers:
        content = session.scalars(select(DatasetPart.content).where(*mine, DatasetPart.number == number)).one()
        yield zlib.decompressobj().decompress(content, PART_BYTES)


def _require_room(dataset: Dataset, folder: Path) -> None:
    facts = dataset.facts or {}
    height, width, channels = facts["shape"]
    images = sum(facts["train_per_class"]) + sum(facts["test_per_class"])
    needed = images * (height * width * channels + 2) + (1 << 20)
    free = shutil.disk_usage(folder).free
    if free < needed:
        raise StorageFull(
            f"{dataset.name} takes {-(-needed >> 20)} MiB on the disk of the service's home, which has {free >> 20} MiB free. "
            f"{storage.WAY_OUT}",
            retry_after_seconds=storage.RETRY_SECONDS,
        )
