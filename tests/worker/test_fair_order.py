"""Whose turn it is: fewest running, then least computed of late, then the oldest; and a priority before all of it."""

import random
import threading

import pytest
from sqlalchemy import delete, update

from service.database import Database
from service.records import Owner, Training, TrainingState, Worker, fairness
from service.records.clock import lease_now
from service.trainings import waiting
from worker import claims
from worker.claims import Claim


def queue(database: Database, *names: str, priority: int = 0) -> None:
    """Queue trainings whose names begin with their owner's: `ada-1`."""
    with database.transaction() as session:
        for name in names:
            owner = name.partition("-")[0]
            session.add(Training(id=name, owner=owner, priority=priority, epochs=1, spec={}, dataset="mnist-5k"))
            session.flush()
            fairness.refresh(session, owner)


def claim(database: Database) -> str | None:
    found = claims.claim(database, "worker", 60)
    return None if found is None else found.training_id


def finish(database: Database, training_id: str, seconds: float) -> None:
    """End a training that took `seconds`."""
    with database.transaction() as session:
        began = lease_now() - seconds
        session.execute(update(Training).where(Training.id == training_id).values(lease_began=began))
        attempt = session.get_one(Training, training_id).attempt
        claims.finish(session, Claim(training_id, attempt, {}, None), TrainingState.SUCCEEDED)


def test_one_student_with_many_trainings_delays_another_by_at_most_one(database: Database) -> None:
    queue(database, *[f"ada-{number:03d}" for number in range(100)])
    assert claim(database) == "ada-000"
    queue(database, "bob-1")

    finish(database, "ada-000", seconds=60)

    assert claim(database) == "bob-1"


def test_among_owners_with_nothing_running_the_one_that_computed_least_comes_first(database: Database) -> None:
    queue(database, "ada-1", "bob-1")
    assert claim(database) == "ada-1"
    assert claim(database) == "bob-1"
    finish(database, "ada-1", seconds=600)
    finish(database, "bob-1", seconds=6)
    queue(database, "ada-2", "bob-2", "cyd-2")

    assert [claim(database) for _ in range(3)] == ["cyd-2", "bob-2", "ada-2"]


def test_a_priority_comes_before_fairness(database: Database) -> None:
    queue(database, "ada-1", "ada-2", "bob-1")
    queue(database, "ada-3", priority=10)
    queue(database, "bob-2", priority=-1)

    assert [claim(database) for _ in range(5)] == ["ada-3", "bob-1", "ada-1", "ada-2", "bob-2"]


def test_a_training_that_is_given_back_keeps_its_place(database: Database) -> None:
    queue(database, "ada-1", "ada-2")
    taken = claims.claim(database, "worker", 60)
    assert taken is not None

    claims.release(database, taken, "stopped")

    assert claim(database) == "ada-1"


def test_an_owner_row_that_is_wrong_keeps_no_training_waiting_for_ever(database: Database) -> None:
    queue(database, "ada-1")
    with database.transaction() as session:
        session.execute(update(Owner).values(next_priority=None, next_created_at=None))

    assert claim(database) == "ada-1"


def test_an_owner_row_that_is_missing_is_made_again(database: Database) -> None:
    queue(database, "ada-1")
    with database.transaction() as session:
        session.execute(delete(Owner))

    assert claim(database) == "ada-1"


def test_the_forecast_is_the_order_in_which_one_worker_claims(database: Database) -> None:
    seed = random.randrange(2**32)
    print("seed", seed)
    rng = random.Random(seed)
    names = [f"{rng.choice('abcd')}-{number:02d}" for number in range(20)]
    epochs = dict(zip(names, rng.sample(range(1, 1000), len(names)), strict=True))
    pace = 0.006  # seconds an epoch: all of it takes so little time that decay, which a test cannot wait for, plays no part
    queue(database, "a-first", *names)
    with database.transaction() as session:
        session.add(Worker(name="one"))
        for name, number in [("a-first", 1000), *epochs.items()]:
            session.execute(update(Training).where(Training.id == name).values(epochs=number))
    finish(database, claim(database) or "", seconds=1000 * pace)  # now it is known what an epoch takes
    with database.reading() as session:
        turns = waiting.turns(session)

    claimed = []
    while (training_id := claim(database)) is not None:
        claimed.append(training_id)
        finish(database, training_id, seconds=pace * epochs[training_id])

    assert claimed == sorted(turns, key=lambda name: turns[name].position)
    starts = [turns[name].starts_in_seconds for name in claimed]
    assert starts[-1] == pytest.approx(pace * sum(epochs[name] for name in claimed[:-1]), rel=0.05)


def test_submissions_claims_and_ends_at_once_leave_every_owner_row_right(database: Database) -> None:
    """On PostgreSQL they run side by side: nobody waits in a circle, and the last to commit counts what the others did."""
    done: list[str] = []
    failures: list[Exception] = []

    def submit(prefix: str) -> None:
        for number in range(15):
            queue(database, f"{prefix}-{number:03d}")

    def work() -> None:
        while len(done) < 60 and not failures:
            training_id = claim(database)
            if training_id is not None:
                finish(database, training_id, seconds=1)
                done.append(training_id)

    def carefully(function, *arguments) -> None:
        try:
            function(*arguments)
        except Exception as error:
            failures.append(error)
            raise

    threads = [
        threading.Thread(target=carefully, args=(submit, prefix)) for prefix in ("ada-1", "ada-2", "bob-1", "bob-2")
    ]
    threads += [threading.Thread(target=carefully, args=(work,)) for _ in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert not failures
    with database.reading() as session:
        owners = session.query(Owner).all()
        assert [(owner.running, owner.next_priority) for owner in owners] == [(0, None), (0, None)]


@pytest.mark.parametrize("state", ["queued", "running"])
def test_cancelling_and_deleting_free_the_owners_place(client, database: Database, state: str) -> None:
    training_id = client.post("/v1/trainings", json={"preset": "quickstart"}).json()["id"]
    if state == "running":
        claimed = claims.claim(database, "worker", 60)
        assert claimed is not None
        claims.release(database, claimed, "stopped")

    client.post(f"/v1/trainings/{training_id}/cancel")
    client.delete(f"/v1/trainings/{training_id}")

    with database.reading() as session:
        owner = session.get_one(Owner, "anybody")
        assert (owner.running, owner.next_priority, owner.next_created_at) == (0, None, None)
