"""Who is calling: everybody is anybody, unless a trusted proxy says in a header who it is."""

from collections.abc import Iterator
from typing import Any

import pytest
from fastapi.testclient import TestClient
from hypothesis import HealthCheck, example, given
from hypothesis import settings as limits
from hypothesis import strategies as st
from pydantic import ValidationError

from service.app import create_app
from service.settings import Settings
from tests.raw import post_raw

HEADER = "X-Remote-User"
QUICKSTART = {"preset": "quickstart"}


@pytest.fixture
def behind_proxy(settings: Settings) -> Iterator[TestClient]:
    """The API of a service with a proxy in front; `boss` may prioritise."""
    settings = settings.model_copy(update={"caller_header": HEADER, "priority_callers": ("boss",)})
    with TestClient(create_app(settings), raise_server_exceptions=False) as client:
        yield client


def submit(client: TestClient, *names: str | bytes, **body: Any) -> Any:
    headers = [(HEADER.encode(), name if isinstance(name, bytes) else name.encode()) for name in names]
    return post_raw(client, "/v1/trainings", QUICKSTART | body, headers)


def test_without_a_proxy_everybody_is_anybody_whatever_they_say(client: TestClient) -> None:
    assert submit(client, "alice").json()["owner"] == "anybody"


@pytest.mark.parametrize("name", ["alice", "Łukasz Żak", "a@b.pl", "x" * 200, "ł" * 200])
def test_a_training_belongs_to_whom_the_proxy_names(behind_proxy: TestClient, name: str) -> None:
    assert submit(behind_proxy, name).json()["owner"] == name


@pytest.mark.parametrize("names", [[], [""], ["  "]])
def test_a_request_that_nobody_signs_is_refused(behind_proxy: TestClient, names: list[str]) -> None:
    reply = submit(behind_proxy, *names)

    assert reply.status_code == 401
    assert reply.json()["type"] == "/problems/not-authenticated"
    assert HEADER in reply.json()["detail"]
    assert "www-authenticate" in reply.headers


@pytest.mark.parametrize(
    ("names", "hint"),
    [
        (["alice", "bob"], "2 times"),
        (["alice", "alice"], "2 times"),
        (["x" * 201], "201 characters"),
        (["a\x00b"], "printable"),
        (["a\x7fb"], "printable"),
        (["a\u202eb"], "printable"),
        ([b"\xff"], "UTF-8"),
    ],
)
def test_a_name_that_cannot_be_one_is_refused(behind_proxy: TestClient, names: list[str | bytes], hint: str) -> None:
    reply = submit(behind_proxy, *names)

    assert reply.status_code == 400
    assert reply.json()["type"] == "/problems/bad-caller"
    assert hint in reply.json()["detail"]
    assert behind_proxy.get("/v1/trainings").json()["trainings"] == []


def test_another_callers_same_key_is_another_key(behind_proxy: TestClient) -> None:
    def keyed(name: str) -> Any:
        return behind_proxy.post(
            "/v1/trainings", json=QUICKSTART, headers={HEADER: name, "Idempotency-Key": "k"}
        ).json()

    of_alice, of_bob = keyed("alice"), keyed("bob")

    assert (of_alice["owner"], of_bob["owner"]) == ("alice", "bob")
    assert keyed("alice") == of_alice


def test_who_is_not_among_those_who_may_cannot_raise_a_priority_but_lower_it(behind_proxy: TestClient) -> None:
    refused = submit(behind_proxy, "alice", priority=5)

    assert refused.status_code == 403
    assert refused.json()["type"] == "/problems/not-allowed"
    assert "'alice'" in refused.json()["detail"]
    assert submit(behind_proxy, "alice", priority=-5).json()["priority"] == -5
    assert submit(behind_proxy, "boss", priority=5).json()["priority"] == 5


@limits(max_examples=50, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(names=st.lists(st.binary(max_size=250) | st.text(max_size=220).map(lambda name: name.encode()), max_size=2))
@example(names=["\U000e0001".encode()])
@example(names=[b"a\r\nb"])
def test_whatever_a_header_says_is_no_fault_of_ours(behind_proxy: TestClient, names: list[bytes]) -> None:
    assert submit(behind_proxy, *names).status_code in {202, 400, 401}


def test_those_who_may_prioritise_are_read_from_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CYFRA_PRIORITY_CALLERS", " boss, Łukasz Żak ,,")

    assert Settings().priority_callers == ("boss", "Łukasz Żak")


@pytest.mark.parametrize("header", ["X Remote", "X:Remote", "ł", ""])
def test_a_header_name_that_cannot_be_one_is_refused_at_the_start(header: str) -> None:
    with pytest.raises(ValidationError):
        Settings(caller_header=header)


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("POST", "/v1/trainings/0123456789abcdef/cancel"),
        ("DELETE", "/v1/trainings/0123456789abcdef"),
        ("PUT", "/v1/models/default/aliases/stable"),
    ],
)
def test_whoever_changes_anything_must_have_come_through_the_proxy(
    behind_proxy: TestClient, method: str, path: str
) -> None:
    body = {"json": {"version": 1}} if method == "PUT" else {}

    assert behind_proxy.request(method, path, **body).status_code == 401
    assert behind_proxy.request(method, path, headers={HEADER: "alice"}, **body).status_code in {404, 409}
