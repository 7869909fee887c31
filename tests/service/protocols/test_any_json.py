"""Whatever JSON a client invents: a request is read, or refused with one of our errors; nothing else ever comes out."""

import json
from collections.abc import Callable
from typing import TypeVar

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from service.errors import CyfraError
from service.images.expectation import Expectation
from service.protocols.instances import Bounds
from service.protocols.mlflow import requests as mlflow
from service.protocols.open_inference import requests as open_inference
from service.protocols.tensorflow_serving import requests as tensorflow_serving

Found = TypeVar("Found")

EXPECTS = Expectation(2, 2, 1, handwriting=False)
BOUNDS = Bounds(images=4, pixels=1000)

LEAVES = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(-(10**25), 10**25),
    st.floats(),
    st.text(max_size=8),
    st.sampled_from(["images", "FP32"]),
)
KEYS = st.sampled_from(
    [
        "id",
        "inputs",
        "outputs",
        "instances",
        "examples",
        "context",
        "signature_name",
        "images",
        "b64",
        "name",
        "shape",
        "datatype",
        "data",
        "parameters",
        "binary_data_size",
        "binary_data",
        "classification",
        "columns",
        "dataframe_split",
        "dataframe_records",
    ]
)
ANY = st.recursive(
    LEAVES, lambda inner: st.lists(inner, max_size=5) | st.dictionaries(KEYS, inner, max_size=5), max_leaves=25
)
ALMOST_RIGHT = st.fixed_dictionaries(
    {
        "inputs": st.lists(
            st.fixed_dictionaries(
                {
                    "name": st.sampled_from(["images", "x"]),
                    "datatype": st.sampled_from(["FP32", "UINT8", "BYTES"]) | LEAVES,
                    "shape": st.lists(st.integers(-1, 5), max_size=4) | ANY,
                    "data": st.lists(st.integers(0, 1) | st.floats(0, 1) | LEAVES, max_size=8) | ANY,
                },
                optional={"parameters": ANY},
            ),
            max_size=2,
        )
    },
    optional={"outputs": ANY, "id": LEAVES, "parameters": ANY},
)


def of_open_inference(body: bytes) -> object:
    return open_inference.read(body, None).tensor.images(EXPECTS, BOUNDS.images)


def of_predict(body: bytes) -> object:
    return tensorflow_serving.predict(body).read(EXPECTS, BOUNDS)


def of_classify(body: bytes) -> object:
    return tensorflow_serving.classify(body)(EXPECTS, BOUNDS)


def of_mlflow(body: bytes) -> object:
    return mlflow.read("application/json", body)(EXPECTS, BOUNDS)


@pytest.mark.parametrize("read", [of_open_inference, of_predict, of_classify, of_mlflow])
@settings(max_examples=300, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(found=st.dictionaries(KEYS, ANY, max_size=5) | ALMOST_RIGHT)
def test_any_json_is_read_or_refused(read: Callable[[bytes], object], found: dict[str, object]) -> None:
    images = read_or_refused(lambda: read(json.dumps(found).encode()))

    if isinstance(images, CyfraError):
        assert 400 <= images.status < 500
    else:
        assert isinstance(images, np.ndarray)
        assert images.shape[1:] == (2, 2, 1)
        assert 0 <= images.min() <= images.max() <= 1


@settings(max_examples=500, deadline=None)
@given(body=st.binary(max_size=60), length=st.none() | st.integers(0, 70).map(str) | st.text(max_size=4))
def test_any_bytes_are_read_or_refused(body: bytes, length: str | None) -> None:
    found = read_or_refused(lambda: open_inference.read(body, length))

    assert isinstance(found, open_inference.InferRequest) or 400 <= found.status < 500


def read_or_refused(read: Callable[[], Found]) -> Found | CyfraError:
    try:
        return read()
    except CyfraError as error:
        return error
