"""Open Inference Protocol v2: requests written from its specification."""

import json
from typing import Any

import numpy as np
import pytest
from fastapi.testclient import TestClient

from tests.service.protocols.conftest import Digits
from tests.trained import Trained

INFER = "/v2/models/default/infer"


def tensor(values: Any, shape: list[int], datatype: str = "FP32") -> dict[str, Any]:
    return {"name": "images", "shape": shape, "datatype": datatype, "data": values}


def infer(trained: Trained, *inputs: dict[str, Any], **rest: Any) -> Any:
    return trained.client.post(INFER, json={"inputs": list(inputs), **rest})


def test_the_server_says_what_it_is(trained: Trained) -> None:
    found = trained.client.get("/v2").json()

    assert found["name"] == "cyfra"
    assert {"binary_tensor_data", "classification"} <= set(found["extensions"])
    assert trained.client.get("/v2/health/live").json() == {"live": True}
    assert trained.client.get("/v2/health/ready").json() == {"ready": True}


@pytest.mark.parametrize("path", ["/v2/models/default", "/v2/models/default/versions/1"])
def test_a_model_says_what_goes_in_and_what_comes_out(trained: Trained, path: str) -> None:
    found = trained.client.get(path).json()

    assert (found["name"], found["versions"]) == ("default", ["1"])
    assert found["inputs"] == [{"name": "images", "datatype": "FP32", "shape": [-1, 28, 28, 1]}]
    assert found["outputs"] == [{"name": "probabilities", "datatype": "FP32", "shape": [-1, 10]}]
    assert trained.client.get(f"{path}/ready").json() == {"name": "default", "ready": True}
    assert trained.client.get(f"{path}/config").json()["input"][0]["dims"] == [28, 28, 1]


def test_the_repository_lists_every_version(trained: Trained) -> None:
    found = trained.client.post("/v2/repository/index", json={}).json()

    assert {"name": "default", "version": "1", "state": "READY", "reason": ""} in found


def test_nested_and_flat_data_give_the_answer_of_predict(
    trained: Trained, digits: Digits, expected: list[list[float]]
) -> None:
    nested = infer(trained, tensor(digits.scaled.tolist(), [10, 28, 28, 1]), id="42")
    flat = infer(trained, tensor(digits.scaled.ravel().tolist(), [10, 28, 28, 1]))

    answer = nested.json()
    assert (answer["model_name"], answer["model_version"], answer["id"]) == ("default", "1", "42")
    [output] = answer["outputs"]
    assert (output["name"], output["datatype"], output["shape"]) == ("probabilities", "FP32", [10, 10])
    assert np.reshape(output["data"], (10, 10)) == pytest.approx(np.array(expected), abs=1e-5)
    assert flat.json()["outputs"] == answer["outputs"]
    assert "id" not in flat.json()


def test_pixels_of_one_byte_are_scaled(trained: Trained, digits: Digits) -> None:
    of_bytes = infer(trained, tensor(digits.pixels.tolist(), [10, 28, 28, 1], "UINT8")).json()
    of_floats = infer(trained, tensor(digits.scaled.tolist(), [10, 28, 28, 1])).json()

    assert of_bytes["outputs"][0]["data"] == pytest.approx(of_floats["outputs"][0]["data"], abs=1e-5)


def test_classification_gives_value_index_and_label_best_first(trained: Trained, digits: Digits) -> None:
    wanted = [{"name": "probabilities", "parameters": {"classification": 2}}]
    answer = infer(trained, tensor(digits.scaled[7:8].tolist(), [1, 28, 28, 1]), outputs=wanted).json()

    [output] = answer["outputs"]
    assert (output["datatype"], output["shape"]) == ("BYTES", [1, 2])
    values, indices, labels = zip(*(text.split(":") for text in output["data"]), strict=True)
    assert (indices[0], labels[0]) == ("7", "7")
    assert float(values[0]) > float(values[1])


def test_binary_bodies_go_in_and_come_out(trained: Trained, digits: Digits, expected: list[list[float]]) -> None:
    content = digits.scaled.astype("<f4").tobytes()
    asked = {
        "inputs": [
            {
                "name": "images",
                "shape": [10, 28, 28, 1],
                "datatype": "FP32",
                "parameters": {"binary_data_size": len(content)},
            }
        ],
        "parameters": {"binary_data_output": True},
    }
    text = json.dumps(asked).encode()
    reply = trained.client.post(
        INFER, content=text + content, headers={"Inference-Header-Content-Length": str(len(text))}
    )

    length = int(reply.headers["Inference-Header-Content-Length"])
    [output] = json.loads(reply.content[:length])["outputs"]
    assert output["parameters"] == {"binary_data_size": 400}
    found = np.frombuffer(reply.content[length:], "<f4").reshape(10, 10)
    assert found == pytest.approx(np.array(expected), abs=1e-5)


