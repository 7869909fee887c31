"""The client against the real service, over real HTTP; and against answers that a test makes up."""

from collections.abc import Callable, Iterator

import httpx
import pytest

from cyfra import Client, Training
from cyfra.connection import Connection
from service.app import create_app
from tests.serving import serving
from tests.trained import Trained

Answer = Callable[[httpx.Request], httpx.Response]


@pytest.fixture(scope="session")
def service_url(trained: Trained) -> Iterator[str]:
    """The address of a service that has carried out one training."""
    with serving(create_app(trained.settings)) as url:
        yield url


@pytest.fixture(scope="session")
def cyfra(service_url: str) -> Iterator[Client]:
    """A client of that service."""
    with Client(service_url) as client:
        yield client


@pytest.fixture
def training(cyfra: Client, trained: Trained) -> Training:
    """The training that the service has carried out."""
    return cyfra.trainings[trained.training_id]


def connection_to(
    *answers: Answer, pauses_seconds: tuple[float, ...] = (0.0, 0.0)
) -> tuple[Connection, list[httpx.Request]]:
    """Return a connection to a service that gives one answer after another, and the requests that it will get."""
    left, requests = list(answers), list[httpx.Request]()

    def answer(request: httpx.Request) -> httpx.Response:
        requests.append(request)
        return left.pop(0)(request)

    transport = httpx.MockTransport(answer)
    return Connection("http://cyfra", transport=transport, pauses_seconds=pauses_seconds), requests


def answering(status: int, body: object = None, **headers: str) -> Answer:
    """Return what answers with a status, JSON and headers."""
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    return lambda _request: httpx.Response(status, json=body, headers=named)


def breaking(_request: httpx.Request) -> httpx.Response:
    """Break the connection off."""
    raise httpx.ReadError("connection reset by peer")
