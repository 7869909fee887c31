"""Every message delivered ten times to two workers that race for one row: each training runs once."""

import re
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path

import pytest
from celery import Celery

from service.queue import WORK, celery_application
from tests.faults.conftest import SITES, new_site
from tests.faults.results import assert_one_result
from tests.faults.rounds import rounds
from tests.workers import TINY, RunningWorker, Site

DELIVERIES = 10


@dataclass(frozen=True)
class Racing:
    """A site with two workers, and a hand on its doorbell."""

    kind: str
    site: Site
    doorbell: Celery
    workers: tuple[RunningWorker, RunningWorker]


@pytest.fixture(params=SITES)
def racing(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Racing]:
    kind = str(request.param)
    with ExitStack() as stack:
        site = stack.enter_context(new_site(kind, tmp_path))
        one, two = (stack.enter_context(site.worker(name)) for name in ("one", "two"))
        doorbell = celery_application(site.settings)
        stack.callback(doorbell.close)
        one.wait_until_ready()
        two.wait_until_ready()
        yield Racing(kind, site, doorbell, (one, two))


def test_every_message_is_delivered_ten_times_and_two_workers_race(racing: Racing) -> None:
    site, tried = racing.site, 0
    for rng in rounds(
        "every message delivered ten times, two workers race for one row", racing.kind, full=200, short=2
    ):
        tried += 1
        early = rng.randrange(DELIVERIES)  # so many rings come before the row, the others after it
        ring(racing, early)
        training_id = site.submit(**TINY, seed=rng.randrange(1000))
        ring(racing, DELIVERIES - early)

        training = site.wait_for(training_id, "succeeded", "failed")
        assert (training["state"], training["attempt"]) == ("succeeded", 1), training
        assert [change["state"] for change in training["changes"]] == ["queued", "running", "succeeded"]
        assert_one_result(site, training_id)
    heard = [rings_heard(worker) for worker in racing.workers]
    assert all(heard), "only one worker heard rings: nobody raced"
    assert sum(heard) > DELIVERIES * tried / 2, heard  # the last ones may still wait


def ring(racing: Racing, times: int) -> None:
    for _ in range(times):
        racing.doorbell.send_task(WORK, ignore_result=True)


def rings_heard(worker: RunningWorker) -> int:
    return len(re.findall(rf"{re.escape(WORK)}\[.*received", worker.log.read_text()))
