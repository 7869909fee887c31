"""Many pictures in one file, always in the same order: a zip, an array of an npz, an IDX file, or files end to end.

The API looks into such a file when it comes, a worker predicts from it later, perhaps elsewhere and in several attempts.
Both open it here, so that the n-th picture is the same one for both.
"""

import os
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from enum import StrEnum
from functools import partial
from pathlib import Path, PurePosixPath
from typing import Any, Final, Self

from service.images.archives import arrays, idx, npz, zips
from service.images.archives.arrays import FileArray
from service.images.archives.limits import ArchiveLimits
from service.images.archives.zips import Member, SafeZip
from service.inference.pictures import Picture, Pixels, Sent

Load = Callable[[], Sent]
"""Gives one picture; may be called in any thread, while the bundle is open. Raises UnreadableArchive for a damaged one."""

LABELS_FILE: Final = "labels.csv"
_NO_PICTURES: Final = frozenset(
    (
        ".txt",
        ".csv",
        ".tsv",
        ".json",
        ".xml",
        ".md",
        ".html",
        ".htm",
        ".pdf",
        ".py",
        ".ini",
        ".yaml",
        ".yml",
        ".log",
        ".db",
    )
)


class Form(StrEnum):
    """In which form the pictures came."""

    ZIP = "zip"
    NPZ = "npz"
    IDX = "idx"
    FILES = "files"  # one after another in one file


@dataclass(frozen=True)
class Piece:
    """One file among files end to end."""

    name: str
    offset: int
    size: int


@dataclass(frozen=True)
class Source:
    """What a file is, and where in it the pictures are: an npz's array, an IDX file's name, the pieces of files."""

    form: Form
    array: str = ""
    pieces: tuple[Piece, ...] = ()

    def as_json(self) -> dict[str, Any]:
        """Return it as JSON."""
        return asdict(self)

    @classmethod
    def from_json(cls, given: dict[str, Any]) -> Self:
        """Return what `as_json` wrote."""
        return cls(Form(given["form"]), given["array"], tuple(Piece(**piece) for piece in given["pieces"]))


@dataclass(frozen=True)
class Bundle:
    """The pictures of an open file: their names, and what gives them one after another from a place on."""

    names: Sequence[str]
    loads: Callable[[int], Iterator[Load]]

    def __len__(self) -> int:
        return len(self.names)


@contextmanager
def opened(file: Path, source: Source, limits: ArchiveLimits) -> Iterator[Bundle]:
    """Open a file; raise UnreadableArchive, RefusedArchive or ArchiveTooLarge, now or while pictures of an array are read."""
    match source.form:
        case Form.ZIP:
            with zips.opened(file, limits) as archive:
                yield of_zip(archive)
        case Form.NPZ:
            with npz.opened(file, limits) as found:
                yield of_array(found[source.array], source.array)
        case Form.IDX:
            yield of_array(idx.opened(file, source.array, limits), source.array)
        case Form.FILES:
            with file.open("rb") as opened_file:
                yield _of_pieces(opened_file.fileno(), source.pieces)


def of_zip(archive: SafeZip) -> Bundle:
    """Return the pictures of an open zip, in the order of their names."""
    members = [member for member in archive.members if is_picture(member)]

    def loads(start: int) -> Iterator[Load]:
        return (partial(_load_member, archive, member) for member in members[start:])

    return Bundle([member.name for member in members], loads)


def of_array(array: FileArray, name: str) -> Bundle:
    """Return the pictures of an open array, called `name[0]` and so on; raise UnreadableArchive if these are no pictures."""
    arrays.picture_shape(array)
    return Bundle([f"{name}[{index}]" for index in range(len(array))], partial(_loads_of_array, array))


def is_picture(member: Member) -> bool:
    """Whether a file in a zip may be a picture, by its name; texts and tables are not."""
    return PurePosixPath(member.name).suffix.lower() not in _NO_PICTURES


def _load_member(archive: SafeZip, member: Member) -> Sent:
    return Picture(archive.read(member))


def _loads_of_array(array: FileArray, start: int) -> Iterator[Load]:
    passed = 0
    for block in arrays.pixels(array):
        for values in block[max(0, start - passed) :]:
            yield partial(Pixels, values)
        passed += len(block)


def _of_pieces(descriptor: int, pieces: Sequence[Piece]) -> Bundle:
    def loads(start: int) -> Iterator[Load]:
        return (partial(_load_piece, descriptor, piece) for piece in pieces[start:])

    return Bundle([piece.name for piece in pieces], loads)


def _load_piece(descriptor: int, piece: Piece) -> Sent:
    return Picture(os.pread(descriptor, piece.size, piece.offset))
