"""A broker that forgets everything, dies or cannot be reached: every training finishes, and nobody starts a worker again."""

import random
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

import pytest
from sqlalchemy import select

from service.records import Worker
from tests.faults.brokers import Broker, new_broker
from tests.faults.conftest import SITES, new_site
from tests.faults.results import assert_one_result
from tests.faults.rounds import FULL, rounds
from tests.waiting import wait_until
from tests.workers import TINY, RunningWorker, Site

AWAY_SECONDS = 60.0 if FULL else 3.0
LATE_SECONDS = 300.0  # Celery asks a broker that is away every 32 s at the longest


@dataclass(frozen=True)
class Running:
    """A site with a broker of its own and one worker, which must live through all rounds of all tests here."""

    kind: str
    site: Site
    broker: Broker
    worker: RunningWorker


@pytest.fixture(scope="module", params=SITES)
def running(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    kind, home = str(request.param), Path(tmp_path_factory.mktemp("broker"))
    with (
        new_broker(kind, home) as broker,
        new_site(kind, home, broker_url=broker.url) as site,
        site.worker() as worker,
    ):
        worker.wait_until_ready()
        yield Running(kind, site, broker, worker)


def some_time(rng: random.Random) -> None:
    time.sleep(rng.uniform(0, 1.5))  # the moment is the point: a ring is on its way, or taken, or its training runs


def try_fault(running: Running, rng: random.Random, fault: Callable[[Callable[[], None]], None]) -> None:
    """Submit before, during and after the fault; all must finish, by the same worker."""
    pid, submitted = running.worker.process.pid, []

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
    assert running.worker.process.poll() is None
    assert running.worker.process.pid == pid


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
    with running.site.database.reading() as session:
        return session.scalars(select(Worker.seen_at)).one()


def test_the_broker_is_away_for_a_minute(running: Running) -> None:
    ways = running.broker.ways_to_be_away()
    for number, rng in enumerate(rounds("broker unreachable for a minute", running.kind, full=20, short=len(ways))):

        def be_away(submit: Callable[[], None], number: int = number) -> None:
            with ways[number % len(ways)]():
                submit()
                time.sleep(AWAY_SECONDS)
                before = seen_at(running)
                wait_until(lambda: seen_at(running) > before, 30, "the worker, which goes on to rescue and to be seen")

        try_fault(running, rng, be_away)
