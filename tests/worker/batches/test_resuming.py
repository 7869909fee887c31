"""A batch whose worker is lost goes on behind the last chunk that was kept; a stale worker changes nothing."""

import json

import pytest
from fastapi.testclient import TestClient
from sqlalchemy import update

from service.database import Database
from service.records import BatchChunk, PredictionBatch, TrainingState
from service.records.clock import lease_now
from service.settings import Settings
from tests.service.batches import batching
from tests.service.batches.batching import PATH, desk, npz, shades, submitted
from worker.batches import answering, carrying_out, claims, rescuing
from worker.batches.claims import BatchClaim
from worker.batches.looking import work
from worker.leases import LeaseLost

PICTURES = 3 * answering.FIRST


@pytest.fixture(autouse=True)
def _model(database: Database) -> None:
    batching.add_model(database)


def read(database: Database, batch_id: str) -> PredictionBatch:
    with database.reading() as session:
        return session.get_one(PredictionBatch, batch_id)


def expire(database: Database) -> None:
    with database.transaction() as session:
        session.execute(update(PredictionBatch).values(lease_until=lease_now() - 1))


def kept_then_killed(settings: Settings, database: Database) -> BatchClaim:
    """Claim a batch, keep its first chunk, and never come back."""
    claim = claims.claim(database, "first", 60)
    assert claim is not None
    chunk = BatchChunk(
        batch_id=claim.batch_id,
        start=0,
        count=answering.FIRST,
        names={"names": [f"kept {number}" for number in range(answering.FIRST)]},
        likeliest=1,
        top=bytes(2 * answering.FIRST),
        probabilities=bytes(4 * answering.FIRST),
        true=None,
        errors={},
    )
    assert not claims.keep(database, claim, chunk, {"unreadable": 0, "labelled": 0, "right": 0}, 1.0)
    return claim


def test_a_batch_goes_on_at_the_next_chunk_after_its_worker_was_lost(
    client: TestClient, settings: Settings, database: Database
) -> None:
    batch = submitted(client, npz(x=shades(PICTURES)))
    stale = kept_then_killed(settings, database)
    expire(database)

    assert rescuing.rescue(database, settings.max_attempts) == 1
    assert work(desk(settings, database))

    ended = client.get(batch["links"]["self"]).json()
    assert (ended["state"], ended["attempt"], ended["progress"]["done"]) == ("succeeded", 2, PICTURES)
    found = [json.loads(line) for line in client.get(ended["links"]["results"]).text.splitlines()]
    assert [one["index"] for one in found] == list(range(PICTURES))
    names = [one["name"] for one in found]
    assert names[answering.FIRST - 1 : answering.FIRST + 1] == ["kept 31", "x[32]"]  # nothing was done twice
    with pytest.raises(LeaseLost):
        stale.renew(database, 60)
    with pytest.raises(LeaseLost), database.transaction() as session:
        claims.finish(session, stale.batch_id, stale.attempt, TrainingState.SUCCEEDED)


def test_a_batch_that_is_lost_three_times_fails_and_says_so(
    client: TestClient, settings: Settings, database: Database
) -> None:
    batch = submitted(client, npz(x=shades(2)))

    for _ in range(3):
        assert claims.claim(database, "killed", 60) is not None
        assert rescuing.abandon(database, "killed", max_attempts=3) == 1

    ended = client.get(batch["links"]["self"]).json()
    assert (ended["state"], ended["error"]["type"], ended["attempt"]) == ("failed", "worker-lost", 3)
    assert claims.claim(database, "another", 60) is None


def test_a_worker_that_shuts_down_gives_its_batch_back_and_it_is_no_loss(
    client: TestClient, settings: Settings, database: Database
) -> None:
    batch = submitted(client, npz(x=shades(PICTURES)))
    claim = claims.claim(database, "stopping", 60)
    assert claim is not None

    carrying_out.carry_out(database, settings, claim, lambda: True)

    given_back = read(database, batch["id"])
    assert (given_back.state, given_back.losses, given_back.worker) == (TrainingState.QUEUED, 0, None)


def test_a_running_batch_is_cancelled_at_the_next_chunk_and_keeps_what_was_answered(
    client: TestClient, settings: Settings, database: Database
) -> None:
    batch = submitted(client, npz(x=shades(PICTURES)))
    claim = claims.claim(database, "worker", 60)
    assert claim is not None
    assert client.delete(batch["links"]["self"]).json()["type"] == "/problems/batch-still-running"
    assert client.post(batch["links"]["cancel"]).json()["state"] == "cancelling"

    carrying_out.carry_out(database, settings, claim, lambda: False)

    ended = client.get(batch["links"]["self"]).json()
    assert (ended["state"], ended["progress"]["done"]) == ("cancelled", answering.FIRST)
    assert len(client.get(f"{PATH}/{batch['id']}/results.jsonl").text.splitlines()) == answering.FIRST


def test_owners_take_turns(client: TestClient, database: Database) -> None:
    ids = [submitted(client, npz(x=shades(1)))["id"] for _ in range(3)]
    with database.transaction() as session:
        session.execute(update(PredictionBatch).where(PredictionBatch.id == ids[2]).values(owner="another"))

    taken = [claims.claim(database, "worker", 60) for _ in range(3)]

    assert [claim.batch_id for claim in taken if claim] == [ids[0], ids[2], ids[1]]


def test_a_model_that_is_gone_fails_the_batch_with_a_reason(
    client: TestClient, settings: Settings, database: Database
) -> None:
    batch = submitted(client, npz(x=shades(1)))
    with database.transaction() as session:
        session.execute(update(PredictionBatch).values(onnx_sha256="0" * 64))

    work(desk(settings, database))

    assert client.get(batch["links"]["self"]).json()["error"]["type"] == "model-gone"
