"""NVIDIA's own client, as its users run it, against a real server."""

from collections.abc import Iterator

import numpy as np
import pytest
from tritonclient import http as triton
from tritonclient.utils import InferenceServerException

from service.app import create_app
from tests.service.protocols.conftest import Digits
from tests.serving import serving
from tests.trained import Trained
from tests.waiting import wait_until


@pytest.fixture(scope="module")
def triton_client(trained: Trained) -> Iterator[triton.InferenceServerClient]:
    """A client of a server that has the trained model."""
    with (
        serving(create_app(trained.settings)) as url,
        triton.InferenceServerClient(url.removeprefix("http://")) as client,
    ):
        wait_until(client.is_server_live, 30, "the server")
        yield client


def images(digits: Digits, *, binary: bool, datatype: str = "FP32") -> triton.InferInput:
    values = digits.scaled if datatype == "FP32" else digits.pixels
    tensor = triton.InferInput("images", list(values.shape), datatype)
    tensor.set_data_from_numpy(values, binary_data=binary)
    return tensor


def test_health_metadata_and_index_are_understood(triton_client: triton.InferenceServerClient) -> None:
    assert triton_client.is_server_live()
    assert triton_client.is_server_ready()
    assert triton_client.is_model_ready("default", "1")
    assert not triton_client.is_model_ready("nobody")
    assert triton_client.get_server_metadata()["name"] == "cyfra"
    assert triton_client.get_model_metadata("default")["inputs"][0]["shape"] == [-1, 28, 28, 1]
    assert triton_client.get_model_config("default", "1")["max_batch_size"] >= 1
    assert "default" in {row["name"] for row in triton_client.get_model_repository_index()}


@pytest.mark.parametrize("binary_in", [True, False])
@pytest.mark.parametrize("binary_out", [True, False])
@pytest.mark.parametrize("datatype", ["FP32", "UINT8"])
def test_digits_are_recognised_in_every_encoding(
    triton_client: triton.InferenceServerClient,
    digits: Digits,
    expected: list[list[float]],
    binary_in: bool,
    binary_out: bool,
    datatype: str,
) -> None:
    wanted = triton.InferRequestedOutput("probabilities", binary_data=binary_out)
    result = triton_client.infer(
        "default", [images(digits, binary=binary_in, datatype=datatype)], outputs=[wanted], request_id="a1"
    )

    assert result.as_numpy("probabilities") == pytest.approx(np.array(expected), abs=1e-5)
    assert result.get_response()["id"] == "a1"


@pytest.mark.parametrize("binary", [True, False])
def test_classes_come_with_their_labels(
    triton_client: triton.InferenceServerClient, digits: Digits, expected: list[list[float]], binary: bool
) -> None:
    wanted = triton.InferRequestedOutput("probabilities", binary_data=binary, class_count=3)
    result = triton_client.infer("default", [images(digits, binary=True)], outputs=[wanted])

    found = result.as_numpy("probabilities")
    assert found.shape == (10, 3)
    labels = [(text.decode() if isinstance(text, bytes) else text).split(":")[2] for text in found[:, 0]]
    assert labels == [str(int(np.argmax(row))) for row in expected]


def test_an_error_reaches_the_caller_in_words(triton_client: triton.InferenceServerClient) -> None:
    tensor = triton.InferInput("images", [1, 32, 32, 1], "FP32")
    tensor.set_data_from_numpy(np.zeros((1, 32, 32, 1), np.float32))

    with pytest.raises(InferenceServerException, match=r"\[-1, 28, 28, 1\]"):
        triton_client.infer("default", [tensor])
