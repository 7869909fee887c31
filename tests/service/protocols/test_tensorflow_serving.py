"""TensorFlow Serving's REST interface: requests written from its documentation."""

import base64
from typing import Any

import numpy as np
import pytest

from tests.service.protocols.conftest import Digits
from tests.trained import Trained

PREDICT = "/v1/models/default:predict"


def b64(content: bytes) -> dict[str, str]:
    return {"b64": base64.b64encode(content).decode()}


def test_instances_of_every_form_give_the_answer_of_predict(
    trained: Trained, digits: Digits, expected: list[list[float]]
) -> None:
    forms: list[list[Any]] = [
        digits.scaled.tolist(),
        digits.scaled[:, :, :, 0].tolist(),
        digits.scaled.reshape(10, 784).tolist(),
        [{"images": row} for row in digits.scaled.tolist()],
        [b64(digits.png(digit)) for digit in range(10)],
        [{"images": b64(digits.png(digit))} for digit in range(10)],
        [*digits.scaled[:5].tolist(), *(b64(digits.png(digit)) for digit in range(5, 10))],
    ]
    for instances in forms:
        answer = trained.client.post(PREDICT, json={"instances": instances}).json()

        assert list(answer) == ["predictions"]
        assert np.array(answer["predictions"]) == pytest.approx(np.array(expected), abs=1e-5)


@pytest.mark.parametrize("named", [True, False])
def test_a_column_of_inputs_gives_outputs(
    trained: Trained, digits: Digits, expected: list[list[float]], named: bool
) -> None:
    column = digits.scaled.tolist()
    body = {"signature_name": "serving_default", "inputs": {"images": column} if named else column}
    answer = trained.client.post(PREDICT, json=body).json()

    assert list(answer) == ["outputs"]
    assert np.array(answer["outputs"]) == pytest.approx(np.array(expected), abs=1e-5)


def test_one_file_may_be_the_whole_input(trained: Trained, digits: Digits) -> None:
    answer = trained.client.post(PREDICT, json={"inputs": b64(digits.png(7))}).json()

    assert np.argmax(answer["outputs"][0]) == 7


def test_classify_names_the_classes_best_first(trained: Trained, digits: Digits) -> None:
    examples = [{"images": b64(digits.png(digit))} for digit in (7, 0)]
    results = trained.client.post("/v1/models/default:classify", json={"examples": examples}).json()["results"]

    assert [result[0][0] for result in results] == ["7", "0"]
    assert [score for _, score in results[0]] == sorted((score for _, score in results[0]), reverse=True)
    assert len(results[0]) == 10


def test_versions_and_labels_are_chosen_by_the_path(trained: Trained, digits: Digits) -> None:
    trained.client.put("/v1/models/default/aliases/canary", json={"version": 1})
    body = {"instances": [b64(digits.png(3))]}
    replies = [
        trained.client.post(f"/v1/models/default/{chosen}:predict", json=body).json()
        for chosen in ("versions/1", "labels/canary")
    ]

    assert replies[0] == replies[1]
    assert np.argmax(replies[0]["predictions"][0]) == 3
    assert trained.client.post("/v1/models/default/versions/9:predict", json=body).status_code == 404


@pytest.mark.parametrize("path", ["", "/versions/1", "/labels/latest"])
def test_the_status_says_that_versions_are_available(trained: Trained, path: str) -> None:
    status = trained.client.get(f"/v1/models/default{path}").json()["model_version_status"]

    assert {
        "version": "1",
        "state": "AVAILABLE",
        "status": {"error_code": "OK", "error_message": ""},
    } in status


@pytest.mark.parametrize("path", ["", "/versions/1", "/labels/latest"])
def test_metadata_describe_the_signature(trained: Trained, path: str) -> None:
    found = trained.client.get(f"/v1/models/default{path}/metadata").json()

    assert found["model_spec"] == {"name": "default", "signature_name": "", "version": "1"}
    [signature] = found["metadata"]["signature_def"]["signature_def"].values()
    sides = [dim["size"] for dim in signature["inputs"]["images"]["tensor_shape"]["dim"]]
    assert sides == ["-1", "28", "28", "1"]


IMAGE = np.zeros((28, 28, 1)).tolist()
BAD: dict[str, tuple[dict[str, Any], str]] = {
    "neither": ({}, "exactly one of instances, inputs"),
    "both": ({"instances": [IMAGE], "inputs": [IMAGE]}, "exactly one of instances, inputs"),
    "no list": ({"instances": 7}, "a list of instances"),
    "an empty list": ({"instances": []}, "a list of instances"),
    "another signature": ({"signature_name": "train", "instances": [IMAGE]}, "serving_default"),
    "a signature that is no text": ({"signature_name": {}, "instances": [IMAGE]}, "serving_default"),
    "another input": ({"instances": [{"x": IMAGE}]}, "called 'images'"),
    "another shape": ({"instances": [np.zeros((32, 32)).tolist()]}, "[-1, 28, 28, 1]"),
    "one picture without a list around it": ({"instances": IMAGE}, "[-1, 28, 28, 1]"),
    "bytes instead of fractions": ({"instances": [np.full((28, 28), 200).tolist()]}, "divide by 255"),
    "no base64": ({"instances": [{"b64": "ö"}]}, "base64"),
    "base64 of no picture": ({"instances": [b64(b"nonsense")]}, "instances/0: Received"),
    "base64 that is no text": ({"instances": [{"b64": 1}]}, "base64"),
    "too many": ({"instances": [0] * 2000}, "at most 1024"),
}


@pytest.mark.parametrize(("body", "words"), BAD.values(), ids=BAD)
def test_a_wrong_request_says_what_was_expected(trained: Trained, body: dict[str, Any], words: str) -> None:
    reply = trained.client.post(PREDICT, json=body)

    assert reply.status_code in {400, 422}, reply.text
    assert list(reply.json()) == ["error"]
    assert words in reply.json()["error"]


def test_a_classifier_does_not_regress(trained: Trained) -> None:
    reply = trained.client.post("/v1/models/default:regress", json={"examples": [{"images": IMAGE}]})

    assert reply.status_code == 400
    assert ":classify" in reply.json()["error"]


def test_classify_wants_examples_and_no_context(trained: Trained) -> None:
    for body in ({}, {"examples": [IMAGE], "context": {"x": 1}}):
        reply = trained.client.post("/v1/models/default:classify", json=body)

        assert reply.status_code == 400
