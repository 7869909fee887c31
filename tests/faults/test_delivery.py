"""Every message delivered ten times to two workers that race for one row: each training runs once."""

from contextlib import closing

from celery import Celery

from service.queue import WORK, celery_application
from tests.faults.conftest import Running
from tests.faults.results import assert_one_result
from tests.faults.rounds import rounds
from tests.workers import TINY

DELIVERIES = 10


def test_every_message_is_delivered_ten_times_and_two_workers_race(running: Running) -> None:
    site, tried = running.site, 0
    before = [worker.rings_heard() for worker in running.workers]
    with closing(celery_application(site.settings)) as doorbell:
        fault = "every message delivered ten times, two workers race for one row"
        for rng in rounds(fault, running.kind, full=200, short=2):
            tried += 1
            early = rng.randrange(DELIVERIES)  # so many rings come before the row, the others after it
            ring(doorbell, early)
            training_id = site.submit(**TINY, seed=rng.randrange(1000))
            ring(doorbell, DELIVERIES - early)

            training = site.wait_for(training_id, "succeeded", "failed")
            assert (training["state"], training["attempt"]) == ("succeeded", 1), training
            assert [change["state"] for change in training["changes"]] == ["queued", "running", "succeeded"]
            assert_one_result(site, training_id)
    heard = [worker.rings_heard() - earlier for worker, earlier in zip(running.workers, before, strict=True)]
    assert all(heard), "only one worker heard rings: nobody raced"
    assert sum(heard) > DELIVERIES * tried / 2, heard  # the last ones may still wait


def ring(doorbell: Celery, times: int) -> None:
    for _ in range(times):
        doorbell.send_task(WORK, ignore_result=True)
