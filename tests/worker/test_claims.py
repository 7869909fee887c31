"""The claim rule: one worker has a training, and who lost it can change nothing."""

import threading

import pytest
from sqlalchemy import select, update

from service.database import Database
from service.records import Training, TrainingChange, TrainingState, fairness
from service.records.clock import lease_clock, lease_now, seconds_from_now
from worker import claims, rescuing
from worker.claims import Claim
from worker.heartbeat import Heartbeat
from worker.leases import LeaseLost

SPEC = {"dataset": "mnist-5k"}


def queue(database: Database, *ids: str) -> None:
    for training_id in ids:
        with database.transaction() as session:
            session.add(Training(id=training_id, owner="anybody", spec=SPEC, dataset="mnist-5k"))
            session.flush()
            fairness.refresh(session, "anybody")


def read(database: Database, training_id: str) -> Training:
    with database.reading() as session:
        training = session.get(Training, training_id)
        assert training is not None
        return training


def claimed(database: Database, lease_seconds: float = 60) -> Claim:
    claim = claims.claim(database, "worker-a", lease_seconds)
    assert claim is not None
    return claim


def expire(database: Database, training_id: str) -> None:
    with database.transaction() as session:
        session.execute(update(Training).where(Training.id == training_id).values(lease_until=lease_now() - 1))


def test_a_lease_on_another_clock_has_ended_with_it(database: Database) -> None:
    """SQLite's leases are on the host's clock, which begins anew when the host does."""
    queue(database, "one")
    claimed(database)
    with database.transaction() as session:
        session.execute(update(Training).values(lease_clock="the start before this one"))

    assert rescuing.rescue(database, max_attempts=3) == 1


def test_what_an_attempt_computed_does_not_follow_the_time_of_day(database: Database) -> None:
    """A host's clock that was an hour off, and is set right in the middle of a training, costs its owner nothing."""
    queue(database, "one")
    claim = claimed(database)
    with database.transaction() as session:
        session.execute(update(Training).values(started_at=seconds_from_now(-3600), lease_began=lease_now() - 5))

    claims.release(database, claim, "shutdown")

    assert read(database, "one").compute_seconds == pytest.approx(5, abs=2)


def test_an_attempt_that_an_older_worker_claimed_is_measured_by_the_time_of_day(database: Database) -> None:
    queue(database, "one")
    claim = claimed(database)
    with database.transaction() as session:
        session.execute(update(Training).values(started_at=seconds_from_now(-7), lease_began=None))

    claims.release(database, claim, "shutdown")

    assert read(database, "one").compute_seconds == pytest.approx(7, abs=2)


def history(database: Database, training_id: str) -> list[tuple[str, int]]:
    with database.reading() as session:
        found = session.scalars(
            select(TrainingChange).where(TrainingChange.training_id == training_id).order_by(TrainingChange.id)
        )
        return [(change.state.value, change.attempt) for change in found]


def test_first_come_is_first_served(database: Database) -> None:
    queue(database, "second-by-name", "a-first-by-name")

    taken = [claimed(database).training_id, claimed(database).training_id]

    assert taken == ["second-by-name", "a-first-by-name"]
    assert claims.claim(database, "worker-a", 60) is None


def test_a_claim_raises_the_attempt_and_is_kept_in_the_history(database: Database) -> None:
    queue(database, "one")

    claim = claimed(database)

    training = read(database, "one")
    assert (claim.attempt, claim.spec) == (1, SPEC)
    assert (training.state, training.attempt, training.worker) == (TrainingState.RUNNING, 1, "worker-a")
    with database.reading() as session:
        clock, seconds = session.execute(select(lease_clock(), lease_now())).one()
    assert training.lease_clock == clock
    assert training.lease_until == pytest.approx(seconds + 60, abs=1)
    assert history(database, "one") == [("running", 1)]


def test_many_workers_that_claim_at_once_never_share_a_training(database: Database) -> None:
    ids = [f"training-{number:02d}" for number in range(20)]
    queue(database, *ids)
    taken: list[str] = []
    barrier = threading.Barrier(4)

    def take_all(worker: str) -> None:
        barrier.wait()
        while (claim := claims.claim(database, worker, 60)) is not None:
            taken.append(claim.training_id)

    threads = [threading.Thread(target=take_all, args=(f"worker-{number}",)) for number in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert sorted(taken) == ids


def test_a_worker_that_lost_its_lease_can_change_nothing(database: Database) -> None:
    queue(database, "one")
    stale = claimed(database)
    expire(database, "one")
    rescuing.rescue(database, max_attempts=3)
    fresh = claimed(database)

    with pytest.raises(LeaseLost):
        claims.renew(database, stale, 60)
    with pytest.raises(LeaseLost):
        claims.release(database, stale, "too late")
    with pytest.raises(LeaseLost), database.transaction() as session:
        claims.finish(session, stale, TrainingState.SUCCEEDED)

    training = read(database, "one")
    assert (training.state, training.attempt) == (TrainingState.RUNNING, fresh.attempt)
    assert history(database, "one") == [("running", 1), ("queued", 1), ("running", 2)]


def test_a_lease_that_is_renewed_is_not_rescued(database: Database) -> None:
    queue(database, "one")
    claim = claimed(database)
    expire(database, "one")
    claims.renew(database, claim, 60)

    assert rescuing.rescue(database, max_attempts=3) == 0
    assert read(database, "one").state == TrainingState.RUNNING


def test_a_training_that_loses_its_worker_three_times_fails_and_says_why(database: Database) -> None:
    queue(database, "poison")
    for _ in range(3):
        claimed(database)
        expire(database, "poison")
        assert rescuing.rescue(database, max_attempts=3) == 1

    training = read(database, "poison")
    assert (training.state, training.error_type) == (TrainingState.FAILED, "worker-lost")
    assert training.error_detail == "Its worker was lost 3 times; it is not tried again."
    assert training.finished_at is not None
    assert claims.claim(database, "worker-a", 60) is None


def test_a_training_that_is_given_back_does_not_count_as_lost(database: Database) -> None:
    queue(database, "one")
    for _ in range(5):
        claims.release(database, claimed(database), "the worker was stopped")

    training = read(database, "one")
    assert (training.state, training.attempt, training.losses) == (TrainingState.QUEUED, 5, 0)


def test_a_lost_training_whose_cancellation_was_asked_for_is_cancelled(database: Database) -> None:
    queue(database, "one")
    claimed(database)
    with database.transaction() as session:
        session.execute(update(Training).values(cancel_requested_at=seconds_from_now(0)))
    expire(database, "one")

    rescuing.rescue(database, max_attempts=3)

    assert read(database, "one").state == TrainingState.CANCELLED


def test_the_heartbeat_keeps_a_short_lease_alive_and_notices_when_it_is_lost(database: Database) -> None:
    queue(database, "one")
    claim = claimed(database, lease_seconds=0.4)
    with Heartbeat(database, claim, 0.4, seconds_left=60) as heartbeat:
        first = read(database, "one").lease_until
        assert first is not None
        while (later := read(database, "one").lease_until) is not None and later <= first:
            assert not heartbeat.lost.is_set()

        with database.transaction() as session:
            session.execute(update(Training).values(attempt=2))

        assert heartbeat.lost.wait(5)
