"""The largest networks that are accepted are trained in the memory that they were promised."""

import json
import os
import subprocess
import sys
from typing import Any

import pytest

from service.settings import Settings
from tests.test_docs import ROOT

MIB = 1 << 20
SLACK = 64 * MIB
"""What the allocators keep beside."""


def conv(filters: int, kernel_size: int = 3, **others: Any) -> dict[str, Any]:
    return {"layer": "Conv2D", "filters": filters, "kernel_size": kernel_size, "padding": "same", **others}


HEAD = [{"layer": "GlobalAveragePooling2D"}, {"layer": "Dense", "units": 10, "activation": "softmax"}]
ROWS = {"layer": "Reshape", "target_shape": [28, 28]}


def deep(*layers: dict[str, Any], times: int = 4) -> list[dict[str, Any]]:
    return [*(layer for _ in range(times) for layer in layers), *HEAD]


def over_rows(name: str) -> list[dict[str, Any]]:
    return [ROWS, {"layer": name, "units": 64, "return_sequences": True}, {"layer": name, "units": 64}, HEAD[1]]


FAMILIES: dict[str, list[dict[str, Any]]] = {
    "convolutions": deep(conv(32, activation="relu")),
    "dilated": deep(conv(32, dilation_rate=2, activation="relu"), times=3),
    "dilated-wide": deep(conv(16, dilation_rate=9, activation="relu"), times=3),
    "large-kernels": [conv(32, 11, strides=2, activation="relu"), conv(32, 7, activation="relu"), *HEAD],
    "batch-normalised": deep(
        conv(32, use_bias=False), {"layer": "BatchNormalization"}, {"layer": "Activation", "activation": "relu"}
    ),
    "layer-normalised": deep(conv(32), {"layer": "LayerNormalization"}),
    "group-normalised": deep(conv(32), {"layer": "GroupNormalization", "groups": 8}),
    "noisy": deep(conv(32), {"layer": "Dropout", "rate": 0.3}, {"layer": "GaussianNoise", "stddev": 0.1}),
    "depthwise": [conv(32), *deep({"layer": "DepthwiseConv2D", "kernel_size": 3, "padding": "same"})],
    "separable": [conv(32), *deep({"layer": "SeparableConv2D", "filters": 32, "kernel_size": 3, "padding": "same"})],
    "transposed": [
        conv(16, strides=2),
        *deep({"layer": "Conv2DTranspose", "filters": 16, "kernel_size": 3, "strides": 2, "padding": "same"}, times=2),
    ],
    "pooled": [conv(32), *deep({"layer": "MaxPooling2D", "pool_size": 3, "strides": 1, "padding": "same"})],
    "dense": [
        {"layer": "Flatten"},
        *({"layer": "Dense", "units": 512, "activation": "relu"} for _ in range(6)),
        HEAD[1],
    ],
    "rnn": over_rows("SimpleRNN"),
    "gru": over_rows("GRU"),
    "lstm": over_rows("LSTM"),
    "attention": [
        {"layer": "Reshape", "target_shape": [196, 4]},
        {"layer": "Dense", "units": 32},
        {"layer": "MultiHeadAttention", "num_heads": 4, "key_dim": 16},
        *({"layer": "LayerNormalization"}, {"layer": "Flatten"}, HEAD[1]),
    ],
}
LARGEST = ("convolutions", "dilated", "pooled", "transposed", "lstm")


def taken(layers: list[dict[str, Any]], limit: int) -> int:
    """Train in a process of its own, and return what it took."""
    result = subprocess.run(
        [sys.executable, "-m", "tests.worker.learning.largest", str(limit)],
        input=json.dumps(layers),
        capture_output=True,
        text=True,
        cwd=ROOT,
        env=os.environ | {"KERAS_BACKEND": "tensorflow", "TF_ENABLE_ONEDNN_OPTS": "1"},
        check=False,
    )
    assert result.returncode == 0, result.stderr[-2000:]
    found = json.loads(result.stdout.splitlines()[-1])
    assert found["batch"] > 0
    return int(found["taken"])


def test_a_dilated_convolution_counts_the_copies_that_tensorflow_makes():
    assert taken(FAMILIES["dilated"], 192 * MIB) <= 192 * MIB + SLACK


@pytest.mark.long
@pytest.mark.parametrize("name", FAMILIES)
def test_each_family_of_networks_keeps_within_its_memory(name: str):
    assert taken(FAMILIES[name], 512 * MIB) <= 512 * MIB + SLACK


@pytest.mark.long
@pytest.mark.parametrize("name", LARGEST)
def test_the_largest_accepted_networks_are_trained_in_the_memory_promised(name: str):
    limit = Settings().max_activation_bytes
    assert taken(FAMILIES[name], limit) <= limit + SLACK
