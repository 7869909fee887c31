"""`Idempotency-Key`: what is sent twice is carried out once, whatever happens in between."""

import threading
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from fastapi.testclient import TestClient
from hypothesis import HealthCheck, example, given
from hypothesis import settings as limits
from hypothesis import strategies as st
from sqlalchemy import func, select, update

from service.app import create_app
from service.database import Database
from service.records import IdempotentAnswer, Training
from service.records.clock import seconds_from_now
from service.settings import Settings
from tests.raw import post_raw

QUICKSTART = {"preset": "quickstart"}
DAY_SECONDS = 24 * 3600


def submit(client: TestClient, key: str, body: dict[str, Any] | None = None) -> Any:
    return client.post("/v1/trainings", json=body or QUICKSTART, headers={"Idempotency-Key": key})


def count(database: Database, record: type[Any] = Training) -> int:
    with database.reading() as session:
        return session.scalars(select(func.count()).select_from(record)).one()


def test_the_same_request_with_the_same_key_gets_the_same_answer_and_makes_nothing(
    client: TestClient, database: Database
) -> None:
    first = submit(client, "k")
    client.post(f"{first.headers['location']}/cancel")  # whatever has become of it since

    again = submit(client, "k")

    assert (again.status_code, again.content) == (first.status_code, first.content) == (202, first.content)
    for name in ("location", "retry-after", "content-type"):
        assert again.headers[name] == first.headers[name]
    assert "idempotency-replayed" not in first.headers
    assert again.headers["idempotency-replayed"] == "true"
    assert count(database) == 1


def test_without_a_key_each_request_makes_a_training_and_no_answer_is_kept(
    client: TestClient, database: Database
) -> None:
    for _ in range(2):
        assert client.post("/v1/trainings", json=QUICKSTART).status_code == 202

    assert count(database) == 2
    assert count(database, IdempotentAnswer) == 0


def test_the_doorbell_rings_for_what_was_made_and_not_for_what_was_replayed(settings: Settings) -> None:
    rung = []

    for _ in range(2):
        with TestClient(create_app(settings)) as client:  # its end sends what is still to be rung
            assert submit(client, "k").status_code == 202
        rung.append(len(list((settings.home / "broker" / "messages").glob("*.msg"))))

    assert rung == [1, 1]


@pytest.mark.parametrize(
    "body",
    [{"preset": "quickstart", "seed": 2}, {"preset": "quickstart", "labels": {}}],
    ids=["other", "as good as it"],
)
def test_the_same_key_with_another_request_is_refused_and_told_what_to_do(
    client: TestClient, database: Database, body: dict[str, Any]
) -> None:
    submit(client, "k")

    reply = submit(client, "k", body)

    assert reply.status_code == 422
    assert reply.json()["type"] == "/problems/idempotency-key-reused"
    assert "make a fresh key" in reply.json()["detail"]
    assert count(database) == 1


def test_a_request_that_was_refused_can_be_corrected_and_sent_with_the_same_key(client: TestClient) -> None:
    assert submit(client, "k", {"preset": "quickstrat"}).status_code == 422
    assert submit(client, "k", {"preset": "quickstart", "dataset": "mnist5k"}).status_code == 422

    reply = submit(client, "k")

    assert reply.status_code == 202
    assert "idempotency-replayed" not in reply.headers


def test_an_answer_is_forgotten_after_a_day(client: TestClient, database: Database) -> None:
    first = submit(client, "k").json()["id"]
    with database.transaction() as session:
        session.execute(update(IdempotentAnswer).values(created_at=seconds_from_now(-DAY_SECONDS + 60)))
    still_known = submit(client, "k").json()["id"]
    with database.transaction() as session:
        session.execute(update(IdempotentAnswer).values(created_at=seconds_from_now(-DAY_SECONDS - 60)))

    forgotten = submit(client, "k", {"preset": "quickstart", "seed": 2}).json()["id"]

    assert first == still_known != forgotten
    assert submit(client, "k", {"preset": "quickstart", "seed": 2}).json()["id"] == forgotten
    assert count(database, IdempotentAnswer) == 1


