"""Pictures -> answers, a chunk at a time, several chunks side by side, in order."""

from collections import deque
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import Executor, Future
from dataclasses import dataclass
from itertools import islice
from time import perf_counter
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from service.errors import CyfraError, Unprocessable
from service.images.decoding import Limits
from service.images.expectation import Expectation, Normalize
from service.inference import engine as inference
from service.inference.bundles import Load
from service.inference.calibration import VERDICTS
from service.inference.engine import Engine
from service.inference.pictures import prepared

LIKELIEST: Final = 3
FIRST, LEAST, MOST = 32, 16, 256  # pictures in a chunk
CHUNK_SECONDS: Final = 1.0
CHUNK_BYTES: Final = 64 << 20  # of what the network sees


@dataclass(frozen=True)
class Piece:
    """Some pictures in a row that are yet to be answered."""

    start: int
    loads: Sequence[Load]


@dataclass(frozen=True, eq=False)
class Answers:
    """What was answered to n pictures from `start` on: `(n, k)` likeliest classes and their probabilities, 0 where there is an
    error; `(n,)` places of verdicts in `VERDICTS`, or None for a model that gives none; errors by place.
    """

    start: int
    top: NDArray[np.uint16]
    probabilities: NDArray[np.float32]
    verdicts: NDArray[np.uint8] | None
    errors: dict[int, dict[str, Any]]
    seconds: float

    def __len__(self) -> int:
        return len(self.top)


class Sizes:
    """How many pictures a chunk has: what takes about a second, so that progress shows and little is done twice."""

    def __init__(self, expects: Expectation) -> None:
        image_bytes = 4 * expects.height * expects.width * expects.channels
        self._most = max(1, min(MOST, CHUNK_BYTES // image_bytes))
        self.next = min(FIRST, self._most)

    def learn(self, answers: Answers) -> None:
        """Follow the pace of a chunk."""
        wanted = int(len(answers) * CHUNK_SECONDS / max(answers.seconds, 1e-6))
        self.next = min(max(LEAST, wanted), self._most)


def pieces(loads: Iterable[Load], start: int, sizes: Sizes) -> Iterator[Piece]:
    """Cut pictures into chunks, each as large as is right by then."""
    iterator = iter(loads)
    while some := list(islice(iterator, sizes.next)):
        yield Piece(start, some)
        start += len(some)


def answered(
    piece: Piece, engine: Engine, limits: Limits, check: Callable[[], None], normalize: Normalize = "auto"
) -> Answers:
    """Return the answers to a chunk. A picture that cannot be read is an answer of its own; `check` may raise between two."""
    began = perf_counter()
    images: list[NDArray[np.float32]] = []
    places: list[int] = []
    errors: dict[int, dict[str, Any]] = {}
    for place, load in enumerate(piece.loads):
        check()
        try:
            images.append(prepared(load(), piece.start + place + 1, engine.expects, limits, normalize))
            places.append(place)
        except Unprocessable as error:
            errors[place] = _told(error)
    likeliest = min(LIKELIEST, len(engine.classes))
    top = np.zeros((len(piece.loads), likeliest), np.uint16)
    probabilities = np.zeros(top.shape, np.float32)
    verdicts = None
    if images:
        answers = engine.answers(np.stack(images))
        found = answers.probabilities
        order = np.argsort(-found, axis=1, kind="stable")[:, :likeliest]
        top[places] = order
        probabilities[places] = np.take_along_axis(found, order, axis=1)
        verdicts = _verdicts(engine, answers, places, len(piece.loads))
    return Answers(piece.start, top, probabilities, verdicts, errors, perf_counter() - began)


def _verdicts(engine: Engine, answers: inference.Answers, places: list[int], count: int) -> NDArray[np.uint8] | None:
    if engine.network.calibration is None:
        return None
    verdicts = np.zeros(count, np.uint8)
    likeness = [None] * len(places) if answers.likeness is None else answers.likeness.tolist()
    for place, confidence, like in zip(places, answers.probabilities.max(axis=1).tolist(), likeness, strict=True):
        verdict = engine.verdict(confidence, like)
        assert verdict is not None
        verdicts[place] = VERDICTS.index(verdict)
    return verdicts


def _told(error: CyfraError) -> dict[str, Any]:
    detail = error.detail[:1000].replace("\x00", "").encode(errors="replace").decode()  # what every database takes
    return {"type": error.name, "detail": detail}


def in_order(
    executor: Executor, work: Callable[[Piece], Answers], chunks: Iterable[Piece], side_by_side: int
) -> Iterator[Answers]:
    """Give the answers to chunks in their order; `side_by_side` are worked on and one more is ready to be."""
    waiting: deque[Future[Answers]] = deque()
    try:
        for piece in chunks:
            waiting.append(executor.submit(work, piece))
            if len(waiting) > side_by_side:
                yield waiting.popleft().result()
        while waiting:
            yield waiting.popleft().result()
    finally:
        for future in waiting:
            future.cancel()
