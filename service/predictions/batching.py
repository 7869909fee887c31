"""Pictures of many requests go through a network together, and none waits for others to come.

The moment the network is free it takes what waits for one engine, up to 32 pictures, and engines take turns. While it runs,
the next ones come: under load batches form by themselves, and a picture that comes alone is answered at once. (Triton's
dynamic batcher does so without a delay; LitServe's waits its timeout out even for one request.)

A short run is made in the event loop itself: handing it to a thread and back costs a small network as much again. What lasts
longer goes to one thread, so that the process answers other requests meanwhile.
"""

import asyncio
from collections import OrderedDict, deque
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import partial
from typing import Final

import numpy as np
from numpy.typing import NDArray

from service.errors import TooManyPictures
from service.inference.engine import BATCH, Answers, Engine

SHORT_SECONDS: Final = 0.03
RETRY_SECONDS: Final = 1

Pictures = NDArray[np.float32]


@dataclass(frozen=True, eq=False)
class _Waiting:
    engine: Engine
    images: Pictures
    answers: asyncio.Future[Answers]


class Batches:
    """What waits for the networks of this process. It belongs to the event loop in which it was made."""

    def __init__(self, most_waiting: int, on_batch: Callable[[int], None]) -> None:
        """Take requests while fewer than `most_waiting` pictures wait; tell `on_batch` of each batch how large it was."""
        self._most_waiting = most_waiting
        self._on_batch = on_batch
        self._loop = asyncio.get_running_loop()
        self._queues: OrderedDict[str, deque[_Waiting]] = (
            OrderedDict()
        )  # by the engine's file; the next turn's is first
        self._waiting = 0
        self._turn_is_called = False
        self._is_running = False
        self._thread = ThreadPoolExecutor(1, "network")

    def close(self) -> None:
        """Let the thread end."""
        self._thread.shutdown()

    async def answers(self, engine: Engine, images: Pictures) -> Answers:
        """Return those to images `(n, height, width, channels)` float32 in 0..1.

        Raise TooManyPictures while as many wait as may.
        """
        if self._waiting >= self._most_waiting:
            raise TooManyPictures(
                f"{self._waiting:,} pictures wait for the networks of this process already. Try again in a second.",
                retry_after_seconds=RETRY_SECONDS,
            )
        pieces = [self._queue(engine, images[start : start + BATCH]) for start in range(0, len(images), BATCH)]
        return Answers.joined(await asyncio.gather(*pieces)) if len(pieces) > 1 else await pieces[0]

    def _queue(self, engine: Engine, images: Pictures) -> asyncio.Future[Answers]:
        one = _Waiting(engine, images, self._loop.create_future())
        self._queues.setdefault(engine.onnx_sha256, deque()).append(one)
        self._waiting += len(images)
        self._call_turn()
        return one.answers

    def _call_turn(self) -> None:
        """Have the network take what waits, after all requests that came in together have joined the queue."""
        if self._waiting and not self._turn_is_called and not self._is_running:
            self._turn_is_called = True
            self._loop.call_soon(self._take_turn)

    def _take_turn(self) -> None:
        self._turn_is_called = False
        batch = self._taken()
        engine = batch[0].engine
        images = np.concatenate([one.images for one in batch]) if len(batch) > 1 else batch[0].images
        self._on_batch(len(images))
        if engine.seconds * len(images) < SHORT_SECONDS:
            running: asyncio.Future[Answers] = self._loop.create_future()
            try:
                running.set_result(engine.answers(images))
            except Exception as error:  # noqa: BLE001 - whatever it is, those who wait are told, by the HTTP edge
                running.set_exception(error)
            _deliver(batch, running)
            self._call_turn()
        else:
            self._is_running = True
            running = self._loop.run_in_executor(self._thread, engine.answers, images)
            running.add_done_callback(partial(self._end_turn, batch))

    def _end_turn(self, batch: Sequence[_Waiting], running: asyncio.Future[Answers]) -> None:
        self._is_running = False
        _deliver(batch, running)
        self._call_turn()

    def _taken(self) -> list[_Waiting]:
        """Take from the queue whose turn it is as much as fits into one batch; it is last in line then."""
        key, queue = next(iter(self._queues.items()))
        taken = [queue.popleft()]
        count = len(taken[0].images)
        while queue and count + len(queue[0].images) <= BATCH:
            count += len(queue[0].images)
            taken.append(queue.popleft())
        self._waiting -= count
        self._queues.move_to_end(key)
        if not queue:
            del self._queues[key]
        return taken


def _deliver(batch: Sequence[_Waiting], running: asyncio.Future[Answers]) -> None:
    """Give each request its answers, or what went wrong. One that was cancelled meanwhile wants neither."""
    error = running.exception()
    start = 0
    for one in batch:
        end = start + len(one.images)
        if not one.answers.done():
            if error is not None:
                one.answers.set_exception(error)
            else:
                one.answers.set_result(running.result().part(start, end))
        start = end
