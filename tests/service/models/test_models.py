"""/v1/models: versions, aliases, and which one answers."""

import time

import pytest
from fastapi.testclient import TestClient

from service.predictions.engines import RESOLVED_FOR_SECONDS
from tests.pictures import drawn_digit, encoded
from tests.trained import Trained
from tests.waiting import wait_until
from tests.workers import TINY


@pytest.fixture
def two_versions(trained: Trained) -> str:
    """A model with two versions, of its own for each test."""
    name = f"model-{time.monotonic_ns()}"
    for seed in (1, 2):
        trained.submit(**TINY, seed=seed, register_as=name)
        trained.work()
    return name


def serving(trained: Trained, name: str) -> int:
    reply = trained.client.post(f"/v1/models/{name}/predict", files={"file": encoded(drawn_digit())})
    version: int = reply.json()["model"]["version"]
    return version


def test_the_first_model_that_succeeds_on_digits_is_the_default_and_later_ones_are_not(
    trained: Trained, two_versions: str
) -> None:
    default = trained.client.get("/v1/models/default").json()

    assert [version["training"] for version in default["versions"]] == [trained.training_id]
    assert default["serving_version"] == 1
    assert {model["name"] for model in trained.client.get("/v1/models").json()["models"]} >= {"default", two_versions}


def test_the_latest_version_answers_until_an_alias_says_otherwise(trained: Trained, two_versions: str) -> None:
    assert serving(trained, two_versions) == 2

    reply = trained.client.put(f"/v1/models/{two_versions}/aliases/stable", json={"version": 1})

    assert reply.json()["aliases"] == {"stable": 1}
    assert reply.json()["serving_version"] == 1
    wait_until(lambda: serving(trained, two_versions) == 1, RESOLVED_FOR_SECONDS + 2, "the alias to be followed")


def test_a_version_is_found_by_number_alias_and_latest(trained: Trained, two_versions: str) -> None:
    trained.client.put(f"/v1/models/{two_versions}/aliases/course-2026", json={"version": 1})

    found = [
        trained.client.get(f"/v1/models/{two_versions}/versions/{version}").json()["version"]
        for version in ("1", "2", "course-2026", "latest")
    ]

    assert found == [1, 2, 1, 2]


@pytest.mark.parametrize(
    ("path", "body", "status"),
    [
        ("default/aliases/stable", {"version": 99}, 404),
        ("default/aliases/stable", {"version": "one"}, 422),
        ("default/aliases/stable", {"vresion": 1}, 422),
        ("default/aliases/latest", {"version": 1}, 422),
        ("default/aliases/7", {"version": 1}, 422),
        ("nobody/aliases/stable", {"version": 1}, 404),
        ("default/aliases/stable", {"version": 10**30}, 404),
    ],
)
def test_an_alias_that_cannot_be_is_refused(trained: Trained, path: str, body: dict[str, object], status: int) -> None:
    before = trained.client.get("/v1/models/default").json()["aliases"]

    reply = trained.client.put(f"/v1/models/{path}", json=body)

    assert reply.status_code == status, reply.text
    assert trained.client.get("/v1/models/default").json()["aliases"] == before


def test_before_any_training_there_is_no_model(client: TestClient) -> None:
    assert client.get("/v1/models").json() == {"models": []}
    assert client.get("/v1/models/default").status_code == 409
    assert client.get("/v1/models/other").status_code == 404
