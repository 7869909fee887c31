"""The version that answers changes under load: nobody waits, nothing is lost, and both processes of the API follow."""

import io
import json
import threading
from collections.abc import Iterator
from http.client import HTTPConnection
from pathlib import Path

import pytest
from PIL import Image

from service.settings import Settings
from tests.apis import Api, running_api
from tests.trained import trained_service
from tests.waiting import wait_until

CLIENTS = 6
MOVES = 6


@pytest.fixture
def api(tmp_path: Path) -> Iterator[Api]:
    """Give an API of two processes that knows two versions of the default model."""
    with trained_service(Settings(home=tmp_path)) as service:
        training_id = service.submit(preset="quickstart", recipe={"epochs": 1}, register_as="default")
        service.work()
        assert service.client.get(f"/v1/trainings/{training_id}").json()["state"] == "succeeded"
    with running_api(tmp_path) as api:
        yield api


def point_to(version: int, port: int) -> None:
    """Let `stable`, which is what answers, be another version."""
    connection = HTTPConnection("127.0.0.1", port, timeout=60)
    body = json.dumps({"version": version})
    connection.request("PUT", "/v1/models/default/aliases/stable", body, {"Content-Type": "application/json"})
    assert connection.getresponse().status == 200
    connection.close()


class Client(threading.Thread):
    """Asks on and on, over one connection; keeps what it was answered."""

    def __init__(self, port: int, picture: bytes) -> None:
        super().__init__()
        self._port = port
        self._picture = picture
        self.versions: list[int] = []
        self.failures: list[str] = []
        self.is_over = False

    def run(self) -> None:
        """Ask until it is over."""
        connection = HTTPConnection("127.0.0.1", self._port, timeout=60)
        while not self.is_over:
            connection.request("POST", "/predict", self._picture, {"Content-Type": "image/png"})
            reply = connection.getresponse()
            body = reply.read()
            if reply.status != 200:
                self.failures.append(body.decode())
            else:
                self.versions.append(int(reply.headers["X-Model-Version"]))
        connection.close()


def test_an_alias_that_moves_is_followed_and_no_request_is_lost(api: Api, seven: Image.Image) -> None:
    content = io.BytesIO()
    seven.save(content, "PNG")
    clients = [Client(api.port, content.getvalue()) for _ in range(CLIENTS)]
    for client in clients:
        client.start()
    try:
        wait_until(lambda: all(client.versions for client in clients), 30, "answers")
        for move in range(MOVES):
            version = 1 + move % 2
            point_to(version, api.port)
            # The last of each, and so of both processes: a client stays with the process that it is connected to.
            wait_until(
                lambda version=version: all(client.versions[-1] == version for client in clients),
                30,
                f"version {version} to answer everybody",
            )
    finally:
        for client in clients:
            client.is_over = True
        for client in clients:
            client.join()

    assert [failure for client in clients for failure in client.failures] == []
    for client in clients:
        changes = sum(one != other for one, other in zip(client.versions, client.versions[1:], strict=False))
        assert changes <= MOVES, "the versions took turns: an old one came back"
