"""`X-Model-Version` and `?version=`: which version answers, and what is said of one that there is not."""

import pytest
from PIL import Image

from tests.pictures import encoded
from tests.trained import Trained


def post(trained: Trained, seven: Image.Image, path: str = "/predict", **headers: str):
    return trained.client.post(path, content=encoded(seven), headers=headers)


@pytest.mark.parametrize("pin", ["1", "latest", "pinned", " 1 "])
def test_a_version_is_pinned_by_number_or_by_alias(trained: Trained, seven: Image.Image, pin: str) -> None:
    trained.client.put("/v1/models/default/aliases/pinned", json={"version": 1})

    for path in ("/predict", "/v1/models/default/predict", "/v1/models/default/explain"):
        reply = post(trained, seven, path, **{"X-Model-Version": pin})
        assert (reply.status_code, reply.headers["x-model-version"]) == (200, "1"), reply.text


@pytest.mark.parametrize("pin", ["99", "stabel", "0"])
def test_an_unknown_version_is_told_what_there_is(trained: Trained, seven: Image.Image, pin: str) -> None:
    reply = post(trained, seven, **{"X-Model-Version": pin})

    assert (reply.status_code, reply.json()["type"]) == (404, "/problems/unknown-version")
    assert "Valid: 1, " in reply.json()["detail"]
    assert "latest" in reply.json()["detail"]


@pytest.mark.parametrize("pin", ["", "v 1", "-1", "1.5", "Stable", "1" * 10, "a" * 64, "1, 2", "\xff", "../1"])
def test_a_malformed_version_is_refused(trained: Trained, seven: Image.Image, pin: str) -> None:
    reply = trained.client.post("/predict", content=encoded(seven), headers={"X-Model-Version": pin.encode("latin-1")})

    assert (reply.status_code, reply.json()["type"]) == (422, "/problems/invalid-fields"), reply.text
    assert [one["pointer"] for one in reply.json()["errors"]] == ["X-Model-Version"]


def test_two_different_versions_are_one_too_many(trained: Trained, seven: Image.Image) -> None:
    twice = trained.client.post(
        "/predict", content=encoded(seven), headers=[("X-Model-Version", "1"), ("X-Model-Version", "2")]
    )
    contrary = post(trained, seven, "/predict?version=latest", **{"X-Model-Version": "1"})
    agreeing = post(trained, seven, "/predict?version=1", **{"X-Model-Version": "1"})

    assert (twice.status_code, contrary.status_code, agreeing.status_code) == (422, 422, 200)
    assert "send one of them" in contrary.json()["detail"]
