"""GET /v1/trainings and /v1/trainings/{id}: lists, filters, cursors, conditional and long polls; cancel and delete."""

import time
from typing import Any

import pytest
from fastapi.testclient import TestClient
from sqlalchemy import update

from service.database import Database
from service.edge import cursors
from service.records import Training, TrainingState, Worker
from service.records.clock import lease_now
from service.trainings.queries import Filters
from worker import claims


def submit(client: TestClient, **body: Any) -> str:
    reply = client.post("/v1/trainings", json={"preset": "quickstart", **body})
    assert reply.status_code == 202, reply.text
    training_id: str = reply.json()["id"]
    return training_id


def ids(reply: Any) -> list[str]:
    return [training["id"] for training in reply.json()["trainings"]]


def test_the_newest_comes_first_and_pages_meet_without_gap_or_overlap(client: TestClient) -> None:
    submitted = [submit(client) for _ in range(5)]

    seen, address = [], "/v1/trainings?limit=2"
    while address:
        reply = client.get(address)
        seen += ids(reply)
        address = reply.json()["next"]
        assert ("link" in reply.headers) == (address is not None)

    assert seen == submitted[::-1]


def test_a_list_is_narrowed_by_state_data_set_preset_and_labels(client: TestClient) -> None:
    one = submit(client, labels={"course": "ci", "team": "a"})
    two = submit(client, labels={"course": "ci", "team": "b"})
    client.post(f"/v1/trainings/{two}/cancel")
    three = submit(client, dataset="mnist")

    assert ids(client.get("/v1/trainings?label.course=ci")) == [two, one]
    assert ids(client.get("/v1/trainings?label.course=ci&label.team=a")) == [one]
    assert ids(client.get("/v1/trainings?state=cancelled")) == [two]
    assert ids(client.get("/v1/trainings?dataset=mnist")) == [three]
    assert ids(client.get("/v1/trainings?preset=lecture-mnist")) == []


@pytest.mark.parametrize(
    ("query", "status"),
    [
        ("stat=queued", 422),
        ("state=sleeping", 422),
        ("limit=0", 422),
        ("limit=x", 422),
        ("cursor=nonsense", 400),
        ("cursor=%ff", 400),
        ("label.a=%00", 422),
        ("label.a%00=x", 422),
        ("label.a=1&label.a=2", 422),
    ],
)
def test_a_query_that_cannot_be_answered_is_refused(client: TestClient, query: str, status: int) -> None:
    assert client.get(f"/v1/trainings?{query}").status_code == status


def test_a_cursor_belongs_to_its_filters(client: TestClient) -> None:
    submit(client)
    submit(client)
    following = client.get("/v1/trainings?limit=1").json()["next"]

    reply = client.get(f"{following}&state=queued")

    assert reply.status_code == 400
    assert reply.json()["type"] == "/problems/bad-cursor"


@pytest.mark.parametrize(
    "place",
    [
        ["2020-01-01", "x"],
        ["0001-01-01T00:00:00+23:00", "0123456789abcdef"],
        ["2020-01-01T00:00:00+00:00", "\ud800"],
        ["2020-01-01T00:00:00+00:00", "0123456789abcde\x00"],
        [7, 7],
        [],
        ["only one"],
    ],
)
def test_a_cursor_that_somebody_made_up_is_refused(client: TestClient, place: list[Any]) -> None:
    cursor = cursors.encode(place, Filters(None, None, None, {}))

    assert client.get("/v1/trainings", params={"cursor": cursor}).status_code == 400


def test_a_running_training_that_is_given_back_after_its_cancel_is_cancelled(
    client: TestClient, database: Database
) -> None:
    training_id = submit(client)
    claim = claims.claim(database, "worker-a", 60)
    assert claim is not None
    client.post(f"/v1/trainings/{training_id}/cancel")

    claims.release(database, claim, "the worker was stopped")

    assert client.get(f"/v1/trainings/{training_id}").json()["state"] == "cancelled"


@pytest.mark.parametrize("training_id", ["0123456789abcdef", "x", "a" * 500, "%00", "..%2f"])
def test_an_unknown_id_is_not_found(client: TestClient, training_id: str) -> None:
    for method, path in [("GET", ""), ("POST", "/cancel"), ("DELETE", ""), ("GET", "/report.json")]:
        assert client.request(method, f"/v1/trainings/{training_id}{path}").status_code == 404


def test_a_training_that_has_not_changed_is_not_sent_again(client: TestClient, database: Database) -> None:
    address = f"/v1/trainings/{submit(client)}"
    etag = client.get(address).headers["etag"]

    assert client.get(address, headers={"If-None-Match": etag}).status_code == 304
    claims.claim(database, "worker-a", 60)
    changed = client.get(address, headers={"If-None-Match": etag})

    assert changed.status_code == 200
    assert changed.headers["etag"] != etag


