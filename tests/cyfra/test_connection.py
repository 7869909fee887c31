"""Speaking to a service: what is asked again, and what a refusal says."""

import httpx
import pytest

import cyfra
from cyfra.connection import Connection
from tests.cyfra.conftest import Answer, answering, breaking, connection_to

IN_FLIGHT = {"type": "/problems/still-in-flight", "status": 409, "detail": "A moment."}


@pytest.mark.parametrize("trouble", [breaking, *map(answering, (429, 502, 503, 504)), answering(409, IN_FLIGHT)])
def test_what_may_pass_is_asked_again(trouble: Answer) -> None:
    connection, requests = connection_to(trouble, trouble, answering(200, {"ok": True}))

    assert connection.json("/v1/datasets") == {"ok": True}
    assert len(requests) == 3


@pytest.mark.parametrize("status", [400, 401, 403, 404, 409, 413, 415, 422, 424, 500, 507])
def test_what_will_not_pass_is_told_at_once(status: int) -> None:
    connection, requests = connection_to(answering(status, {"detail": "No."}))

    with pytest.raises(cyfra.Problem, match=r"No\.") as caught:
        connection.json("/v1/datasets")

    assert caught.value.status == status
    assert len(requests) == 1


def test_a_service_that_stays_away_is_given_up() -> None:
    connection, requests = connection_to(*[breaking] * 3)

    with pytest.raises(cyfra.Unreachable, match=r"No service at http://cyfra \(connection reset by peer\)"):
        connection.json("/v1/datasets")

    assert len(requests) == 3


def test_a_pause_is_as_long_as_the_service_says(monkeypatch: pytest.MonkeyPatch) -> None:
    slept: list[float] = []
    monkeypatch.setattr("time.sleep", slept.append)
    connection, _ = connection_to(
        answering(429, Retry_After="7"),
        answering(503, Retry_After="3600"),
        answering(200, {}),
        pauses_seconds=(1.0, 1.0),
    )

    connection.json("/v1/datasets")

    assert slept == [7.0, 30.0]


def test_what_is_deleted_is_never_deleted_twice() -> None:
    connection, requests = connection_to(breaking)

    with pytest.raises(cyfra.Unreachable):
        connection.delete("/v1/trainings/t1")

    assert len(requests) == 1


@pytest.mark.parametrize("url", ["localhost:8000", "ftp://localhost", "http://[::1"])
def test_an_address_that_is_none_is_refused(url: str) -> None:
    with pytest.raises(cyfra.BadAddress, match=r"localhost|::1"):
        cyfra.Client(url)


def test_a_page_that_is_no_json_comes_from_something_else() -> None:
    connection, _ = connection_to(lambda _request: httpx.Response(200, text="<html>"))

    with pytest.raises(cyfra.NotCyfra, match="is that the address of a Cyfra service"):
        connection.json("/v1/datasets")


def test_a_redirect_says_which_address_to_give() -> None:
    connection, _ = connection_to(answering(301, Location="https://cyfra.example.edu/"))

    with pytest.raises(cyfra.NotCyfra, match=r"https://cyfra\.example\.edu/"):
        connection.json("/v1/datasets")


def test_a_refusal_says_what_was_wrong_and_where() -> None:
    faults = [{"pointer": "/seed", "detail": "Received: -1"}, {"pointer": "", "detail": "Give a preset"}]
    body = {"type": "/problems/invalid-fields", "title": "Some fields are wrong", "detail": "Two.", "errors": faults}
    connection, _ = connection_to(answering(422, body))

    with pytest.raises(cyfra.Unprocessable) as caught:
        connection.json("/v1/datasets")

    assert str(caught.value).splitlines() == [
        "Some fields are wrong (422). Two.",
        "  /seed: Received: -1",
        "  Give a preset",
    ]
    assert caught.value.errors[0] == cyfra.Fault("/seed", "Received: -1")


def test_a_key_is_sent_and_the_environment_says_where_the_service_is(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CYFRA_URL", "http://cyfra.example.edu/")
    asked: list[httpx.Request] = []

    def answer(request: httpx.Request) -> httpx.Response:
        asked.append(request)
        return httpx.Response(200, json={"datasets": []})

    with cyfra.Client(key="secret", transport=httpx.MockTransport(answer)) as client:
        assert list(client.datasets) == []

    assert str(asked[0].url) == "http://cyfra.example.edu/v1/datasets"
    assert asked[0].headers["Authorization"] == "Bearer secret"
    assert "secret" not in repr(client)


def test_a_training_is_submitted_again_with_the_same_key() -> None:
    submitted = {"id": "t1", "state": "queued", "created_at": "2025-11-22T12:00:00Z", "dataset": "mnist-5k"}
    connection, requests = connection_to(breaking, answering(503), answering(202, submitted))

    training = cyfra.Trainings(connection).submit({"preset": "quickstart"})

    assert training.id == "t1"
    assert len({request.headers["Idempotency-Key"] for request in requests}) == 1
    assert [request.content for request in requests] == [b'{"preset":"quickstart"}'] * 3


def test_a_nobody_is_not_live() -> None:
    assert not Connection("http://cyfra", transport=httpx.MockTransport(breaking)).is_live()
