"""Trainings that harm their worker: each ends with a reason that a person can act on, and the next one runs."""

from pathlib import Path

import pytest
from sqlalchemy import select

from service.records import Training
from tests.faults.conftest import SITES, new_site
from tests.faults.memory_groups import memory_for_more
from tests.faults.nursery import Nursery
from tests.faults.rounds import FULL
from tests.waiting import wait_until
from tests.workers import ENDLESS, TINY, Site
from worker.pulse import STUCK_AFTER_SECONDS

ATTEMPTS = 3
on_each_kind_if_full = pytest.mark.parametrize("kind", SITES if FULL else SITES[:1])
"""For what hardly depends on database and broker, and takes long."""


def slow_step(filters: int, kernel_size: int = 7, *, epochs: int = 1) -> dict[str, object]:
    """Return a training whose steps are long: one call into TensorFlow for a thousand images."""
    wide = {"layer": "Conv2D", "filters": filters, "kernel_size": kernel_size, "padding": "same", "activation": "relu"}
    layers = [wide, wide, wide, {"layer": "GlobalAveragePooling2D"}]
    layers.append({"layer": "Dense", "units": 10, "activation": "softmax"})
    return {**TINY, "network": {"layers": layers}, "recipe": {"epochs": epochs, "batch_size": 1000}}


def test_a_poison_training_fails_after_three_attempts_and_the_next_one_runs(
    kind: str, tmp_path: Path, nursery: Nursery
) -> None:
    with new_site(kind, tmp_path, lease_seconds=1, max_attempts=ATTEMPTS) as site:
        poison, following = site.submit(**ENDLESS), site.submit(**TINY)
        for attempt in range(1, ATTEMPTS + 1):
            with nursery.worker(site.settings) as victim:
                begins = f"{poison}: attempt {attempt} begins"
                wait_until(lambda victim=victim, begins=begins: begins in victim.log.read_text(), 60, begins)
                victim.kill()
        with nursery.worker(site.settings):
            failed = site.wait_for(poison, "failed", "succeeded")
            site.wait_for(following, "succeeded")

    assert failed["error"]["type"] == "worker-lost"
    assert failed["attempt"] == ATTEMPTS


def test_a_training_over_its_time_fails_and_its_worker_lives_on(kind: str, tmp_path: Path, nursery: Nursery) -> None:
    with new_site(kind, tmp_path, max_training_seconds=2) as site, nursery.worker(site.settings) as worker:
        failed = site.wait_for(site.submit(**ENDLESS), "failed", "succeeded", seconds=60)
        assert failed["error"]["type"] == "time-limit"
        following = site.submit(**TINY)
        wait_until(lambda: f"{following}: attempt 1 begins" in worker.log.read_text(), 60, "the next one to begin")
        assert worker.is_alive()


@on_each_kind_if_full
def test_a_native_call_longer_than_a_lease_does_not_starve_the_heartbeat(
    kind: str, tmp_path: Path, nursery: Nursery
) -> None:
    with (
        new_site(kind, tmp_path, lease_seconds=3) as site,
        nursery.worker(site.settings),
        nursery.worker(site.settings),  # each would rescue what the other loses
    ):
        site.wait_for(site.submit(**TINY), "succeeded")  # the data set is prepared then
        training_id = site.submit(**slow_step(32))
        site.wait_for_step(training_id)
        site.client.post(f"/v1/trainings/{training_id}/cancel")
        training = site.wait_for(training_id, "cancelled", "failed", "succeeded")

        assert training["attempt"] == 1
        assert losses(site, training_id) == 0
        # What was there to starve it: nearly all of that time is the first step, one call.
        assert training["compute_seconds"] > 2 * site.settings.lease_seconds


@on_each_kind_if_full
@pytest.mark.long
def test_a_training_that_is_stuck_in_native_code_is_ended_from_the_heartbeat(
    kind: str, tmp_path: Path, nursery: Nursery
) -> None:
    with new_site(kind, tmp_path, max_training_seconds=15) as site:  # enough to get to the step
        with nursery.worker(site.settings) as stuck:
            training_id = site.submit(**slow_step(160, kernel_size=25))
            failed = site.wait_for(training_id, "failed", "succeeded", seconds=STUCK_AFTER_SECONDS + 120)
            assert "it does not stop" in stuck.log.read_text()
            stuck.join()
        assert failed["error"]["type"] == "time-limit"
        assert failed["attempt"] == 1

        with nursery.worker(site.settings) as another:
            following = site.submit(**TINY)
            wait_until(lambda: f"{following}: attempt 1 begins" in another.log.read_text(), 60, "the next one to begin")


@on_each_kind_if_full
def test_a_training_that_the_kernel_kills_for_want_of_memory_says_so(kind: str, tmp_path: Path) -> None:
    with new_site(kind, tmp_path, max_attempts=1) as site, site.worker() as worker:
        worker.wait_until_ready()
        with memory_for_more(worker.child(), megabytes=150):
            failed = site.wait_for(site.submit(**slow_step(32)), "failed", "succeeded")
        assert failed["error"]["type"] == "out-of-memory"
        assert "smaller batch_size" in failed["error"]["detail"]

        site.wait_for(site.submit(**TINY), "succeeded")
        assert worker.process.poll() is None


def losses(site: Site, training_id: str) -> int:
    with site.database.reading() as session:
        return session.scalars(select(Training.losses).where(Training.id == training_id)).one()
