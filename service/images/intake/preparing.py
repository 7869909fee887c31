"""From a collection to the four arrays of a labelled set, with what was odd on the way."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import numpy as np
from numpy.typing import NDArray

from service.errors import ArchiveTooLarge, RefusedDataset
from service.images.archives.limits import mebibytes
from service.images.expectation import Expectation
from service.images.handwriting import SIDE
from service.images.intake.choosing import choose
from service.images.intake.collection import Collection
from service.images.intake.findings import Finding
from service.images.intake.linting import Looked, lint, require_readable
from service.images.intake.looking import decode_all
from service.images.intake.options import IntakeLimits, Options
from service.images.intake.splitting import split
from service.images.sets import store

BLOCK_BYTES: Final = 8 << 20
STAGED: Final = "pixels"

Say = Callable[[str, int, int], None]
"""Is told what is being done, how many pictures are done and how many there are; it may raise to abandon the rest."""


@dataclass(frozen=True)
class Prepared:
    """A set whose arrays lie in a folder. `made_split`: nobody sent a part to test with, so that one was chosen."""

    sha256: str
    classes: tuple[str, ...]
    expects: Expectation
    train_per_class: tuple[int, ...]
    test_per_class: tuple[int, ...]
    made_split: bool
    findings: tuple[Finding, ...]


def prepare(
    collection: Collection, options: Options, limits: IntakeLimits, folder: Path, threads: int, say: Say
) -> Prepared:
    """Decode all pictures and write `x_train.npy`, `y_train.npy`, `x_test.npy` and `y_test.npy` into `folder`.

    Pictures keep the order of their names, or of their arrays: indices are the same whoever imports the same bytes.

    Raises:
        RefusedDataset: too many pictures cannot be read, or all of a class.
        ArchiveTooLarge: the prepared set would be over the limit.
        UnreadableArchive: an array turns out to hold something else than its header says.
    """
    say("looking at the pictures", 0, len(collection))
    expects = _form(collection, options, limits)
    staged = folder / STAGED
    looks = decode_all(
        collection, expects, staged, threads, lambda done: say("decoding the pictures", done, len(collection))
    )
    require_readable(collection.classes, collection.labels, looks, collection.name)
    say("checking the pictures", len(collection), len(collection))
    is_test = collection.is_test
    if is_test is None:
        is_test = np.zeros(len(collection), bool)
        readable = np.flatnonzero(looks.readable)
        is_test[readable] = split(
            collection.labels[readable], looks.digests[readable], options.test_fraction, options.seed
        )
    looked = Looked(collection.classes, collection.labels, is_test, looks, expects, collection.name)
    _require_both_parts(looked)
    findings = (*collection.findings, *lint(looked))
    say("writing the set", len(collection), len(collection))
    _write_arrays(folder, staged, looked)
    staged.unlink()
    made_split = collection.is_test is None
    return Prepared(
        sha256=store.files_sha256(folder),
        classes=collection.classes,
        expects=expects,
        train_per_class=tuple(looked.counts(is_test=False).tolist()),
        test_per_class=tuple(looked.counts(is_test=True).tolist()),
        made_split=made_split,
        findings=(*findings, _about_split(options)) if made_split else findings,
    )


def _form(collection: Collection, options: Options, limits: IntakeLimits) -> Expectation:
    """Return the form of all pictures; raise ArchiveTooLarge if together they would take too much."""
    if options.handwriting:
        return Expectation(SIDE, SIDE, 1, handwriting=True)
    expects = choose(collection, options, limits)
    size = len(collection) * expects.height * expects.width * expects.channels
    if size > limits.prepared_bytes:
        raise ArchiveTooLarge(
            f"{len(collection):,} pictures of {expects.height}x{expects.width}x{expects.channels} take {mebibytes(size)}; at "
            f"most {mebibytes(limits.prepared_bytes)} are taken. Ask for a smaller size."
        )
    return expects


def _require_both_parts(looked: Looked) -> None:
    """Raise RefusedDataset where all that could be read of a class is to test with, or nothing at all is."""
    train, test = looked.counts(is_test=False), looked.counts(is_test=True)
    for index in np.flatnonzero(train == 0):
        raise RefusedDataset(
            "empty-class",
            f"No picture of the class {looked.classes[index]!r} is left to train on: all others are unreadable.",
        )
    if not test.any():
        raise RefusedDataset("no-pictures", "No picture is left to test with: send two or more of each class.")


def _about_split(options: Options) -> Finding:
    return Finding(
        "split-made",
        "note",
        f"There was no part to test with: {options.test_fraction:.0%} of each class were chosen, by the seed {options.seed}",
    )


def _write_arrays(folder: Path, staged: Path, looked: Looked) -> None:
    """Part the staged pixels, block by block: never more than a few megabytes are in memory."""
    form = (looked.expects.height, looked.expects.width, looked.expects.channels)
    readable = looked.looks.readable
    label_type = np.uint8 if len(looked.classes) <= 256 else np.uint16
    parts = {"train": readable & ~looked.is_test, "test": readable & looked.is_test}
    for part, members in parts.items():
        np.save(folder / f"y_{part}.npy", looked.labels[members].astype(label_type))
    rows = max(1, BLOCK_BYTES // int(np.prod(form)))
    with (
        staged.open("rb") as source,
        (folder / "x_train.npy").open("wb") as train,
        (folder / "x_test.npy").open("wb") as test,
    ):
        for part, target in (("train", train), ("test", test)):
            shape = (int(parts[part].sum()), *form)
            header = {"descr": "|u1", "fortran_order": False, "shape": shape}
            np.lib.format.write_array_header_1_0(target, header)
        for start in range(0, len(readable), rows):
            block = _rows(source.read(rows * int(np.prod(form))), form)
            train.write(block[parts["train"][start : start + rows]].tobytes())
            test.write(block[parts["test"][start : start + rows]].tobytes())


def _rows(content: bytes, form: tuple[int, int, int]) -> NDArray[np.uint8]:
    return np.frombuffer(content, np.uint8).reshape(-1, *form)