def test_how_long_an_answer_is_known_is_a_setting(settings: Settings, database: Database) -> None:
    with TestClient(create_app(settings.model_copy(update={"idempotency_hours": 0.5}))) as client:
        first = submit(client, "k").json()["id"]
        with database.transaction() as session:
            session.execute(update(IdempotentAnswer).values(created_at=seconds_from_now(-1810)))

        assert submit(client, "k").json()["id"] != first


def test_two_requests_at_once_with_one_key_make_one_training(client: TestClient, database: Database) -> None:
    start = threading.Barrier(4)

    def send() -> Any:
        start.wait()
        return submit(client, "k")

    with ThreadPoolExecutor(4) as threads:
        replies = [sent.result() for sent in [threads.submit(send) for _ in range(4)]]

    made = {reply.json()["id"] for reply in replies if reply.status_code == 202}
    assert len(made) == count(database) == 1
    assert {reply.status_code for reply in replies} <= {202, 409}
    assert sum("idempotency-replayed" not in reply.headers for reply in replies if reply.status_code == 202) == 1


def test_the_same_key_at_another_address_is_another_request(client: TestClient) -> None:
    submit(client, "k")

    reply = client.post("/v1/trainings?again=1", json=QUICKSTART, headers={"Idempotency-Key": "k"})

    assert reply.json()["type"] == "/problems/idempotency-key-reused"


@pytest.mark.parametrize("key", ["k", "!", "~", '"8e03978e-40d5"', "x" * 255])
def test_a_key_of_visible_ascii_is_accepted(client: TestClient, key: str) -> None:
    assert submit(client, key).status_code == 202


@pytest.mark.parametrize(
    ("key", "hint"),
    [
        (b"", "Received ''"),
        (b"a b", "'a b'"),
        ("ł".encode(), "visible ASCII"),
        (b"\x7f", "'\\x7f'"),
        (b"k\x00", "'k\\x00'"),
        (b"\xff", "visible ASCII"),
        (b"x" * 256, "of 256 characters"),
    ],
)
def test_a_key_that_is_none_is_refused_with_what_was_received(client: TestClient, key: bytes, hint: str) -> None:
    reply = post_raw(client, "/v1/trainings", QUICKSTART, [(b"Idempotency-Key", key)])

    assert reply.status_code == 422
    assert [fault["pointer"] for fault in reply.json()["errors"]] == ["Idempotency-Key"]
    assert hint in reply.json()["detail"]


def test_several_keys_are_refused(client: TestClient, database: Database) -> None:
    headers = [("Idempotency-Key", "a"), ("Idempotency-Key", "a")]

    reply = client.post("/v1/trainings", json=QUICKSTART, headers=headers)

    assert reply.status_code == 422
    assert "2 times" in reply.json()["detail"]
    assert count(database) == 0


@limits(max_examples=50, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(keys=st.lists(st.binary(max_size=300), min_size=1, max_size=2))
@example(keys=[b"\xff\xfe"])
@example(keys=[b"k\r\nX-Other: 1"])
def test_whatever_is_sent_as_a_key_is_no_fault_of_ours(client: TestClient, keys: list[bytes]) -> None:
    headers = [(b"Idempotency-Key", key) for key in keys]

    reply = post_raw(client, "/v1/trainings", QUICKSTART, headers)

    assert reply.status_code in {202, 422}, reply.text


def test_the_header_and_its_problems_are_documented(client: TestClient) -> None:
    operation = client.get("/openapi.json").json()["paths"]["/v1/trainings"]["post"]

    header = next(one for one in operation["parameters"] if one["name"] == "Idempotency-Key")
    assert (header["in"], header["required"], header["schema"]["maxLength"]) == ("header", False, 255)
    documented = {
        name
        for response in operation["responses"].values()
        for name in response["content"].get("application/problem+json", {}).get("examples", {})
    }
    assert {"still-in-flight", "idempotency-key-reused", "not-authenticated", "bad-caller", "not-allowed"} <= documented
