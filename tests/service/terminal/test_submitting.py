"""Submitting from the terminal: a service that goes away in that moment costs nothing, and makes nothing twice."""

from collections.abc import Callable

import httpx
import pytest
from fastapi.testclient import TestClient

from service.terminal.client import Client
from service.terminal.exits import CommandFailed, Refused, Unreachable
from service.terminal.submitting import submit, submitted
from tests.service.terminal.conftest import StandIn, a_training

AT_ONCE = (0.0, 0.0)
IN_FLIGHT = {"type": "/problems/still-in-flight", "status": 409, "detail": "A moment."}

Step = Callable[[httpx.Request], httpx.Response]


class Course:
    """A service that does one thing after another; it notes the keys it is sent."""

    def __init__(self, *steps: Step) -> None:
        self._steps = list(steps)
        self.keys: list[str] = []

    def client(self) -> Client:
        return Client("http://cyfra", transport=httpx.MockTransport(self._answer))

    def _answer(self, request: httpx.Request) -> httpx.Response:
        self.keys.append(request.headers["Idempotency-Key"])
        return self._steps.pop(0)(request)


def accepted(_request: httpx.Request) -> httpx.Response:
    return httpx.Response(202, json=a_training())


def broken(_request: httpx.Request) -> httpx.Response:
    raise httpx.ReadError("connection reset by peer")


def refused(_request: httpx.Request) -> httpx.Response:
    raise httpx.ConnectError("connection refused")


def answering(status: int, body: object = "away") -> Step:
    return lambda _request: httpx.Response(status, json=body)


@pytest.mark.parametrize("trouble", [broken, refused, answering(409, IN_FLIGHT), *map(answering, (502, 503, 504))])
def test_a_service_that_is_away_for_a_moment_is_asked_again_with_the_same_key(trouble: Step) -> None:
    course = Course(trouble, trouble, accepted)
    said: list[CommandFailed] = []

    with course.client() as client:
        training = submitted(submit(client, {}, pauses_seconds=AT_ONCE, lost_sight=said.append))

    assert training.id == "t1"
    assert len(course.keys) == 3
    assert len(set(course.keys)) == len(said) == 1


def test_a_connection_that_breaks_after_the_training_was_made_leaves_one_training(client: TestClient) -> None:
    def forward(request: httpx.Request) -> httpx.Response:
        reply = client.post(request.url.path, content=request.content, headers=dict(request.headers))
        return httpx.Response(reply.status_code, content=reply.content, headers=reply.headers)

    def forward_and_break(request: httpx.Request) -> httpx.Response:
        assert forward(request).status_code == 202
        return broken(request)

    with Course(forward_and_break, forward_and_break, forward).client() as terminal:
        training = submitted(submit(terminal, {"preset": "quickstart"}, pauses_seconds=AT_ONCE))

    assert [one["id"] for one in client.get("/v1/trainings").json()["trainings"]] == [training.id]


def test_two_submissions_have_two_keys() -> None:
    course = Course(accepted, accepted)

    with course.client() as client:
        submit(client, {})
        submit(client, {})

    assert len(set(course.keys)) == 2


def test_a_service_that_stays_away_is_given_up() -> None:
    course = Course(broken, refused, broken)

    with course.client() as client, pytest.raises(Unreachable):
        submit(client, {}, pauses_seconds=AT_ONCE)

    assert len(course.keys) == 3


@pytest.mark.parametrize("status", [400, 401, 403, 409, 422, 500])
def test_a_refusal_is_told_at_once(status: int) -> None:
    course = Course(answering(status, {"type": "/problems/other", "status": status}))

    with course.client() as client, pytest.raises(Refused):
        submit(client, {}, pauses_seconds=AT_ONCE)


def test_train_says_that_it_tries_again(cyfra, stand_in: StandIn, capsys) -> None:
    stand_in.troubles_of_submit = [503]

    assert cyfra("train") == 0

    assert "Trying again" in capsys.readouterr().err
    assert [path for method, path, _ in stand_in.asked if method == "POST"] == ["/v1/trainings"] * 2
