"""What is in the files that somebody has sent: pictures with their classes, none of them decoded yet."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Final

import numpy as np

from service.errors import RefusedDataset, UnreadableArchive
from service.images.archives import idx, npz, zips
from service.images.archives.kinds import HEAD_BYTES, Kind, kind_of
from service.images.intake import arrays, folders, members
from service.images.intake.collection import Collection
from service.images.intake.options import MOST_CLASSES, IntakeLimits, Options

FILE: Final = "file"
IDX_ROLES: Final = ("images", "labels", "test_images", "test_labels")
LONGEST_CLASS: Final = 100


@contextmanager
def collected(files: Mapping[str, Path], options: Options, limits: IntakeLimits) -> Iterator[Collection]:
    """Open what was sent, by its role: one `file`, a zip or an npz; or `images` and `labels`, perhaps `test_images` and …

    Raises:
        RefusedDataset: it cannot become a data set.
        UnreadableArchive, RefusedArchive, ArchiveTooLarge: it is not read.
    """
    if FILE in files:
        with _of_file(files[FILE], options, limits) as found:
            yield _judged(found)
        return
    opened = {role: idx.opened(file, role, limits.archive) for role, file in files.items()}
    yield _judged(arrays.collection(opened, options))


@contextmanager
def _of_file(file: Path, options: Options, limits: IntakeLimits) -> Iterator[Collection]:
    with file.open("rb") as opened:
        kind = kind_of(opened.read(HEAD_BYTES))
    if kind is not Kind.ZIP:
        raise UnreadableArchive("The file is neither a zip nor an npz.")
    with zips.opened(file, limits.archive) as archive:
        is_npz = zips.is_npz(archive)
        if not is_npz:
            if options.classes is not None:
                raise RefusedDataset("classes", "The folders of a zip name its classes; leave `classes` out.")
            yield members.collection(archive, folders.arrange(archive.members, archive.folders), limits.pictures)
            return
    with npz.opened(file, limits.archive) as found:
        yield arrays.collection(arrays.by_role(found), options)


def _judged(found: Collection) -> Collection:
    """Raise RefusedDataset for classes that cannot be told apart by a network."""
    count = len(found.classes)
    if count < 2:
        raise RefusedDataset(
            "one-class", f"There is one class, {found.classes[0]!r}: nothing to tell apart. Send two or more."
        )
    if count > MOST_CLASSES:
        raise RefusedDataset(
            "too-many-classes", f"There are {count:,} classes; a data set has at most {MOST_CLASSES:,}."
        )
    for name in found.classes:
        if len(name) > LONGEST_CLASS or not name.isprintable() or not name.strip():
            raise RefusedDataset(
                "class-name", f"Received the class {name[:50]!r}; a name has 1 to {LONGEST_CLASS} printable characters."
            )
    is_train = np.ones(len(found), bool) if found.is_test is None else ~found.is_test
    counts = np.bincount(found.labels[is_train], minlength=count)
    empty = [found.classes[index] for index in np.flatnonzero(counts == 0)]
    if empty:
        raise RefusedDataset(
            "empty-class",
            f"There is nothing to train on of {', '.join(repr(name) for name in empty[:5])}: every class needs pictures in "
            "the part that is trained on.",
        )
    return found
