"""IDX, the format that MNIST came in, gzipped or not.

Two zeros, a byte for the type of the numbers, a byte for the number of dimensions, each side in four bytes (the highest
first), the numbers in C order: Y. LeCun, C. Cortes, C. Burges, http://yann.lecun.com/exdb/mnist.
"""

import gzip
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import BinaryIO, Final

import numpy as np

from service.errors import ArchiveTooLarge, UnreadableArchive
from service.images.archives.arrays import FileArray, count
from service.images.archives.kinds import HEAD_BYTES, Kind, kind_of
from service.images.archives.limits import ArchiveLimits, mebibytes

_TYPES: Final = {0x08: "u1", 0x09: "i1", 0x0B: ">i2", 0x0C: ">i4", 0x0D: ">f4", 0x0E: ">f8"}
_BROKEN: Final = (OSError, EOFError, zlib.error, ValueError)


def opened(file: Path, name: str, limits: ArchiveLimits) -> FileArray:
    """Return the array of an IDX file; `name` is what messages call it.

    Raises UnreadableArchive (no IDX, or its size is not what its header says), ArchiveTooLarge.
    """
    with _unpacked(file, name) as stream:
        head = stream.read(4)
        if kind_of(head) is not Kind.IDX or head[2] not in _TYPES:
            raise UnreadableArchive(f"{name} is no IDX file: it begins with {head.hex(' ') or 'nothing'}.")
        sides = stream.read(4 * head[3])
    if len(sides) < 4 * head[3]:
        raise UnreadableArchive(f"{name} ends within its header. Was it sent whole?")
    shape = tuple(int.from_bytes(sides[at : at + 4]) for at in range(0, len(sides), 4))
    dtype = np.dtype(_TYPES[head[2]])
    size, header_bytes = count(shape) * dtype.itemsize, 4 + len(sides)
    if size > limits.max_total_bytes:
        raise ArchiveTooLarge(f"{name} takes {mebibytes(size)}; at most {mebibytes(limits.max_total_bytes)} are taken.")
    held = file.stat().st_size - header_bytes
    if not _is_gzip(file) and held != size:
        raise UnreadableArchive(f"{name} has the shape {shape}, {size:,} bytes by its header, and holds {held:,}.")
    return FileArray(name, shape, dtype, partial(_numbers, file, name, header_bytes))


@contextmanager
def _numbers(file: Path, name: str, header_bytes: int) -> Iterator[BinaryIO]:
    with _unpacked(file, name) as stream:
        stream.read(header_bytes)
        yield stream


@contextmanager
def _unpacked(file: Path, name: str) -> Iterator[BinaryIO]:
    """Give the file, unpacked as it is read: never more than is asked for."""
    try:
        with gzip.open(file) if _is_gzip(file) else file.open("rb") as stream:
            yield stream  # type: ignore[misc] # a GzipFile, which reads as one
    except _BROKEN as error:
        raise UnreadableArchive(f"{name} is damaged: {error}. Was it sent whole?") from error


def _is_gzip(file: Path) -> bool:
    with file.open("rb") as opened_file:
        return kind_of(opened_file.read(HEAD_BYTES)) is Kind.GZIP
