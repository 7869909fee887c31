"""/v1/networks: the presets, layer for layer, and arithmetic that agrees with Keras."""

from typing import Any, get_args

import pytest
from fastapi.testclient import TestClient

from service.networks.layers import LAYER_LIST
from service.networks.layers.describing import ActivationName
from service.networks.measuring import measure
from service.networks.presets import NETWORKS, NetworkPreset


def test_the_lectures_networks_have_the_slides_numbers_of_parameters(client: TestClient) -> None:
    found = {network["name"]: network for network in client.get("/v1/networks").json()["networks"]}

    assert found["lecture-mnist"]["parameters"] == 2_782_090
    assert found["lecture-mnist"]["mflops"] == pytest.approx(40.9, abs=0.05)
    assert found["lecture-cifar10"]["parameters"] == 1_769_674


def test_lecture_mnist_is_the_slide_layer_for_layer(client: TestClient) -> None:
    layers = client.get("/v1/networks/lecture-mnist").json()["layers"]

    kinds = [
        (layer["layer"], layer.get("filters") or layer.get("units") or layer.get("rate") or layer.get("pool_size"))
        for layer in layers
    ]
    assert kinds == [
        *(("Conv2D", 32), ("MaxPooling2D", 2), ("Dropout", 0.20)),
        *(("Conv2D", 64), ("MaxPooling2D", 2), ("Dropout", 0.25)),
        *(("Conv2D", 128), ("MaxPooling2D", 2), ("Dropout", 0.30)),
        *(("Conv2D", 256), ("Dropout", 0.40)),
        *(("Conv2D", 512), ("Dropout", 0.50)),
        *(("Flatten", None), ("Dense", 256), ("Dropout", 0.35), ("Dense", 128), ("Dropout", 0.25), ("Dense", 10)),
    ]
    assert [layer["padding"] for layer in layers if layer["layer"] == "Conv2D"] == [
        "valid",
        "same",
        "same",
        "same",
        "same",
    ]
    assert layers[-1]["activation"] == "softmax"


@pytest.mark.parametrize("name", list(NETWORKS))
def test_the_arithmetic_of_a_preset_agrees_with_keras(name: str) -> None:
    from worker.learning.networks import build  # noqa: PLC0415 - it imports Keras

    preset = NETWORKS[name]
    layers = LAYER_LIST.validate_python(list(preset.layers))
    written = [layer.model_dump(mode="json", exclude_none=True) for layer in layers]

    model = build(written, preset.input_shape, seed=1)

    computed = measure(layers, preset.input_shape)
    assert computed.parameters == model.count_params()
    assert computed.output == model.output_shape[1:]


CHAIN: list[dict[str, Any]] = [
    {"layer": "ZeroPadding2D", "padding": [1, 2]},
    {"layer": "Conv2D", "filters": 6, "kernel_size": [3, 5], "strides": 2, "padding": "same", "activation": "mish"},
    {"layer": "Conv2D", "filters": 8, "kernel_size": 3, "dilation_rate": 2, "use_bias": False},
    {"layer": "DepthwiseConv2D", "kernel_size": 3, "depth_multiplier": 2, "padding": "same"},
    {"layer": "BatchNormalization"},
    {"layer": "Activation", "activation": "silu"},
    {"layer": "SeparableConv2D", "filters": 12, "kernel_size": 3, "depth_multiplier": 2},
    {"layer": "LayerNormalization"},
    {"layer": "ReLU"},
    {"layer": "SpatialDropout2D", "rate": 0.1},
    {"layer": "AveragePooling2D", "pool_size": [2, 1], "strides": 1},
    {"layer": "MaxPooling2D", "pool_size": 2, "padding": "same"},
    {"layer": "Dropout", "rate": 0.2},
]


@pytest.mark.parametrize(
    "end",
    [
        [{"layer": "Flatten"}],
        [{"layer": "GlobalAveragePooling2D"}],
        [{"layer": "GlobalMaxPooling2D"}],
    ],
)
def test_the_arithmetic_of_a_long_chain_agrees_with_keras(end: list[dict[str, Any]]) -> None:
    from worker.learning.networks import build  # noqa: PLC0415 - it imports Keras

    described = [*CHAIN, *end, {"layer": "Dense", "units": 10, "activation": "softmax"}]
    layers = LAYER_LIST.validate_python(described)
    written = [layer.model_dump(mode="json", exclude_none=True) for layer in layers]

    model = build(written, (28, 28, 3), seed=1)

    computed = measure(layers, (28, 28, 3))
    assert computed.parameters == model.count_params()
    assert computed.output == model.output_shape[1:]


@pytest.mark.parametrize("activation", get_args(ActivationName))
def test_every_activation_that_may_be_described_can_be_built(activation: str) -> None:
    from worker.learning.layers import fault_in  # noqa: PLC0415 - it imports Keras

    assert fault_in({"layer": "Activation", "activation": activation}) is None


def test_a_window_larger_than_the_picture_is_named() -> None:
    layers = LAYER_LIST.validate_python([{"layer": "Conv2D", "filters": 1, "kernel_size": 9}])

    (fault,) = measure(layers, (5, 5, 1)).faults

    assert fault.index == 0
    assert "9x9 over a picture of only 5x5" in fault.detail


def test_an_unknown_network_is_not_found(client: TestClient) -> None:
    reply = client.get("/v1/networks/lecture-mnst")

    assert reply.status_code == 404
    assert "Did you mean 'lecture-mnist'?" in reply.json()["detail"]


def test_fast_mnist_is_small_enough_to_be_asked_thousands_of_times_a_second(client: TestClient) -> None:
    found = client.get("/v1/networks/fast-mnist").json()

    assert found["mflops"] <= 6
    assert found["parameters"] < 150_000


@pytest.mark.parametrize("network", NETWORKS.values(), ids=lambda network: network.name)
def test_a_network_with_a_name_ends_in_as_many_classes_as_the_data_set_has(network: NetworkPreset) -> None:
    assert network.layers_for(10) == network.layers
    assert network.layers_for(26)[-1] == {"layer": "Dense", "units": 26, "activation": "softmax"}
    assert network.layers_for(26)[:-1] == network.layers[:-1]
