"""Decode every picture of a collection, in threads, into one file of pixels; and write down what each was like."""

import hashlib
import os
from collections import Counter, deque
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

import numpy as np
from numpy.typing import NDArray

from service.errors import CyfraError
from service.images.expectation import Expectation, fitted
from service.images.intake.collection import Collection, Decode, Taken

Tick = Callable[[int], None]
"""Is told how many pictures are done, and may raise to abandon the rest."""

DIGEST_BYTES: Final = 16
_AHEAD: Final = 2  # batches a thread that are decoded before the first is collected: bounds memory


@dataclass(frozen=True, eq=False)
class Looks:
    """What n pictures are like, by their indices.

    `readable`, (n,); `digests`, (n,) of the pixels; `border`, (n,) the mean of the outermost pixels, 0..255; `spread`, (n,)
    the difference between the brightest pixel and the darkest. `sizes` counts (width, height) before they were fitted.
    """

    readable: NDArray[np.bool_]
    digests: NDArray[np.void]
    border: NDArray[np.float32]
    spread: NDArray[np.uint8]
    problems: dict[int, str] = field(default_factory=dict)
    lies: dict[int, str] = field(default_factory=dict)
    sizes: Counter[tuple[int, int]] = field(default_factory=Counter)

    @classmethod
    def blank(cls, count: int) -> "Looks":
        """Return the looks of pictures that are yet to be decoded."""
        return cls(
            np.zeros(count, bool),
            np.zeros(count, f"V{DIGEST_BYTES}"),
            np.zeros(count, np.float32),
            np.zeros(count, np.uint8),
        )


@dataclass(frozen=True, eq=False)
class _Batch:
    """A few pictures with their pixels, (m, height, width, channels); those that cannot be read are black."""

    indices: NDArray[np.int64]
    taken: list[Taken]
    problems: list[str | None]
    pixels: NDArray[np.uint8]


def decode_all(collection: Collection, expects: Expectation, file: Path, threads: int, tick: Tick) -> Looks:
    """Write the pixels of every picture to `file`, at its index, and return what they are like."""
    looks = Looks.blank(len(collection))
    row_bytes = expects.height * expects.width * expects.channels
    with file.open("wb") as opened:
        opened.truncate(len(collection) * row_bytes)
        if hasattr(os, "posix_fallocate") and len(collection):
            os.posix_fallocate(opened.fileno(), 0, len(collection) * row_bytes)
        done = 0
        for batch in _in_threads(collection, expects, threads):
            _write(opened.fileno(), batch, row_bytes)
            _look(looks, batch)
            done += len(batch.indices)
            tick(done)
    return looks


def _in_threads(collection: Collection, expects: Expectation, threads: int) -> Iterator[_Batch]:
    """Give the batches in their order. Pillow decodes without Python's lock, so that threads are enough."""
    waiting: deque[Future[_Batch]] = deque()
    every = np.arange(len(collection))
    with ThreadPoolExecutor(threads, thread_name_prefix="intake") as pool:
        try:
            for indices, decode in collection.batches(every):
                waiting.append(pool.submit(_decode, indices, decode, expects))
                if len(waiting) > _AHEAD * threads:
                    yield waiting.popleft().result()
            while waiting:
                yield waiting.popleft().result()
        finally:
            pool.shutdown(cancel_futures=True)


def _decode(indices: NDArray[np.int64], decode: Decode, expects: Expectation) -> _Batch:
    taken = list(decode())
    pixels = np.zeros((len(taken), expects.height, expects.width, expects.channels), np.uint8)
    problems: list[str | None] = []
    for row, each in enumerate(taken):
        problem = each.problem
        if each.picture is not None:
            try:
                pixels[row] = fitted(each.picture, expects)
            except CyfraError as error:
                problem = error.detail
        problems.append(problem)
    sizes = [Taken(None, each.problem, each.lie) if each.picture is None else each for each in taken]
    return _Batch(indices, sizes, problems, pixels)


def _write(descriptor: int, batch: _Batch, row_bytes: int) -> None:
    """Write runs of rows that follow one another: a whole batch, mostly."""
    starts = np.flatnonzero(np.diff(batch.indices, prepend=batch.indices[0] - 2) != 1)
    ends = [*starts[1:], len(batch.indices)]
    for start, end in zip(starts.tolist(), ends, strict=True):
        content = memoryview(batch.pixels[start:end].tobytes())
        place = int(batch.indices[start]) * row_bytes
        while content:
            written = os.pwrite(descriptor, content, place)
            content, place = content[written:], place + written


def _look(looks: Looks, batch: _Batch) -> None:
    pixels, indices = batch.pixels, batch.indices
    edges = [pixels[:, 0], pixels[:, -1], pixels[:, :, 0], pixels[:, :, -1]]
    looks.border[indices] = np.mean([edge.mean(axis=(1, 2)) for edge in edges], axis=0)
    looks.spread[indices] = pixels.max(axis=(1, 2, 3)) - pixels.min(axis=(1, 2, 3))
    for row, index in enumerate(indices.tolist()):
        taken, problem = batch.taken[row], batch.problems[row]
        if taken.lie is not None:
            looks.lies[index] = taken.lie
        if taken.picture is None or problem is not None:
            looks.problems[index] = problem or "It could not be read."
            continue
        looks.readable[index] = True
        looks.sizes[taken.picture.size] += 1
        digest = hashlib.blake2b(pixels[row], digest_size=DIGEST_BYTES).digest()
        looks.digests[index] = np.void(digest)
