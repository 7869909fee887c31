"""An npz of NumPy: a zip of arrays. Only headers are read until somebody asks for numbers; objects are refused."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import BinaryIO, Final

import numpy as np

from service.errors import ArchiveTooLarge, RefusedArchive, UnreadableArchive
from service.images.archives import zips
from service.images.archives.arrays import FileArray, count, is_numeric
from service.images.archives.limits import ArchiveLimits, mebibytes, shown
from service.images.archives.zips import Member, SafeZip

_LONGEST_HEADER: Final = 10_000


@contextmanager
def opened(file: Path, limits: ArchiveLimits) -> Iterator[Mapping[str, FileArray]]:
    """Give the arrays of an npz by name, without `.npy`; only such members may be in it.

    Raises UnreadableArchive, RefusedArchive (objects, or what `zips.opened` refuses), ArchiveTooLarge.
    """
    with zips.opened(file, limits) as archive:
        if not zips.is_npz(archive):
            names = ", ".join(shown(member.name) for member in archive.members[:5]) or "nothing"
            raise UnreadableArchive(f"An npz holds arrays, x_train.npy and such; this zip holds {names}.")
        yield {member.name.removesuffix(".npy"): _described(archive, member, limits) for member in archive.members}


def _described(archive: SafeZip, member: Member, limits: ArchiveLimits) -> FileArray:
    with archive.open(member) as stream:
        shape, dtype, is_fortran = _header(stream, member.name)
        header_bytes = stream.tell()
    if not is_numeric(dtype):
        raise RefusedArchive(
            f"{shown(member.name)} holds {dtype}, no numbers. Objects are pickled, and a pickle can run anything: it is not "
            "read. Save arrays of uint8."
        )
    if not shape:
        raise UnreadableArchive(f"{shown(member.name)} holds one number, no array.")
    size = count(shape) * dtype.itemsize
    if size > limits.max_total_bytes:
        raise ArchiveTooLarge(
            f"{shown(member.name)} takes {mebibytes(size)}; {mebibytes(limits.max_total_bytes)} are taken."
        )
    if header_bytes + size != member.size:
        raise UnreadableArchive(
            f"{shown(member.name)} has the shape {shape} of {dtype}, {size:,} bytes by its header, and holds "
            f"{member.size - header_bytes:,}."
        )
    if is_fortran and len(shape) > 1:
        raise UnreadableArchive(f"{shown(member.name)} is in Fortran's order: save np.ascontiguousarray of it.")
    return FileArray(shown(member.name), shape, dtype, partial(_numbers, archive, member, header_bytes))


@contextmanager
def _numbers(archive: SafeZip, member: Member, header_bytes: int) -> Iterator[BinaryIO]:
    with archive.open(member) as stream:
        stream.read(header_bytes)
        yield stream


def _header(stream: BinaryIO, name: str) -> tuple[tuple[int, ...], np.dtype[np.generic], bool]:
    try:
        version = np.lib.format.read_magic(stream)
        read = {(1, 0): np.lib.format.read_array_header_1_0, (2, 0): np.lib.format.read_array_header_2_0}[version]
        shape, is_fortran, dtype = read(stream, max_header_size=_LONGEST_HEADER)
    except (ValueError, KeyError, TypeError, SyntaxError, RecursionError, MemoryError) as error:
        raise UnreadableArchive(f"{shown(name)} is no array of NumPy: {str(error)[:200]}") from error
    if any(side < 0 for side in shape):
        raise UnreadableArchive(f"{shown(name)} has the shape {shape}.")
    return tuple(int(side) for side in shape), dtype, is_fortran
