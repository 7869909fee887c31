"""Explanations wait for each other, not for ever, and what was made is kept within bounds."""

import threading

import anyio
import pytest

from service.errors import Unavailable
from service.explanations.keeping import MOST_BYTES, Kept
from service.explanations.turns import AT_A_TIME, MOST_WAITING, Turns


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
            assert error.retry_after_seconds
            refused += 1
            go_on.set()

    async def crowd() -> None:
        turns = Turns()
        async with anyio.create_task_group() as group:
            for _ in range(AT_A_TIME + MOST_WAITING + 1):
                group.start_soon(come, turns)
        assert await turns.take(lambda: "served") == "served"

    anyio.run(crowd)

    assert refused == 1
    assert 1 <= most <= AT_A_TIME


def test_a_turn_that_fails_gives_its_place_back():
    async def fail_often() -> None:
        turns = Turns()
        for _ in range(AT_A_TIME + MOST_WAITING + 1):
            with pytest.raises(ZeroDivisionError):
                await turns.take(lambda: 1 // 0)

    anyio.run(fail_often)


def test_what_was_made_is_given_again_until_there_is_too_much_of_it():
    kept, made = Kept(), []

    def make(name: str) -> bytes:
        made.append(name)
        return bytes(MOST_BYTES // 2)

    for name in ["a", "b", "a", "c", "a", "b"]:
        kept.get(name, lambda name=name: make(name))

    assert made == ["a", "b", "c", "b"]
