"""Explanations over HTTP, of a network that was really trained."""

import base64
import io
import json
from typing import Any

import numpy as np
import pytest
from PIL import Image

from service.images.sets.opening import open_set
from tests.pictures import drawn_digit, encoded
from tests.trained import Trained


def get(trained: Trained, path: str, **headers: str) -> Any:
    return trained.client.get(f"/v1/trainings/{trained.training_id}/{path}", headers=headers)


def picture(data_url: str) -> Image.Image:
    head, _, content = data_url.partition(",")
    assert head == "data:image/png;base64"
    return Image.open(io.BytesIO(base64.b64decode(content)))


def strict(text: str) -> Any:
    """JSON without NaN or Infinity."""

    def refuse(constant: str) -> None:
        raise AssertionError(constant)

    return json.loads(text, parse_constant=refuse)


def test_a_test_picture_is_explained_with_what_was_seen_and_its_true_class(trained: Trained) -> None:
    data = open_set("mnist-5k", trained.settings.home, None)

    reply = get(trained, "explanations/test/705.json")

    found = strict(reply.text)
    assert reply.status_code == 200
    assert np.array_equal(np.asarray(picture(found["seen"])), data.x_test[705, :, :, 0])
    assert found["true"] == found["class"] == found["prediction"]["label"] == "7"
    assert picture(found["overlay"]).size == picture(found["saliency"]).size == (280, 280)
    assert (found["method"], found["prediction"]["model"]) == ("occlusion", None)
    assert found["scale"]["strongest_for"] > 1
    assert found["scale"]["passes"] <= 400
    assert {"conv2d", "dense"} < set(found["layers"])


def test_another_class_gives_another_map_and_top_fewer_probabilities(trained: Trained) -> None:
    found = strict(get(trained, "explanations/test/705.json?class=1&top=3").text)

    own = strict(get(trained, "explanations/test/705.json").text)
    assert (found["class"], found["prediction"]["label"]) == ("1", "7")
    assert len(found["prediction"]["probabilities"]) == 3
    assert next(iter(found["prediction"]["probabilities"])) == "7"
    assert found["saliency"] != own["saliency"]
    assert found["scale"]["strongest_against"] > own["scale"]["strongest_against"]


@pytest.mark.parametrize(
    "path", ["explanations/test/705", "activations/train/3", "activations/test/0?layer=dense", "filters"]
)
def test_the_same_comes_as_a_picture_and_is_not_sent_twice(trained: Trained, path: str) -> None:
    reply = get(trained, path, Accept="image/png")

    again = get(trained, path, Accept="image/png", **{"If-None-Match": reply.headers["etag"]})
    assert (reply.status_code, reply.headers["content-type"]) == (200, "image/png")
    assert Image.open(io.BytesIO(reply.content)).width == 900
    assert (again.status_code, again.content) == (304, b"")
    route, _, query = path.partition("?")
    assert get(trained, f"{route}.png?{query}").content == reply.content
    assert get(trained, f"{route}.json?{query}").headers["etag"] != reply.headers["etag"]


def test_every_layer_that_is_listed_can_be_looked_at_in_its_shape(trained: Trained) -> None:
    layers = get(trained, "layers.json").json()["layers"]

    assert [layer["name"] for layer in layers][:3] == ["conv2d", "conv2d_1", "max_pooling2d"]
    assert [layer["name"] for layer in layers if not layer["available"]] == [
        "conv2d_2"
    ]  # folded into the normalisation
    for layer in layers:
        reply = get(trained, f"activations/test/7.json?layer={layer['name']}")
        if not layer["available"]:
            assert reply.status_code == 422
            assert "batch_normalization" in reply.json()["detail"]
            continue
        found = strict(reply.text)
        assert found["shape"] == layer["shape"]
        assert len(found["channels"]) == layer["shape"][-1]


def test_the_last_layers_activations_are_the_prediction(trained: Trained) -> None:
    activations = strict(get(trained, "activations/test/7.json?layer=dense").text)
    prediction = strict(get(trained, "explanations/test/7.json").text)["prediction"]

    assert activations["highest"] == pytest.approx(prediction["confidence"], abs=1e-4)


def test_the_first_filters_are_told_with_their_shape(trained: Trained) -> None:
    found = get(trained, "filters.json").json()

    assert (found["layer"], found["count"], found["shape"]) == ("conv2d", 16, [5, 5, 1])


