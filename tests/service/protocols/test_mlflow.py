"""MLflow's scoring server: requests written from its documentation."""

import base64
from typing import Any

import numpy as np
import pytest
from fastapi.testclient import TestClient

from tests.service.protocols.conftest import Digits
from tests.trained import Trained


def test_every_form_of_the_body_gives_the_answer_of_predict(
    trained: Trained, digits: Digits, expected: list[list[float]]
) -> None:
    flat = digits.scaled.reshape(10, 784).tolist()
    columns = [str(pixel) for pixel in range(784)]
    files = [[base64.b64encode(digits.png(digit)).decode()] for digit in range(10)]
    forms: list[dict[str, Any]] = [
        {"instances": digits.scaled.tolist()},
        {"inputs": digits.scaled.tolist()},
        {"inputs": {"images": digits.scaled.tolist()}},
        {"dataframe_split": {"columns": columns, "data": flat}},
        {"dataframe_records": [dict(zip(columns, row, strict=True)) for row in flat]},
        {"dataframe_split": {"columns": ["image"], "data": files}},
        {"dataframe_split": {"columns": ["image"], "data": [[row] for row in digits.scaled.tolist()]}},
    ]
    for body in forms:
        reply = trained.client.post("/invocations", json=body)

        assert list(reply.json()) == ["predictions"], reply.text
        assert np.array(reply.json()["predictions"]) == pytest.approx(np.array(expected), abs=1e-5)


def test_ping_and_version_answer(trained: Trained) -> None:
    assert trained.client.get("/ping").status_code == 200
    assert trained.client.get("/health").status_code == 200
    assert trained.client.get("/version").text


def test_ping_says_no_before_there_is_a_model(client: TestClient) -> None:
    assert client.get("/ping").status_code == 409


@pytest.mark.parametrize("content_type", ["text/csv", "", "application/x-www-form-urlencoded"])
def test_other_content_types_are_refused(trained: Trained, content_type: str) -> None:
    reply = trained.client.post("/invocations", content=b"1,2", headers={"Content-Type": content_type})

    assert reply.status_code == 415
    assert "application/json" in reply.json()["error"]


@pytest.mark.parametrize(
    "body",
    [
        {},
        {"instances": [], "inputs": []},
        {"dataframe_split": []},
        {"dataframe_split": {"data": [1]}},
        {"dataframe_split": {"data": [[]]}},
        {"dataframe_records": {}},
        {"dataframe_records": [{"a": 1}, {"b": 1}]},
        {"dataframe_records": [{"a": [[1], 2]}]},
        {"inputs": "text"},
    ],
)
def test_a_wrong_body_is_refused(trained: Trained, body: dict[str, Any]) -> None:
    reply = trained.client.post("/invocations", json=body)

    assert reply.status_code == 400
    assert reply.json()["error"]