def test_a_long_poll_waits_as_long_as_it_was_told_and_says_so(client: TestClient) -> None:
    address = f"/v1/trainings/{submit(client)}"
    began_at = time.monotonic()

    reply = client.get(address, headers={"Prefer": "wait=1"})

    assert time.monotonic() - began_at >= 1
    assert reply.headers["preference-applied"] == "wait=1"
    assert reply.json()["state"] == "queued"


def test_a_long_poll_ends_when_the_training_does(client: TestClient) -> None:
    training_id = submit(client)
    client.post(f"/v1/trainings/{training_id}/cancel")
    began_at = time.monotonic()

    reply = client.get(f"/v1/trainings/{training_id}", headers={"Prefer": "wait=30"})

    assert reply.json()["state"] == "cancelled"
    assert time.monotonic() - began_at < 20


def test_a_queued_training_is_cancelled_at_once_and_a_second_time_changes_nothing(client: TestClient) -> None:
    training_id = submit(client)

    first = client.post(f"/v1/trainings/{training_id}/cancel")
    second = client.post(f"/v1/trainings/{training_id}/cancel")

    assert first.status_code == second.status_code == 202
    assert first.json() == second.json()
    assert first.json()["state"] == "cancelled"
    assert [change["state"] for change in first.json()["changes"]] == ["queued", "cancelled"]


def test_a_running_training_reads_cancelling_until_its_worker_stops(client: TestClient, database: Database) -> None:
    training_id = submit(client)
    claims.claim(database, "worker-a", 60)

    first = client.post(f"/v1/trainings/{training_id}/cancel")
    second = client.post(f"/v1/trainings/{training_id}/cancel")

    assert first.json() == second.json()
    assert first.json()["state"] == "cancelling"
    assert ids(client.get("/v1/trainings?state=cancelling")) == [training_id]
    assert ids(client.get("/v1/trainings?state=running")) == []


def test_what_runs_cannot_be_deleted_and_what_does_not_can(client: TestClient, database: Database) -> None:
    running, queued = submit(client), submit(client)
    claims.claim(database, "worker-a", 60)

    refused = client.delete(f"/v1/trainings/{running}")
    deleted = client.delete(f"/v1/trainings/{queued}")

    assert refused.status_code == 409
    assert "/cancel" in refused.json()["detail"]
    assert deleted.status_code == 204
    assert client.get(f"/v1/trainings/{queued}").status_code == 404


def test_a_report_that_does_not_exist_yet_says_when_to_ask_again(client: TestClient, database: Database) -> None:
    training_id = submit(client)
    paths = ["report.json", "report.txt", "confusion-matrix.json", "misclassified.json", "model.keras", "model.onnx"]

    for path in paths:
        reply = client.get(f"/v1/trainings/{training_id}/{path}")
        assert reply.status_code == 409
        assert "queued" in reply.json()["detail"]
        assert reply.headers["retry-after"] == str(reply.json()["retry_after_seconds"])

    with database.transaction() as session:
        session.execute(
            update(Training).values(
                state=TrainingState.FAILED, error_type="diverged", error_detail="The loss became nan."
            )
        )
    reply = client.get(f"/v1/trainings/{training_id}/report.json")
    assert reply.status_code == 409
    assert "diverged: The loss became nan." in reply.json()["detail"]
    assert "retry-after" not in reply.headers


def test_a_report_in_a_format_that_is_not_served_names_those_that_are(client: TestClient) -> None:
    reply = client.get(f"/v1/trainings/{submit(client)}/report.docx")

    assert reply.status_code == 404
    assert ".json, .txt" in reply.json()["detail"]


def test_the_queue_position_tells_how_many_come_first(client: TestClient) -> None:
    submitted = [submit(client) for _ in range(3)]

    positions = [client.get(f"/v1/trainings/{one}").json()["queue_position"] for one in submitted]

    assert positions == [1, 2, 3]


def test_a_queued_training_tells_when_its_turn_comes_once_it_is_known_what_one_takes(
    client: TestClient, database: Database
) -> None:
    first, second, third = (submit(client) for _ in range(3))
    with database.transaction() as session:
        session.add(Worker(name="one"))
    assert client.get(f"/v1/trainings/{third}").json()["starts_in_seconds"] is None

    finish(database, first, seconds=60)

    second_reply, third_reply = (client.get(f"/v1/trainings/{one}") for one in (second, third))
    told = [
        (reply.json()["queue_position"], reply.json()["starts_in_seconds"]) for reply in (second_reply, third_reply)
    ]
    assert told == [(1, 0), (2, 60)]
    assert third_reply.json()["ends_in_seconds"] == 120
    assert second_reply.headers["etag"] != third_reply.headers["etag"]


def finish(database: Database, training_id: str, seconds: float) -> None:
    """Claim the next training, and end it after so long."""
    claim = claims.claim(database, "worker", 60)
    assert claim is not None
    assert claim.training_id == training_id
    with database.transaction() as session:
        session.execute(update(Training).values(lease_began=lease_now() - seconds))
        claims.finish(session, claim, TrainingState.SUCCEEDED)
