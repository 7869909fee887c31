"""Faults at random moments: whatever dies, a training ends once, with the weights of an uninterrupted one."""

import random
import signal
import time
from pathlib import Path

from sqlalchemy import func, select

from service.records import Checkpoint, Training, TrainingChange
from tests.faults.conftest import Uninterrupted, new_site
from tests.faults.nursery import Foundling, Nursery
from tests.faults.results import SMALL, assert_one_result, history, weights
from tests.faults.rounds import FULL, rounds
from tests.waiting import wait_until
from tests.workers import Site
from worker import checkpoints
from worker.learning import checkpoints as learned

KILLS = 4  # of one training's workers, one after another, before it is left in peace


def interrupt(site: Site, nursery: Nursery, number: signal.Signals, rng: random.Random, seconds: float) -> None:
    """Let a worker work for a random time of up to `seconds`, then send it the signal and wait for its end."""
    with nursery.worker(site.settings) as worker:
        wait_until(lambda: "attempt" in worker.log.read_text(), 60, "the claim")
        time.sleep(rng.uniform(0, seconds))  # the moment is the point: no condition to wait for
        worker.send(number)
        worker.join(30)


def assert_as_if_nothing_had_happened(site: Site, training_id: str, uninterrupted: Uninterrupted) -> None:
    training = site.training(training_id)
    assert training["state"] == "succeeded", training
    assert weights(site, training_id) == uninterrupted.weights
    assert history(site, training_id) == uninterrupted.history
    assert_one_result(site, training_id)


def is_open(site: Site, training_id: str) -> bool:
    return site.training(training_id)["state"] in {"queued", "running"}


def test_kill_9_of_the_worker(hasty_site: Site, kind: str, nursery: Nursery, uninterrupted: Uninterrupted) -> None:
    site, training_id = hasty_site, None
    for kills, rng in enumerate(rounds("kill -9 the worker", kind, full=200, short=3), start=1):
        training_id = training_id or site.submit(**SMALL)
        interrupt(site, nursery, signal.SIGKILL, rng, uninterrupted.seconds)
        if kills % KILLS == 0 or not is_open(site, training_id):
            finish(site, nursery, training_id)
            assert_as_if_nothing_had_happened(site, training_id, uninterrupted)
            training_id = None
    if training_id is not None:
        finish(site, nursery, training_id)
        assert_as_if_nothing_had_happened(site, training_id, uninterrupted)


def finish(site: Site, nursery: Nursery, training_id: str) -> None:
    with nursery.worker(site.settings):
        site.wait_for(training_id, "succeeded", "failed")


def test_sigterm_of_the_worker(hasty_site: Site, kind: str, nursery: Nursery, uninterrupted: Uninterrupted) -> None:
    site = hasty_site
    for rng in rounds("SIGTERM to the worker", kind, full=100, short=2):
        training_id = site.submit(**SMALL)
        interrupt(site, nursery, signal.SIGTERM, rng, uninterrupted.seconds)

        given_back = site.training(training_id)
        assert given_back["state"] in {"queued", "succeeded"}, given_back
        with site.database.reading() as session:
            training = session.get_one(Training, training_id)
            assert (training.losses, training.lease_until, training.worker) == (0, None, None)
        finish(site, nursery, training_id)
        assert_as_if_nothing_had_happened(site, training_id, uninterrupted)


GAVE_UP = ("not ours any more", "is given up")  # the second where PostgreSQL has ended its silent transaction
STALE_PATIENCE_SECONDS = {"sqlite+embedded": 10.0, "postgresql+redis": 90.0}
"""How long another worker is waited for: one that is stopped in the middle of a write to SQLite holds up all others."""


