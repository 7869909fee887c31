"""The pictures in arrays of an npz or of IDX files, as a collection."""

from collections.abc import Iterator, Mapping
from typing import Final

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from service.errors import RefusedDataset, UnreadableArchive
from service.images.archives import arrays
from service.images.archives.arrays import FileArray, Pixels
from service.images.intake.collection import Collection, Decode, Taken
from service.images.intake.findings import about
from service.images.intake.options import MOST_CLASSES, Options

_NAMES: Final[dict[str, tuple[str, ...]]] = {
    "images": ("x_train", "train_images", "X_train", "images", "x"),
    "labels": ("y_train", "train_labels", "Y_train", "labels", "y"),
    "test_images": ("x_test", "test_images", "X_test"),
    "test_labels": ("y_test", "test_labels", "Y_test"),
}
_NEEDED: Final = ("images", "labels")


def by_role(found: Mapping[str, FileArray]) -> dict[str, FileArray]:
    """Return the arrays of an npz by what they are; those with other names are left out."""
    roles = {}
    for role, names in _NAMES.items():
        name = next((name for name in names if name in found), None)
        if name is not None:
            roles[role] = found[name]
    if any(role not in roles for role in _NEEDED):
        received = ", ".join(sorted(found)[:10])
        raise RefusedDataset(
            "no-pictures", f"The npz holds {received}; x_train and y_train are needed, x_test and y_test go with them."
        )
    return roles


def collection(roles: Mapping[str, FileArray], options: Options) -> Collection:
    """Return the pictures of open arrays; raise RefusedDataset or UnreadableArchive."""
    if "images" not in roles or "labels" not in roles or ("test_images" in roles) != ("test_labels" in roles):
        raise RefusedDataset(
            "no-pictures",
            f"Received {', '.join(roles) or 'nothing'}; images and labels belong together, test_images and test_labels too.",
        )
    parts = [roles[role] for role in ("images", "test_images") if role in roles]
    if len({arrays.picture_shape(part) for part in parts}) > 1:
        shapes = " and ".join(str(part.shape) for part in parts)
        raise UnreadableArchive(f"The pictures to train on and to test with have different shapes: {shapes}.")
    given = [
        arrays.labels(roles[labels], len(roles[images]))
        for images, labels in (("images", "labels"), ("test_images", "test_labels"))
        if images in roles
    ]
    classes, labels = _classes(given, options)
    counts = [len(part) for part in parts]
    left_out = [name for name in roles if name not in _NAMES]

    def name(at: int) -> str:
        return f"{parts[0].name}[{at}]" if at < counts[0] else f"{parts[1].name}[{at - counts[0]}]"

    return Collection(
        classes=classes,
        labels=labels,
        is_test=None if len(parts) == 1 else np.arange(sum(counts)) >= counts[0],
        name=name,
        batches=lambda indices: _batches(parts, indices),
        findings=[about("left-out", "note", "Other arrays are left out", left_out)] if left_out else [],
    )


def _classes(given: list[NDArray[np.int64]], options: Options) -> tuple[tuple[str, ...], NDArray[np.int64]]:
    """Return the names of the classes, and class indices; labels that do not begin at 0, or have gaps, are closed up."""
    if not len(given[0]):
        raise RefusedDataset("no-pictures", "There is not one picture to train on.")
    labels = np.concatenate(given)
    if options.classes is not None:
        if labels.max() >= len(options.classes):
            raise RefusedDataset(
                "labels", f"There is a label {labels.max()}, and `classes` names {len(options.classes)}: 0 to one less."
            )
        return options.classes, labels
    found = np.unique(labels)
    if len(found) > MOST_CLASSES:
        raise RefusedDataset(
            "too-many-classes", f"There are {len(found):,} labels; at most {MOST_CLASSES:,} classes are taken."
        )
    strange = sorted(set(np.unique(labels[len(given[0]) :]).tolist()) - set(np.unique(given[0]).tolist()))
    if strange:
        raise RefusedDataset("empty-class", f"The label {strange[0]} is only among the pictures to test with.")
    return tuple(str(label) for label in found.tolist()), np.searchsorted(found, labels).astype(np.int64)


def _batches(parts: list[FileArray], indices: NDArray[np.int64]) -> Iterator[tuple[NDArray[np.int64], Decode]]:
    """Read all blocks one after another, and give of each the pictures that are wanted."""
    wanted = np.sort(indices)
    start = 0
    for part in parts:
        for block in arrays.pixels(part):
            first, last = np.searchsorted(wanted, (start, start + len(block)))
            some = wanted[first:last]
            if len(some):
                yield some, _decoder(block, some - start)
            start += len(block)


def _decoder(block: Pixels, some: NDArray[np.int64]) -> Decode:
    def decode() -> list[Taken]:
        return [
            Taken(Image.fromarray(np.ascontiguousarray(each[:, :, 0] if each.shape[2] == 1 else each)))
            for each in (block[at] for at in some)
        ]

    return decode
