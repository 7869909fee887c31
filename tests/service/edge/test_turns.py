"""A few are served at a time, some wait, the rest is sent away."""

import threading

import anyio
import pytest

from service.edge.turns import Turns
from service.errors import Unavailable

AT_A_TIME, MOST_WAITING = 2, 30


def test_a_few_are_carried_out_at_a_time_and_too_many_are_sent_away():
    running, most, refused = 0, 0, 0
    lock, go_on = threading.Lock(), threading.Event()

    def work() -> None:
        nonlocal running, most
        with lock:
            running += 1
            most = max(most, running)
        go_on.wait(30)
        with lock:
            running -= 1

    async def come(turns: Turns) -> None:
        nonlocal refused
        try:
            await turns.take(work)
        except Unavailable as error:
            refused += bool(error.retry_after_seconds)
            go_on.set()

    async def crowd() -> None:
        turns = Turns("explanations", AT_A_TIME, MOST_WAITING)
        async with anyio.create_task_group() as group:
            for _ in range(AT_A_TIME + MOST_WAITING + 1):
                group.start_soon(come, turns)
        assert await turns.take(lambda: "served") == "served"

    anyio.run(crowd)

    assert refused == 1
    assert 1 <= most <= AT_A_TIME


def test_a_turn_that_fails_gives_its_place_back():
    async def fail_often() -> None:
        turns = Turns("explanations", AT_A_TIME, MOST_WAITING)
        for _ in range(AT_A_TIME + MOST_WAITING + 1):
            with pytest.raises(ZeroDivisionError):
                await turns.take(lambda: 1 // 0)

    anyio.run(fail_often)
