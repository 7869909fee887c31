"""A question to something that may hang: asked once for all who want to know, and never waited for for long."""

import asyncio
import threading

import pytest

from service.probing import NoAnswer, Probe


def test_many_who_ask_at_once_share_one_question_and_its_answer_holds_for_a_while() -> None:
    asked: list[int] = []
    probe = Probe("test", lambda: asked.append(1) or len(asked), fresh_seconds=60)

    async def ask() -> list[int]:
        return [*await asyncio.gather(*(probe.answer() for _ in range(50))), await probe.answer()]

    assert asyncio.run(ask()) == [1] * 51


def test_an_answer_that_is_not_fresh_is_asked_for_again() -> None:
    asked: list[int] = []
    probe = Probe("test", lambda: asked.append(1) or len(asked), fresh_seconds=0)

    assert [asyncio.run(probe.answer()) for _ in range(3)] == [1, 2, 3]


def test_a_question_that_hangs_keeps_nobody_and_takes_one_thread_however_many_ask() -> None:
    released = threading.Event()
    probe = Probe("hangs", released.wait, limit_seconds=0.2, fresh_seconds=0)

    async def ask() -> list[object]:
        return await asyncio.gather(*(probe.answer() for _ in range(20)), return_exceptions=True)

    first, second = asyncio.run(ask()), asyncio.run(ask())
    threads = [thread for thread in threading.enumerate() if thread.name == "probe-hangs"]
    released.set()
    for thread in threads:
        thread.join()

    assert {str(answer) for answer in first + second} == {"no answer within 0.2 s"}
    assert all(isinstance(answer, NoAnswer) for answer in first + second)
    assert len(threads) == 1
    assert asyncio.run(probe.answer()) is True  # it works again


def test_what_the_question_raises_is_raised_in_whoever_asked() -> None:
    def fail() -> None:
        raise OSError("the disk hangs")

    probe = Probe("test", fail)

    for _ in range(2):
        with pytest.raises(OSError, match="the disk hangs"):
            asyncio.run(probe.answer())


def test_a_time_out_of_the_question_itself_is_not_ours() -> None:
    def fail() -> None:
        raise TimeoutError("its own")

    with pytest.raises(TimeoutError, match="its own"):
        asyncio.run(Probe("test", fail).answer())