@pytest.mark.parametrize(
    ("path", "status", "says"),
    [
        ("explanations/test/1000.png", 404, "0 to 999"),
        ("explanations/test/-1.json", 404, "0 to 999"),
        ("explanations/test/" + "9" * 30 + ".json", 404, "0 to 999"),
        ("explanations/test/seven.json", 422, "integer"),
        ("explanations/holiday/1.json", 404, "train and test"),
        ("explanations/test/1.gif", 404, ".json, .png"),
        ("explanations/test/1.json?class=seven", 422, "Valid: 0, 1"),
        ("explanations/test/1.json?class=%00", 422, "Valid: 0, 1"),
        ("explanations/test/1.json?top=0", 422, "greater"),
        ("explanations/test/1.json?top=1001", 422, "less"),
        ("explanations/test/1.json?clas=7", 422, "Did you mean 'class'"),
        ("activations/test/1.png?layer=conv2", 422, "Did you mean 'conv2d"),
        ("activations/test/1.png?layer=" + "x" * 201, 422, "200"),
        ("filters.svg", 404, ".json, .png"),
        ("layers.png", 404, ".json"),
    ],
)
def test_what_there_is_not_is_refused_with_what_there_is(trained: Trained, path: str, status: int, says: str) -> None:
    reply = get(trained, path)

    assert (reply.status_code, reply.headers["content-type"]) == (status, "application/problem+json")
    assert says in reply.text.replace("\\u2026", "…")


def test_while_there_is_no_model_a_conflict_says_why(client: Any) -> None:
    queued = client.post("/v1/trainings", json={"preset": "quickstart"}).json()["id"]

    for path in ("explanations/test/1.png", "activations/test/1.json", "filters.png", "layers.json"):
        reply = client.get(f"/v1/trainings/{queued}/{path}")
        assert (reply.status_code, reply.json()["type"]) == (409, "/problems/no-report-yet")
        assert "queued" in reply.json()["detail"]
    assert client.get("/v1/trainings/none/filters.png").status_code == 404
    upload = {"file": encoded(drawn_digit())}
    assert client.post("/v1/models/default/explain", files=upload).json()["type"] == "/problems/no-model-yet"


def test_a_picture_that_is_sent_is_explained_as_it_is_predicted(trained: Trained) -> None:
    upload = {"file": encoded(drawn_digit(4))}

    predicted = trained.client.post("/predict?seen=true", files=upload).json()
    explained = trained.client.post("/v1/models/default/explain", files=upload)
    figure = trained.client.post("/v1/models/default/explain?class=9", files=upload, headers={"Accept": "image/png"})

    found = strict(explained.text)
    assert found["seen"] == predicted["seen"]
    assert found["prediction"]["label"] == predicted["label"]
    assert found["prediction"]["probabilities"] == predicted["probabilities"]
    assert found["prediction"]["verdict"] == predicted["verdict"] is not None
    assert found["prediction"]["model"] == predicted["model"]
    assert found["true"] is None
    assert explained.headers["x-model-version"] == str(predicted["model"]["version"])
    assert Image.open(io.BytesIO(figure.content)).width == 900


def test_a_layers_answer_to_a_picture_that_is_sent_can_be_seen(trained: Trained) -> None:
    reply = trained.client.post("/v1/models/default/activations?layer=conv2d_1", content=encoded(drawn_digit(4)))

    assert (reply.status_code, strict(reply.text)["shape"]) == (200, [14, 14, 32])


def test_what_cannot_be_explained_is_refused(trained: Trained) -> None:
    two = [("file", encoded(drawn_digit(1))), ("file", encoded(drawn_digit(2)))]
    path = "/v1/models/default/explain"

    assert trained.client.post(path, files=two).status_code == 422
    assert trained.client.post(path, content=b"").json()["type"] == "/problems/no-image"
    assert trained.client.post(path, content=b"not a picture").json()["type"] == "/problems/unreadable-image"
    blank = encoded(Image.new("L", (28, 28), 255))
    assert trained.client.post(path, content=blank).json()["type"] == "/problems/blank-image"
    assert trained.client.post("/v1/models/nobody/explain", content=blank).status_code == 404
    assert trained.client.post(f"{path}?version=99", content=blank).status_code == 404


def test_seen_is_there_only_when_it_is_asked_for_and_is_what_the_network_saw(trained: Trained) -> None:
    data = open_set("mnist-5k", trained.settings.home, None)
    pictures = [Image.fromarray(data.x_test[index, :, :, 0]) for index in (3, 705)]
    files = [("file", encoded(one)) for one in pictures]

    plain = trained.client.post("/predict", files=files).json()["predictions"]
    seen = trained.client.post("/v1/models/default/predict?seen=true", files=files).json()["predictions"]

    assert all("seen" not in one for one in plain)
    for one, sent in zip(seen, pictures, strict=True):
        assert np.array_equal(np.asarray(picture(one["seen"])), np.asarray(sent))