IMAGE = [0.0] * 784
BAD: dict[str, tuple[dict[str, Any], str]] = {
    "no inputs": ({}, "inputs: a list with one tensor"),
    "two inputs": ({"inputs": [tensor(IMAGE, [1, 28, 28, 1])] * 2}, "inputs: a list with one tensor"),
    "another name": ({"inputs": [{**tensor(IMAGE, [1, 28, 28, 1]), "name": "x"}]}, "called 'images'"),
    "a datatype that is not read": ({"inputs": [tensor(IMAGE, [1, 28, 28, 1], "INT64")]}, "FP32 and UINT8 are read"),
    "a shape that is none": ({"inputs": [tensor(IMAGE, [1, -28, 28, 1])]}, "a list of sizes"),
    "a shape beyond all bounds": ({"inputs": [tensor(IMAGE, [1 << 40, 1 << 40])]}, "too large"),
    "fewer values than the shape has": ({"inputs": [tensor([0.0] * 783, [1, 28, 28, 1])]}, "783 values"),
    "another picture's shape": ({"inputs": [tensor([0.0] * 1024, [1, 32, 32, 1])]}, "[-1, 28, 28, 1]"),
    "no pictures": ({"inputs": [tensor([], [0, 28, 28, 1])]}, "no numbers at all"),
    "values of bytes": ({"inputs": [tensor([255.0] * 784, [1, 28, 28, 1])]}, "divide by 255"),
    "negative values": ({"inputs": [tensor([-1.0] * 784, [1, 28, 28, 1])]}, "from 0 to 1"),
    "bytes beyond a byte": ({"inputs": [tensor([256] * 784, [1, 28, 28, 1], "UINT8")]}, "from 0 to 255"),
    "bytes with fractions": ({"inputs": [tensor([0.5] * 784, [1, 28, 28, 1], "UINT8")]}, "whole numbers"),
    "words": ({"inputs": [tensor(["a"] * 784, [1, 28, 28, 1])]}, "not a number"),
    "nothing": ({"inputs": [tensor([None] * 784, [1, 28, 28, 1])]}, "not a number"),
    "enormous numbers": ({"inputs": [tensor([10**400] * 784, [1, 28, 28, 1])]}, "too many digits"),
    "a long word among numbers": ({"inputs": [tensor(["a" * 1_000_000, *[0] * 783], [1, 28, 28, 1])]}, "not a number"),
    "truth": ({"inputs": [tensor([True, *[0] * 783], [1, 28, 28, 1])]}, "not a number"),
    "rows of different lengths": ({"inputs": [tensor([[0.0], [0.0, 0.0]], [1, 28, 28, 1])]}, "different lengths"),
    "an id that is no text": ({"id": 7, "inputs": [tensor(IMAGE, [1, 28, 28, 1])]}, "id"),
    "another output": ({"inputs": [tensor(IMAGE, [1, 28, 28, 1])], "outputs": [{"name": "logits"}]}, "probabilities"),
    "a classification of nonsense": (
        {
            "inputs": [tensor(IMAGE, [1, 28, 28, 1])],
            "outputs": [{"name": "probabilities", "parameters": {"classification": -1}}],
        },
        "classification",
    ),
    "binary data that is not there": (
        {"inputs": [{**tensor(IMAGE, [1, 28, 28, 1]), "data": None, "parameters": {"binary_data_size": 4}}]},
        "binary_data_size",
    ),
}


@pytest.mark.parametrize(("body", "words"), BAD.values(), ids=BAD)
def test_a_wrong_request_says_what_was_expected(trained: Trained, body: dict[str, Any], words: str) -> None:
    reply = trained.client.post(INFER, json=body)

    assert reply.status_code == 400, reply.text
    assert list(reply.json()) == ["error"]
    assert words in reply.json()["error"]


@pytest.mark.parametrize(
    "content", [b"", b"nonsense", b"[1]", b"\xff", b"[" * 100_000, b'{"inputs": NaN}', b'{"id": Infinity}']
)
def test_what_is_no_json_object_is_refused(trained: Trained, content: bytes) -> None:
    reply = trained.client.post(INFER, content=content)

    assert reply.status_code == 400
    assert "JSON" in reply.json()["error"]


@pytest.mark.parametrize("length", ["-1", "999999999", "x", "1e3", "٣"])
def test_a_wrong_length_of_the_json_is_refused(trained: Trained, length: str) -> None:
    reply = trained.client.post(INFER, content=b"{}", headers=[(b"inference-header-content-length", length.encode())])

    assert reply.status_code == 400
    assert "Inference-Header-Content-Length" in reply.json()["error"]


def test_more_images_than_are_taken_at_once_are_refused(trained: Trained) -> None:
    most = trained.settings.max_tensor_images
    content = bytes(784 * (most + 1))
    asked = {
        "inputs": [
            {
                "name": "images",
                "shape": [most + 1, 28, 28, 1],
                "datatype": "UINT8",
                "parameters": {"binary_data_size": len(content)},
            }
        ]
    }
    text = json.dumps(asked).encode()
    reply = trained.client.post(
        INFER, content=text + content, headers={"Inference-Header-Content-Length": str(len(text))}
    )

    assert reply.status_code == 400
    assert str(most) in reply.json()["error"]


@pytest.mark.parametrize(
    "path",
    [
        "/v2/models/nobody",
        "/v2/models/nobody/ready",
        "/v2/models/default/versions/9",
        "/v2/models/default/versions/9/ready",
    ],
)
def test_an_unknown_model_or_version_is_not_found(trained: Trained, path: str) -> None:
    reply = trained.client.get(path)

    assert reply.status_code == 404
    assert "Valid:" in reply.json()["error"]
    assert (
        trained.client.post("/v2/models/nobody/infer", json={"inputs": [tensor(IMAGE, [1, 28, 28, 1])]}).status_code
        == 404
    )


def test_a_body_over_the_limit_is_refused_in_the_same_shape(trained: Trained) -> None:
    reply = trained.client.post(INFER, content=bytes(trained.settings.max_upload_bytes + 1))

    assert reply.status_code == 413
    assert list(reply.json()) == ["error"]


def test_before_any_model_nothing_is_ready(client: TestClient) -> None:
    reply = client.get("/v2/models/default/ready")

    assert reply.status_code == 409
    assert "No training has succeeded yet" in reply.json()["error"]
