"""POST /predict: JSON, base64 and data URLs, through HTTP; and that one picture gets one answer, however it comes."""

import base64
import json
import re
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import httpx
import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from PIL import Image

from tests.pictures import encoded
from tests.service.predictions.test_bodies import ALMOST_RIGHT, ANY, KEYS
from tests.trained import Trained


@pytest.fixture(scope="package")
def written(seven: Image.Image) -> str:
    """The picture's file in base64, in one line."""
    return base64.b64encode(encoded(seven)).decode()


def test_one_picture_gets_one_answer_however_it_comes(trained: Trained, seven: Image.Image, written: str) -> None:
    data_url = f"data:image/png;base64,{written}"
    rows = np.asarray(seven)
    expected = trained.client.post("/predict", content=encoded(seven)).json()
    urlencoded = {"Content-Type": "application/x-www-form-urlencoded"}

    replies = {
        "base64": trained.client.post("/predict", json={"image": written}),
        "data URL": trained.client.post("/predict", json={"image": data_url}),
        "pixels": trained.client.post("/predict", json={"pixels": rows.tolist()}),
        "pixels in a row": trained.client.post("/predict", json={"pixels": rows.ravel().tolist()}),
        "pixels in 0..1": trained.client.post("/predict", json={"pixels": (rows / 255).tolist()}),
        "JSON that does not say so": trained.client.post("/predict", content=json.dumps({"image": written})),
        "problem+json": trained.client.post(
            "/predict", content=json.dumps({"image": written}), headers={"Content-Type": "application/ld+json"}
        ),
        "text": trained.client.post("/predict", content=written),
        "text in lines": trained.client.post("/predict", content=base64.encodebytes(encoded(seven))),
        "a data URL as text": trained.client.post("/predict", content=data_url, headers={"Content-Type": "text/plain"}),
        "text in a form": trained.client.post("/predict", files={"image": (None, written)}),
        "a data URL in a form": trained.client.post("/predict", data={"image": data_url}),
        "curl -d image=": trained.client.post("/predict", content=f"image={written}", headers=urlencoded),
        "curl -T": trained.client.put("/predict", content=encoded(seven)),
        "curl -T to a model": trained.client.put("/v1/models/default/predict", content=encoded(seven)),
        "curl -d of a file": trained.client.post("/predict", content=encoded(seven), headers=urlencoded),
    }

    assert expected["digit"] == 7
    for name, reply in replies.items():
        assert (reply.status_code, reply.json()) == (200, expected), (name, reply.text)


def test_many_pictures_in_json_are_answered_in_their_order(trained: Trained, seven: Image.Image, written: str) -> None:
    dark_on_light = (255 - np.asarray(seven)).tolist()
    body = {"images": [written, {"image": written, "filename": "b.png"}, dark_on_light]}

    predictions = trained.client.post("/predict", json=body).json()["predictions"]

    assert [(one["digit"], one["filename"]) for one in predictions] == [(7, None), (7, "b.png"), (7, None)]
    assert predictions[0]["probabilities"] == predictions[2]["probabilities"]


def test_pixels_are_explained_as_files_are(trained: Trained, seven: Image.Image) -> None:
    reply = trained.client.post("/v1/models/default/explain", json={"pixels": np.asarray(seven).tolist()})

    assert reply.json()["prediction"]["digit"] == 7


@pytest.mark.parametrize(
    ("body", "status", "kind", "pointer"),
    [
        ({"image": "nonsense!"}, 422, "invalid-fields", "/image"),
        ({"image": base64.b64encode(b"no picture").decode()}, 422, "unreadable-image", "/image"),
        ({"images": ["/9j/4AAQ"]}, 422, "unreadable-image", "/images/0"),
        ({"pixels": [[0] * 28] * 27}, 422, "invalid-fields", "/pixels"),
        ({"pixels": [[300] * 28] * 28}, 422, "invalid-fields", "/pixels"),
        ({"pixels": [[0] * 28] * 28}, 422, "blank-image", "/pixels"),
        ({"pixels": "0"}, 422, "invalid-fields", "/pixels"),
        ({"imgae": "x"}, 422, "invalid-fields", "/imgae"),
        ({"image": 7}, 422, "invalid-fields", "/image"),
        ({"images": [7]}, 422, "invalid-fields", "/images/0"),
        ({"images": [{"imgae": "x"}]}, 422, "invalid-fields", "/images/0/imgae"),
        ({"pixels": [[0] * 28] * 28, "range": "0..256"}, 422, "invalid-fields", "/range"),
    ],
)
def test_a_wrong_field_is_pointed_at(
    trained: Trained, body: dict[str, Any], status: int, kind: str, pointer: str
) -> None:
    reply = trained.client.post("/predict", json=body)

    problem = reply.json()
    assert (reply.status_code, problem["type"]) == (status, f"/problems/{kind}"), reply.text
    assert [one["pointer"] for one in problem["errors"]] == [pointer]


