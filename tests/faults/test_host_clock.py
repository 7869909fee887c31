"""A host whose clock is an hour off, or is set while a training runs: nobody is rescued who is alive."""

import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlalchemy import select

from service.records import Training, TrainingState
from tests.faults.clocks import WrongClock
from tests.faults.conftest import new_site
from tests.faults.nursery import Nursery
from tests.faults.results import assert_one_result
from tests.faults.rounds import rounds
from tests.waiting import wait_until
from tests.workers import ENDLESS, TINY, RunningWorker, Site

HOUR = 3600
LEASE_SECONDS = 20.0  # nobody dies here: long enough for a machine that is busy with other things
LASTING_SECONDS = LEASE_SECONDS / 4 + 3
"""How long trainings last with the clock as it is then: for a renewal of each, and some looks of either worker, which would
rescue at once what seems to have ended an hour ago."""


@pytest.fixture
def clock_site(kind: str, tmp_path: Path) -> Iterator[tuple[Site, WrongClock, RunningWorker]]:
    """A site with one worker, whose clock is wrong."""
    clock = WrongClock(tmp_path)
    clock.set(HOUR)
    with (
        new_site(kind, tmp_path, lease_seconds=LEASE_SECONDS) as site,
        site.worker("wrong", clock.environment) as worker,
    ):
        worker.wait_until_ready()
        yield site, clock, worker


@pytest.mark.long  # now and then it fails on a busy machine, see docs/reliability.md
def test_a_clock_that_is_wrong_or_jumps_rescues_nobody(
    clock_site: tuple[Site, WrongClock, RunningWorker], kind: str, nursery: Nursery
) -> None:
    site, clock, worker = clock_site
    for number, rng in enumerate(rounds("host clock an hour off, and set while it runs", kind, full=10)):
        offset = HOUR if number % 2 == 0 else -HOUR
        clock.set(offset)
        training_id = site.submit(**ENDLESS)
        wait_until_begun(training_id, worker.log)
        with nursery.worker(site.settings) as right:
            other = site.submit(**ENDLESS)
            wait_until_begun(other, right.log)
            last(site, training_id, other)
            clock.set(rng.choice([0, -offset, 24 * offset]))  # somebody sets it
            last(site, training_id, other)
            for each in (training_id, other):
                site.client.post(f"/v1/trainings/{each}/cancel")
            for each in (training_id, other):
                site.wait_for(each, "cancelled")
        following = site.submit(**TINY)
        assert site.wait_for(following, "succeeded", "failed")["state"] == "succeeded"
        assert_one_result(site, following)
        assert_never_lost(site)
    assert worker.process.poll() is None
    assert "Discarding" not in worker.log.read_text(), "a ring was taken for expired"
    assert lines_of_another_hour(worker), "no line of the log has a wrong time: the test has lost its point"


def wait_until_begun(training_id: str, log: Path) -> None:
    """Wait until the worker with this log has claimed the training."""
    wait_until(lambda: f"{training_id}: attempt 1 begins" in log.read_text(), 120, "the claim")


def last(site: Site, *training_ids: str) -> None:
    """Let a while pass; all the while every training runs in its first attempt."""
    ends_at = time.monotonic() + LASTING_SECONDS
    while time.monotonic() < ends_at:
        for training_id in training_ids:
            training = site.training(training_id)
            assert (training["state"], training["attempt"]) == ("running", 1), training
        time.sleep(0.2)


def assert_never_lost(site: Site) -> None:
    with site.database.reading() as session:
        rows = session.execute(select(Training.losses, Training.attempt, Training.state)).all()
    assert all((row.losses, row.attempt) == (0, 1) for row in rows), rows
    assert all(row.state is not TrainingState.RUNNING for row in rows), rows


def lines_of_another_hour(worker: RunningWorker) -> list[str]:
    """Return the lines of the worker's log that are dated an hour away."""
    away = {time.strftime("%Y-%m-%dT%H:", time.gmtime(time.time() + offset)) for offset in (HOUR, -HOUR)}
    return [line for line in worker.log.read_text().splitlines() if any(hour in line[:20] for hour in away)]