def test_sigstop_beyond_the_lease(hasty_site: Site, kind: str, nursery: Nursery, uninterrupted: Uninterrupted) -> None:
    site, taken_over = hasty_site, 0
    for rng in rounds("SIGSTOP a worker beyond its lease, then CONT", kind, full=50):
        training_id = site.submit(**SMALL)
        with nursery.worker(site.settings) as stale:
            wait_until(lambda stale=stale: "attempt" in stale.log.read_text(), 60, "the claim")
            time.sleep(rng.uniform(0, uninterrupted.seconds))
            stale.send(signal.SIGSTOP)
            with nursery.worker(site.settings) as other:
                deadline = time.monotonic() + STALE_PATIENCE_SECONDS[kind]
                while is_open(site, training_id) and not has_begun(other) and time.monotonic() < deadline:
                    time.sleep(0.05)
                was_taken = has_begun(other)
                if was_taken:  # wake the stale one at some moment of the other's work, or after it
                    time.sleep(rng.uniform(0, 2 * uninterrupted.seconds))
                stale.send(signal.SIGCONT)
                before = site.wait_for(training_id, "succeeded", "failed", seconds=300)
            if before["attempt"] == 1:  # it was done before, or woke before anybody could rescue it
                assert not was_taken, before
                assert_as_if_nothing_had_happened(site, training_id, uninterrupted)
                continue
            taken_over += 1
            wait_until(lambda stale=stale: has_given_up(stale), 60, "the stale one to give up")
            before = site.training(training_id)
        assert site.training(training_id) == before
        with site.database.reading() as session:
            ends = select(TrainingChange.attempt).where(
                TrainingChange.training_id == training_id, TrainingChange.state == "succeeded"
            )
            assert session.scalars(ends).all() == [before["attempt"]]
        assert_as_if_nothing_had_happened(site, training_id, uninterrupted)
    print(f"taken over: {taken_over}")
    assert taken_over >= 25 or not FULL, "too few trainings were taken over: the test has lost its point"


def has_begun(worker: Foundling) -> bool:
    return "attempt" in worker.log.read_text()


def has_given_up(worker: Foundling) -> bool:
    log = worker.log.read_text()
    return any(words in log for words in GAVE_UP)


LARGE = {
    **SMALL,
    "network": {
        "layers": [
            {"layer": "Flatten"},
            {"layer": "Dense", "units": 1500, "activation": "relu"},
            {"layer": "Dense", "units": 10, "activation": "softmax"},
        ]
    },
    "recipe": {**SMALL["recipe"], "epochs": 2000, "batch_size": 10},
}
"""1.2 million parameters: its checkpoints have 14 MB, so that nearly all of its time goes into writing them."""


def test_kill_9_while_a_checkpoint_is_written(kind: str, tmp_path: Path, nursery: Nursery) -> None:
    with new_site(kind, tmp_path, lease_seconds=2, checkpoint_seconds=0.001, max_attempts=1000, threads=1) as site:
        training_id = site.submit(**LARGE)
        before = learned.Place(0, 0)
        torn = 0
        for rng in rounds("kill -9 while a checkpoint is written", kind, full=100, short=2):
            with nursery.worker(site.settings) as worker:
                first = newest_row(site, training_id)
                wait_until(lambda first=first: newest_row(site, training_id) > first, 120, "a checkpoint to begin")
                time.sleep(rng.uniform(0, 0.5))
                worker.kill()
            torn += is_torn(site, training_id)
            states = [learned.read(content) for content in checkpoints.newest_first(site.database, training_id)]
            assert len(states) <= checkpoints.KEPT
            place = states[0].place if states else learned.Place(0, 0)
            assert place >= before, "a checkpoint that was complete is gone"
            before = place
        site.client.post(f"/v1/trainings/{training_id}/cancel")
        assert before > learned.Place(0, 0) or not FULL
        assert torn or not FULL, "no kill met a checkpoint half-way: the test has lost its point"


def newest_row(site: Site, training_id: str) -> int:
    with site.database.reading() as session:
        return session.scalar(select(func.max(Checkpoint.id)).where(Checkpoint.training_id == training_id)) or 0


def is_torn(site: Site, training_id: str) -> bool:
    with site.database.reading() as session:
        query = select(func.count()).where(Checkpoint.training_id == training_id, ~Checkpoint.is_complete)
        return session.scalars(query).one() > 0
