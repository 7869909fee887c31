"""Bodies are held within bounds, and none drips for ever."""

import asyncio
from collections.abc import Awaitable, Callable

import pytest
from fastapi.testclient import TestClient
from starlette.types import Message, Receive, Scope, Send

from service.app import create_app
from service.database import Database
from service.edge.problems import Refusal
from service.edge.uploading import Uploads
from service.errors import TooManyUploads, TooSlow
from service.settings import Settings


def scope(path: str = "/predict") -> Scope:
    return {"type": "http", "path": path, "method": "POST", "headers": []}


async def read_all(_scope: Scope, receive: Receive, _send: Send) -> None:
    while (await receive()).get("more_body"):
        pass


async def send(_message: Message) -> None:
    """Nobody listens."""


def body_of(*sizes: int) -> Receive:
    left = list(sizes)

    async def receive() -> Message:
        await asyncio.sleep(0)
        return {"type": "http.request", "body": bytes(left.pop(0)), "more_body": bool(left)}

    return receive


def run(scenario: Callable[[], Awaitable[None]]) -> None:
    asyncio.run(scenario())  # type: ignore[arg-type]


def test_what_would_be_too_much_is_refused_and_its_bytes_are_free_again() -> None:
    uploads = Uploads(read_all, most_bytes=100)

    async def scenario() -> None:
        with pytest.raises(Refusal) as refused:
            await uploads(scope(), body_of(60, 60), send)
        assert isinstance(refused.value.problem, TooManyUploads)
        assert refused.value.problem.retry_after_seconds
        await uploads(scope(), body_of(50, 50), send)
        await uploads(scope(), body_of(50, 50), send)

    run(scenario)


def test_bodies_that_come_at_the_same_time_count_together() -> None:
    uploads = Uploads(read_all, most_bytes=100)

    async def scenario() -> None:
        ends = await asyncio.gather(
            *[uploads(scope(), body_of(30, 30), send) for _ in range(4)], return_exceptions=True
        )
        refused = [end for end in ends if isinstance(end, Refusal)]
        assert 0 < len(refused) < 4

    run(scenario)


def test_what_goes_to_the_disk_is_not_held() -> None:
    uploads = Uploads(read_all, most_bytes=100)

    run(lambda: uploads(scope("/v1/datasets"), body_of(90, 90, 90), send))


def test_a_body_that_stops_coming_is_told_how_far_it_came() -> None:
    uploads = Uploads(read_all, most_bytes=100, patience_seconds=0.05)

    async def dripping() -> Message:
        await asyncio.sleep(0.02)
        return {"type": "http.request", "body": b"x", "more_body": True}

    async def scenario() -> None:
        with pytest.raises(Refusal) as refused:
            await uploads(scope(), dripping, send)
        assert isinstance(refused.value.problem, TooSlow)
        assert "bytes of the body" in refused.value.detail

    run(scenario)


def test_after_the_body_a_client_may_wait_as_long_as_it_likes() -> None:
    async def wait_for_the_end(_scope: Scope, receive: Receive, _send: Send) -> None:
        await receive()
        assert (await receive())["type"] == "http.disconnect"

    left = [0.0, 0.2]

    async def receive() -> Message:
        await asyncio.sleep(left.pop(0))
        return {"type": "http.request", "body": b""} if left else {"type": "http.disconnect"}

    run(lambda: Uploads(wait_for_the_end, most_bytes=1, patience_seconds=0.05)(scope(), receive, send))


@pytest.mark.parametrize("path", ["/predict", "/v1/trainings", "/v2/models/default/infer"])
def test_every_route_says_it_in_a_problem(settings: Settings, database: Database, path: str) -> None:
    narrow = settings.model_copy(update={"max_held_bytes": 10})
    with TestClient(create_app(narrow)) as client:
        reply = client.post(path, json={"preset": "quickstart", "seed": 1})

    assert reply.status_code == 503
    assert int(reply.headers["retry-after"]) > 0
    assert "are held at most" in reply.text
