"""Pictures of many requests go through a network together, and engines take turns."""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from typing import cast

import numpy as np
import pytest
from numpy.typing import NDArray

from service.errors import TooManyPictures
from service.inference.engine import Answers, Engine
from service.predictions.batching import Batches


@dataclass
class Network:
    """A network of one class that answers each picture's mean, and keeps how many it saw at a time."""

    onnx_sha256: str
    seconds: float
    seen: list[tuple[str, int]]
    error: Exception | None = None
    threads: set[str] = field(default_factory=set)

    def answers(self, images: NDArray[np.float32]) -> Answers:
        self.seen.append((self.onnx_sha256, len(images)))
        if self.error is not None:
            raise self.error
        means = images.mean(axis=(1, 2, 3), keepdims=False)[:, None]
        return Answers(means, means)


def pictures(*levels: float) -> NDArray[np.float32]:
    return np.stack([np.full((2, 2, 1), level, dtype=np.float32) for level in levels])


def run(scenario: Callable[[Batches], Awaitable[None]], most_waiting: int = 1000) -> list[int]:
    """Carry a scenario out; return the sizes of the batches."""
    sizes: list[int] = []

    async def main() -> None:
        batches = Batches(most_waiting, sizes.append)
        try:
            await scenario(batches)
        finally:
            batches.close()

    asyncio.run(main())
    return sizes


def engine(network: Network) -> Engine:
    return cast("Engine", network)


SHORT, LONG = 1e-6, 10.0  # one is run in the event loop, the other in the thread


@pytest.mark.parametrize("seconds", [SHORT, LONG])
def test_requests_that_come_together_share_a_batch_and_each_gets_its_own_rows(seconds: float) -> None:
    network = Network("a", seconds, [])

    async def scenario(batches: Batches) -> None:
        asked = [batches.answers(engine(network), pictures(level, level + 0.5)) for level in range(5)]
        answers = await asyncio.gather(*asked)
        assert [one.raw.tolist() for one in answers] == [[[level], [level + 0.5]] for level in range(5)]

    assert run(scenario) == [10]


@pytest.mark.parametrize("seconds", [SHORT, LONG])
def test_a_batch_has_at_most_32_pictures_and_a_large_request_is_answered_in_order(seconds: float) -> None:
    network = Network("a", seconds, [])
    levels = [float(level) for level in range(100)]

    async def scenario(batches: Batches) -> None:
        found = await batches.answers(engine(network), pictures(*levels))
        assert found.raw[:, 0].tolist() == levels

    assert run(scenario) == [32, 32, 32, 4]


def test_engines_take_turns_so_that_a_flood_for_one_delays_the_other_by_one_batch() -> None:
    seen: list[tuple[str, int]] = []
    flooded, other = Network("flooded", SHORT, seen), Network("other", SHORT, seen)

    async def scenario(batches: Batches) -> None:
        flood = batches.answers(engine(flooded), pictures(*[0.0] * 320))
        await asyncio.gather(flood, batches.answers(engine(other), pictures(1.0)))

    run(scenario)

    assert seen[1] == ("other", 1)


def test_while_a_long_run_lasts_the_event_loop_goes_on_and_the_next_batch_forms() -> None:
    network = Network("a", LONG, [])

    async def scenario(batches: Batches) -> None:
        first = asyncio.create_task(batches.answers(engine(network), pictures(0.0)))
        await asyncio.sleep(0)  # it has joined the queue
        await asyncio.sleep(0)  # the network has taken it
        rest = [asyncio.create_task(batches.answers(engine(network), pictures(1.0))) for _ in range(7)]
        await asyncio.gather(first, *rest)

    assert run(scenario) == [1, 7]


def test_too_many_waiting_pictures_are_told_when_to_come_again() -> None:
    network = Network("a", LONG, [])

    async def scenario(batches: Batches) -> None:
        waiting = asyncio.create_task(batches.answers(engine(network), pictures(*[0.0] * 64)))
        await asyncio.sleep(0)
        with pytest.raises(TooManyPictures) as refused:
            await batches.answers(engine(network), pictures(0.0))
        assert refused.value.retry_after_seconds == 1
        await waiting
        assert (await batches.answers(engine(network), pictures(3.0))).raw.tolist() == [[3.0]]

    run(scenario, most_waiting=64)


@pytest.mark.parametrize("seconds", [SHORT, LONG])
def test_a_network_that_fails_tells_all_of_its_batch_and_answers_the_next(seconds: float) -> None:
    network = Network("a", seconds, [], error=RuntimeError("no memory"))

    async def scenario(batches: Batches) -> None:
        asked = [batches.answers(engine(network), pictures(0.0)) for _ in range(3)]
        answers = await asyncio.gather(*asked, return_exceptions=True)
        assert [str(answer) for answer in answers] == ["no memory"] * 3
        network.error = None
        assert (await batches.answers(engine(network), pictures(2.0))).raw.tolist() == [[2.0]]

    run(scenario)


def test_a_request_that_was_given_up_takes_no_answer_from_another() -> None:
    network = Network("a", LONG, [])

    async def scenario(batches: Batches) -> None:
        given_up = asyncio.create_task(batches.answers(engine(network), pictures(1.0)))
        other = asyncio.create_task(batches.answers(engine(network), pictures(2.0)))
        await asyncio.sleep(0)
        given_up.cancel()
        assert (await other).raw.tolist() == [[2.0]]

    run(scenario)
