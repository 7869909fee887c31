"""Arrays from a file, read in blocks: as pixels, and as labels.

Sizes are known from headers, and checked, before anything is read. Nothing is unpickled.
"""

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from dataclasses import dataclass
from typing import BinaryIO, Final

import numpy as np
from numpy.typing import NDArray

from service.errors import UnreadableArchive

BLOCK_BYTES: Final = 4 << 20
_KINDS: Final = "buif"  # bool, unsigned, integer, floating

Pixels = NDArray[np.uint8]
Numbers = NDArray[np.generic]


@dataclass(frozen=True)
class FileArray:
    """An array in a file: its form, and what gives its numbers as bytes in C order, each time from the first on."""

    name: str
    shape: tuple[int, ...]
    dtype: np.dtype[np.generic]
    stream: Callable[[], AbstractContextManager[BinaryIO]]

    def __len__(self) -> int:
        return self.shape[0]

    @property
    def nbytes(self) -> int:
        """How many bytes the numbers take."""
        return count(self.shape) * self.dtype.itemsize

    def blocks(self) -> Iterator[Numbers]:
        """Give a few rows at a time, `(m, …)`; raise UnreadableArchive where the file ends early."""
        row_bytes = count(self.shape[1:]) * self.dtype.itemsize
        rows = max(1, BLOCK_BYTES // max(1, row_bytes))
        with self.stream() as stream:
            for start in range(0, len(self), rows):
                wanted = min(rows, len(self) - start)
                content = _exactly(stream, wanted * row_bytes, self.name)
                yield np.frombuffer(content, self.dtype).reshape(wanted, *self.shape[1:])
            if stream.read(1):
                raise UnreadableArchive(
                    f"{self.name} goes on behind the {self.shape} numbers that its header tells of."
                )


def count(shape: tuple[int, ...]) -> int:
    """Return how many numbers an array of a shape has."""
    found = 1
    for side in shape:
        found *= side
    return found


def is_numeric(dtype: np.dtype[np.generic]) -> bool:
    """Whether an array of this type can be pixels or labels."""
    return dtype.kind in _KINDS and not dtype.hasobject


def picture_shape(array: FileArray) -> tuple[int, int, int]:
    """Return (height, width, channels) of an array of pictures `(n, h, w)` or `(n, h, w, 1 or 3)`; raise UnreadableArchive."""
    sides = array.shape[1:]
    if len(sides) == 2:
        sides = (*sides, 1)
    if len(sides) != 3 or sides[2] not in {1, 3} or 0 in sides:
        raise UnreadableArchive(
            f"{array.name} has the shape {array.shape}; pictures are (n, height, width) or (n, height, width, 1 or 3)."
        )
    return sides[0], sides[1], sides[2]


def pixels(array: FileArray) -> Iterator[Pixels]:
    """Give pictures in blocks, `(m, height, width, channels)` uint8.

    uint8 stays as it is; True is 255; other numbers are taken as 0..255, or floats that never pass 1 as 0..1, for which the
    file is read twice. Raise UnreadableArchive for other shapes and values.
    """
    form = picture_shape(array)
    white = _white(array)
    for block in array.blocks():
        given = block.reshape(len(block), *form)
        if given.dtype == np.uint8:
            yield given.astype(np.uint8, copy=False)
        else:
            yield np.rint(given.astype(np.float64) * (255.0 / white)).astype(np.uint8)


def labels(array: FileArray, images: int) -> NDArray[np.int64]:
    """Return whole numbers, one for each of `images` pictures, of an array `(n,)`, `(n, 1)`, or one-hot `(n, classes)`."""
    if len(array) != images:
        raise UnreadableArchive(f"{array.name} has {len(array):,} labels for {images:,} pictures.")
    if len(array.shape) > 2:
        raise UnreadableArchive(f"{array.name} has the shape {array.shape}; labels are one number for each picture.")
    if array.nbytes > 64 * BLOCK_BYTES:
        raise UnreadableArchive(f"{array.name} has the shape {array.shape}: too many numbers for labels.")
    blocks = list(array.blocks())
    found = np.concatenate(blocks) if blocks else np.zeros((0,), np.int64)
    if found.ndim == 2 and found.shape[1] > 1:
        if not (np.all((found == 0) | (found == 1)) and np.all(found.astype(np.int64).sum(axis=1) == 1)):
            raise UnreadableArchive(f"{array.name} has the shape {array.shape} but is not one-hot: one 1 in each row.")
        return np.asarray(found.argmax(axis=1), np.int64)
    whole = found.reshape(-1)
    if whole.dtype.kind == "f" and not (np.all(np.isfinite(whole)) and np.array_equal(whole, np.rint(whole))):
        raise UnreadableArchive(f"{array.name} holds numbers that are not whole; labels are 0, 1, 2, …")
    if whole.size and (whole.max() >= 2**31 or whole.min() < 0):
        raise UnreadableArchive(f"{array.name} holds labels from {whole.min()} to {whole.max()}; they count from 0.")
    return whole.astype(np.int64)


def _white(array: FileArray) -> float:
    """Return the value that is white."""
    if array.dtype == np.uint8:
        return 255.0
    if array.dtype.kind == "b":
        return 1.0
    lowest, highest = np.inf, -np.inf
    for block in array.blocks():
        if block.size:
            lowest, highest = min(lowest, float(block.min())), max(highest, float(block.max()))
    if not (0 <= lowest <= highest <= 255):  # also where a NaN is among them
        raise UnreadableArchive(
            f"{array.name} holds values from {lowest:g} to {highest:g}; pixels are 0 to 255, or floats from 0 to 1."
        )
    return 1.0 if array.dtype.kind == "f" and highest <= 1 else 255.0


def _exactly(stream: BinaryIO, size: int, name: str) -> bytes:
    content = bytearray()
    while len(content) < size:
        piece = stream.read(size - len(content))
        if not piece:
            raise UnreadableArchive(f"{name} ends before all of its numbers have come. Was it sent whole?")
        content += piece
    return bytes(content)