def test_a_name_that_is_no_text_is_refused(trained: Trained, written: str) -> None:
    body = b'{"image": "' + written.encode() + b'", "filename": "\\ud800.png"}'

    reply = trained.client.post("/predict", content=body, headers={"Content-Type": "application/json"})

    assert (reply.status_code, reply.json()["errors"][0]["pointer"]) == (422, "/filename")


def test_a_misspelt_field_is_told_the_nearest_name(trained: Trained) -> None:
    assert "Did you mean 'image'?" in trained.client.post("/predict", json={"imgae": "x"}).json()["detail"]


def test_the_shape_that_was_expected_is_said(trained: Trained) -> None:
    detail = trained.client.post("/predict", json={"pixels": [[0] * 27] * 27}).json()["detail"]

    assert "received the shape [27, 27]; the model expects [784], [28, 28] or [28, 28, 1], numbers in 0..255" in detail


@pytest.mark.parametrize(
    ("body", "status", "kind"),
    [
        (b'{"image": ', 400, "broken-json"),
        (b'{"pixels": [NaN]}', 400, "broken-json"),
        (b"\xff\xfe\xfd", 400, "broken-json"),
        (b"[" * 100_000, 400, "broken-json"),
        (b'{"pixels": ' + b"[" * 900 + b"1" + b"]" * 900 + b"}", 422, "invalid-fields"),
        (b'{"pixels": [' + b"0," * 4_000_000 + b"0]}", 422, "invalid-fields"),
        (b'{"\\ud800": 1}', 422, "invalid-fields"),
        (b'{"image": "\\ud800"}', 422, "invalid-fields"),
        (b'{"images": [{"\\udfff": "\\ud800"}]}', 422, "invalid-fields"),
        (b'{"image": "/9j/", "filename": "\\ud800"}', 422, "invalid-fields"),
        (b'{"pixels": ["' + b"x" * 2_000_000 + b'"' + b",0" * 700 + b"]}", 422, "invalid-fields"),
        (b'{"pixels": [' + b"9" * 5_000 + b"]}", 400, "broken-json"),
        (b"data:image/png;base64", 422, "no-image"),
        (b"data:;base64,hello!", 422, "no-image"),
        (b"data:image/svg+xml,<svg/>", 422, "unreadable-image"),
    ],
)
def test_hostile_text_gets_a_problem(trained: Trained, body: bytes, status: int, kind: str) -> None:
    headers = {} if body.startswith(b"data:") else {"Content-Type": "application/json"}

    reply = trained.client.post("/predict", content=body, headers=headers)

    assert (reply.status_code, reply.json()["type"]) == (status, f"/problems/{kind}"), reply.text[:300]


@settings(
    max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow, HealthCheck.function_scoped_fixture]
)
@given(found=ANY | st.dictionaries(KEYS, ANY, max_size=4) | ALMOST_RIGHT)
def test_no_json_is_a_fault_of_the_service(trained: Trained, found: object) -> None:
    reply = trained.client.post(
        "/predict", content=json.dumps(found).encode(), headers={"Content-Type": "application/json"}
    )

    assert reply.status_code < 500, reply.text
    if reply.status_code >= 400:
        assert reply.headers["content-type"] == "application/problem+json"


def test_the_documented_example_is_answered(trained: Trained, monkeypatch: pytest.MonkeyPatch) -> None:
    page = (Path(__file__).parents[3] / "docs" / "predict.md").read_text()
    [example] = re.findall(r"```python\n(.*?)```", page, re.DOTALL)
    printed: list[str] = []
    monkeypatch.setattr(httpx, "post", lambda address, **body: trained.client.post(urlsplit(address).path, **body))

    exec(example, {"print": printed.append})

    assert printed == ["1"]
