"""A broker that forgets everything, dies or cannot be reached: every training finishes, and nobody starts a worker again."""

import random
import time
from collections.abc import Callable
from contextlib import ExitStack, closing
from datetime import datetime

from celery import Celery
from sqlalchemy import select

from service.queue import WORK, celery_application
from service.records import Worker
from tests.faults.conftest import Running
from tests.faults.results import assert_one_result
from tests.faults.rounds import FULL, rounds
from tests.waiting import wait_until
from tests.workers import TINY

AWAY_SECONDS = 60.0 if FULL else 3.0
LATE_SECONDS = 300.0  # Celery asks a broker that is away every 32 s at the longest


def some_time(rng: random.Random) -> None:
    time.sleep(rng.uniform(0, 1.5))  # the moment is the point: a ring is on its way, or taken, or its training runs


def try_fault(running: Running, rng: random.Random, fault: Callable[[Callable[[], None]], None]) -> None:
    """Submit before, during and after the fault; all must finish, by the same workers."""
    submitted: list[str] = []

    def submit() -> None:
        submitted.append(running.site.submit(**TINY, seed=rng.randrange(1000)))

    submit()
    some_time(rng)
    fault(submit)
    submit()
    for training_id in submitted:
        training = running.site.wait_for(training_id, "succeeded", "failed", seconds=LATE_SECONDS)
        assert (training["state"], training["attempt"]) == ("succeeded", 1), training
        assert_one_result(running.site, training_id)
    assert all(worker.process.poll() is None for worker in running.workers)


def test_the_broker_is_flushed(running: Running) -> None:
    def flush(submit: Callable[[], None]) -> None:
        submit()
        running.broker.flush()

    for rng in rounds("broker flushed", running.kind, full=20):
        try_fault(running, rng, flush)


def test_the_broker_is_restarted(running: Running) -> None:
    def restart(submit: Callable[[], None]) -> None:
        submit()
        running.broker.restart()

    for rng in rounds("broker restarted", running.kind, full=20):
        try_fault(running, rng, restart)


def seen_at(running: Running) -> datetime:
    """When the one that was seen longest ago was seen."""
    with running.site.database.reading() as session:
        return min(session.scalars(select(Worker.seen_at)))


def test_the_broker_is_away_for_a_minute(running: Running) -> None:
    ways = running.broker.ways_to_be_away()
    for number, rng in enumerate(rounds("broker unreachable for a minute", running.kind, full=20, short=len(ways))):

        def be_away(submit: Callable[[], None], number: int = number) -> None:
            with ways[number % len(ways)]():
                submit()
                time.sleep(AWAY_SECONDS)
                before = seen_at(running)
                wait_until(lambda: seen_at(running) > before, 30, "the workers, which go on to rescue and to be seen")

        try_fault(running, rng, be_away)


def test_a_ring_that_cannot_be_acknowledged_makes_no_worker_deaf(running: Running) -> None:
    """The moment that random rounds met now and then: the broker is away between a ring's arrival and its acknowledgement."""
    for rng in rounds("broker away before a ring is acknowledged", running.kind, full=20):
        before = [worker.rings_heard() for worker in running.workers]
        children = [worker.child() for worker in running.workers]
        with ExitStack() as resumed:
            for child in children:
                with running.site.database.transaction() as session:
                    session.connection()  # we write, on SQLite alone: a child that stops while it does locks everybody out
                    child.suspend()  # a child that works acknowledges at once
                resumed.callback(child.resume)
            submitted = [running.site.submit(**TINY, seed=rng.randrange(1000)) for _ in running.workers]
            wait_until(lambda before=before: all(have_heard(running, before)), 120, "a ring in the hand of each worker")
            with running.broker.ways_to_be_away()[0]():
                resumed.close()
                for training_id in submitted:
                    assert running.site.wait_for(training_id, "succeeded", "failed")["state"] == "succeeded"

        following = running.site.submit(**TINY)
        assert running.site.wait_for(following, "succeeded", "failed")["state"] == "succeeded"
        before = [worker.rings_heard() for worker in running.workers]
        with closing(celery_application(running.site.settings)) as doorbell:
            wait_until(
                lambda before=before, doorbell=doorbell: ring_and_listen(running, doorbell, before), 60, "both hear"
            )
        assert all("hears no ring" not in worker.log.read_text() for worker in running.workers)


def have_heard(running: Running, before: list[int]) -> list[bool]:
    return [worker.rings_heard() > heard for worker, heard in zip(running.workers, before, strict=True)]


def ring_and_listen(running: Running, doorbell: Celery, before: list[int]) -> bool:
    for _ in range(10):
        doorbell.send_task(WORK, ignore_result=True)
    return all(have_heard(running, before))
