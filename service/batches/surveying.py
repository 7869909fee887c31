"""What has come in: which pictures, with which labels. All is looked at here, so that what cannot be a batch is refused."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from service.batches import labelling
from service.batches.labelling import Labels
from service.batches.receiving import EXAMPLE, Part, Received
from service.errors import ArchiveTooLarge, Fault, ImageTooLarge, InvalidFields, NoImage, UnreadableArchive, unknown
from service.images.archives import arrays, idx, npz, zips
from service.images.archives.arrays import FileArray
from service.images.archives.kinds import Kind, kind_of
from service.images.archives.limits import ArchiveLimits
from service.images.archives.zips import SafeZip
from service.inference import bundles
from service.inference.bundles import Bundle, Form, Piece, Source
from service.settings import Settings

PICTURES: Final = ("file", "files", "image", "images", "data", "image_file")
LABELS: Final = labelling.FIELD
_PAIRS: Final = (
    *(("x_test", "y_test"), ("test_images", "test_labels"), ("X_test", "Y_test"), ("x", "y"), ("X", "y")),
    *(("images", "labels"), ("data", "target"), ("pictures", "labels"), ("x_train", "y_train")),
    *(("train_images", "train_labels"), ("X_train", "Y_train")),
)
"""The arrays of an npz that hold pictures, and their labels: the first of them that is there is taken."""


@dataclass(frozen=True, eq=False)
class Survey:
    """The pictures of a batch: the file to keep, what it is, how many there are, their labels, what one must know of them."""

    file: Path
    source: Source
    filename: str | None
    total: int
    labels: Labels | None
    notes: tuple[str, ...]


def survey(received: Received, classes: Sequence[str], array: str | None, settings: Settings) -> Survey:
    """Look at all that came.

    Raises:
        NoImage, InvalidFields: it holds no pictures, or not in a form that is read; labels that cannot be used.
        UnreadableArchive, RefusedArchive, ArchiveTooLarge, ImageTooLarge: it is not read.
    """
    pictures, labels = _sorted_out(received)
    limits = ArchiveLimits.of_batches(settings.max_batch_images)
    kinds = {kind_of(part.head) for part in pictures}
    if array is not None and kinds != {Kind.ZIP}:
        raise InvalidFields.of([Fault("array", "names an array of an npz, and none has come.")])
    if len(pictures) > 1 and kinds != {None}:
        raise NoImage(
            f"Received {len(pictures)} files with an archive among them. Send one archive, or pictures: {EXAMPLE}"
        )
    content = None if labels is None else _content(received, labels)
    kind = kinds.pop() if len(pictures) == 1 else None
    if kind is None:
        found = _of_files(received, pictures, content, classes)
    else:
        file, filename = received.alone(pictures[0]), pictures[0].filename
        if kind is Kind.ZIP:
            found = _of_zip(file, filename, content, _Wanted(classes, array, limits, settings))
        else:
            table = None if labels is None else received.alone(labels)
            found = _of_idx(file, filename, content, table, _Wanted(classes, array, limits, settings))
    if not found.total:
        raise NoImage(f"Received no picture. {EXAMPLE}")
    if found.total > settings.max_batch_images:
        raise ArchiveTooLarge(
            f"Received {found.total:,} pictures; a batch has at most {settings.max_batch_images:,}. Send several batches."
        )
    return found


@dataclass(frozen=True)
class _Wanted:
    classes: Sequence[str]
    array: str | None
    limits: ArchiveLimits
    settings: Settings


def _sorted_out(received: Received) -> tuple[list[Part], Part | None]:
    """Return the parts that are pictures, and the one that is labels."""
    strange = sorted({part.field for part in received.parts} - {*PICTURES, LABELS})
    if strange:
        names = (*PICTURES, LABELS)
        raise InvalidFields.of([Fault(name[:100], unknown(name, names, "field")) for name in strange[:10]])
    pictures = [part for part in received.parts if part.field in PICTURES]
    labels = [part for part in received.parts if part.field == LABELS]
    if not pictures:
        raise NoImage(f"Received a form without pictures; they are files in {', '.join(PICTURES)}. {EXAMPLE}")
    if len(labels) > 1:
        raise labelling.wrong(f"received {len(labels)} times; send one table, or one IDX file.")
    empty = next((part for part in pictures if part.filename is None), None) if received.is_form else None
    if empty is not None:
        raise NoImage(
            f"{empty.field!r} came as text: for a file write {empty.field}=@pictures.zip, with the @. {EXAMPLE}"
        )
    return pictures, labels[0] if labels else None


def _content(received: Received, labels: Part) -> bytes:
    if labels.size > labelling.MOST_BYTES:
        raise labelling.wrong(f"received {labels.size:,} bytes; at most {labelling.MOST_BYTES:,} are read.")
    return received.read(labels)


def _of_files(received: Received, parts: Sequence[Part], labels: bytes | None, classes: Sequence[str]) -> Survey:
    pieces = tuple(
        Piece(part.filename or f"picture {number}", part.offset, part.size) for number, part in enumerate(parts, 1)
    )
    names = [piece.name for piece in pieces]
    found = None if labels is None else labelling.of_csv(labels, names, classes)
    source = Source(Form.FILES, pieces=pieces)
    filename = parts[0].filename if len(parts) == 1 else None
    return Survey(received.file, source, filename, len(pieces), found, found.notes if found else ())


def _of_zip(file: Path, filename: str | None, labels: bytes | None, wanted: _Wanted) -> Survey:
    with zips.opened(file, wanted.limits) as archive:
        if not zips.is_npz(archive):
            if wanted.array is not None:
                raise InvalidFields.of([Fault("array", "names an array of an npz, and a zip of other files has come.")])
            return _of_pictures(archive, file, filename, labels, wanted)
    with npz.opened(file, wanted.limits) as found:
        name, of_labels = _chosen(found, wanted.array)
        bundle = _judged(found[name], name, wanted.settings)
        given: Labels | None = None
        if labels is not None:
            given = labelling.of_csv(labels, bundle.names, wanted.classes)
        elif of_labels is not None:
            numbers = arrays.labels(found[of_labels], len(bundle))
            given = labelling.of_numbers(numbers, wanted.classes, "npz")
        notes = _left_out("arrays", [each for each in found if each not in {name, of_labels}])
    return Survey(file, Source(Form.NPZ, name), filename, len(bundle), given, notes + (given.notes if given else ()))


def _of_pictures(archive: SafeZip, file: Path, filename: str | None, labels: bytes | None, wanted: _Wanted) -> Survey:
    bundle = bundles.of_zip(archive)
    others = [member for member in archive.members if not bundles.is_picture(member)]
    table = next((member for member in others if member.name.lower() == bundles.LABELS_FILE), None)
    if labels is None and table is not None and table.size <= labelling.MOST_BYTES:
        labels = archive.read(table)
        others.remove(table)
    if labels is not None:
        found: Labels | None = labelling.of_csv(labels, bundle.names, wanted.classes)
    else:
        found = labelling.of_folders(bundle.names, wanted.classes)
    notes = _left_out("files that are no pictures by their names", [member.name for member in others])
    return Survey(file, Source(Form.ZIP), filename, len(bundle), found, notes + (found.notes if found else ()))


def _of_idx(file: Path, filename: str | None, labels: bytes | None, table: Path | None, wanted: _Wanted) -> Survey:
    name = "images"
    array = idx.opened(file, filename or name, wanted.limits)
    if len(array.shape) < 3:
        raise UnreadableArchive(
            f"The IDX file has the shape {array.shape}: these are no pictures. Send pictures as `file`, labels as `labels`."
        )
    bundle = _judged(array, name, wanted.settings)
    found: Labels | None = None
    if labels is not None and table is not None:
        if kind_of(labels[:64]) in {Kind.IDX, Kind.GZIP}:
            numbers = arrays.labels(idx.opened(table, LABELS, wanted.limits), len(bundle))
            found = labelling.of_numbers(numbers, wanted.classes, "idx")
        else:
            found = labelling.of_csv(labels, bundle.names, wanted.classes)
    return Survey(file, Source(Form.IDX, name), filename, len(bundle), found, found.notes if found else ())


def _chosen(found: Mapping[str, FileArray], array: str | None) -> tuple[str, str | None]:
    """Return the name of the array of pictures, and of that of their labels."""
    if array is not None:
        if array not in found:
            raise InvalidFields.of([Fault("array", unknown(array, sorted(found), "array"))])
        return array, _labels_beside(found, array)
    named = next((pictures for pictures, _ in _PAIRS if pictures in found), None)
    if named is None:
        like_pictures = [name for name, each in found.items() if len(each.shape) in {3, 4}]
        if len(like_pictures) != 1:
            shapes = ", ".join(f"{name} {each.shape}" for name, each in sorted(found.items())[:10])
            raise NoImage(f"The npz holds {shapes}: which are the pictures? Say ?array=NAME, or call them x.")
        named = like_pictures[0]
    return named, _labels_beside(found, named)


def _labels_beside(found: Mapping[str, FileArray], pictures: str) -> str | None:
    names = [labels for each, labels in _PAIRS if each == pictures] or ["y", "labels"]
    return next((name for name in names if name in found), None)


def _judged(array: FileArray, name: str, settings: Settings) -> Bundle:
    """Return the pictures of an array, all of which was read once: a worker meets no surprise in it."""
    bundle = bundles.of_array(array, name)
    height, width, _ = arrays.picture_shape(array)
    if height * width > settings.max_image_pixels:
        raise ImageTooLarge(
            f"{name} has pictures of {height:,} x {width:,}; {settings.max_image_pixels:,} pixels are taken."
        )
    if len(bundle) <= settings.max_batch_images:
        for _ in arrays.pixels(array):
            pass
    return bundle


def _left_out(what: str, names: Sequence[str]) -> tuple[str, ...]:
    if not names:
        return ()
    shown = ", ".join(repr(name[:80]) for name in sorted(names)[:5])
    more = f" and {len(names) - 5:,} more" if len(names) > 5 else ""
    return (f"Left out are {what}: {shown}{more}.",)
