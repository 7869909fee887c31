import keras
import numpy as np
import pytest

from tests.worker.learning.conftest import TINY
from worker.learning import layers
from worker.learning.errors import UnbuildableNetwork
from worker.learning.networks import build, check_classifier


def conv(filters: int, padding: str = "same") -> dict[str, object]:
    return {"layer": "Conv2D", "filters": filters, "kernel_size": 3, "padding": padding, "activation": "relu"}


def dropout(rate: float) -> dict[str, object]:
    return {"layer": "Dropout", "rate": rate}


def dense(units: int, activation: str = "relu") -> dict[str, object]:
    return {"layer": "Dense", "units": units, "activation": activation}


WIDTH = 4 if keras.backend.backend() == "jax" else 3  # Keras on JAX cannot compute an attention of two widths
POOL = {"layer": "MaxPooling2D", "pool_size": 2}
FLATTEN = {"layer": "Flatten"}
HEAD = [FLATTEN, dense(256), dropout(0.35), dense(128), dropout(0.25), dense(10, "softmax")]

LECTURE_MNIST = [
    *(conv(32, "valid"), POOL, dropout(0.2)),
    *(conv(64), POOL, dropout(0.25)),
    *(conv(128), POOL, dropout(0.3)),
    *(conv(256), dropout(0.4)),
    *(conv(512), dropout(0.5)),
    *HEAD,
]
LECTURE_CIFAR10 = [
    *(conv(64, "valid"), conv(64, "valid"), POOL, dropout(0.25)),
    *(conv(128), conv(128), POOL, dropout(0.25)),
    *(conv(256), conv(256), POOL, dropout(0.35)),
    *HEAD,
]


def test_the_lectures_mnist_network_has_the_lectures_2782090_parameters():
    assert build(LECTURE_MNIST, (28, 28, 1), seed=1).count_params() == 2_782_090


def test_the_lectures_cifar10_network_has_as_many_parameters_as_its_layers_say():
    kernels = 9 * (3 * 64 + 64 * 64 + 64 * 128 + 128 * 128 + 128 * 256 + 256 * 256)
    biases = 2 * (64 + 128 + 256)
    head = (3 * 3 * 256 + 1) * 256 + 257 * 128 + 129 * 10

    assert build(LECTURE_CIFAR10, (32, 32, 3), seed=1).count_params() == kernels + biases + head == 1_769_674


EVERY_LAYER = [
    {"layer": "ZeroPadding2D", "padding": [[1, 0], [0, 1]]},
    {"layer": "Conv2D", "filters": 6, "kernel_size": [3, 3], "strides": 1, "kernel_initializer": "he_normal"},
    {"layer": "BatchNormalization", "momentum": 0.9},
    {"layer": "ReLU", "negative_slope": 0.1},
    {"layer": "DepthwiseConv2D", "kernel_size": 3, "depth_multiplier": 2},
    {"layer": "AveragePooling2D", "pool_size": [2, 2]},
    {"layer": "SeparableConv2D", "filters": 8, "kernel_size": 3, "padding": "same"},
    {"layer": "SpatialDropout2D", "rate": 0.1},
    {"layer": "LayerNormalization"},
    {"layer": "Activation", "activation": "silu"},
    {"layer": "Conv2DTranspose", "filters": 8, "kernel_size": 3, "strides": 2, "padding": "same"},
    {"layer": "GroupNormalization", "groups": 4},
    {"layer": "GaussianNoise", "stddev": 0.1},
    {"layer": "LeakyReLU"},
    {"layer": "ELU", "id": "left"},
    {"layer": "UpSampling2D", "size": 2},
    {"layer": "Cropping2D", "cropping": [[12, 12], [11, 13]], "id": "right"},
    {"layer": "Add", "inputs": ["left", "right"], "id": "sum"},
    {"layer": "Multiply", "inputs": ["left", "sum"], "id": "product"},
    {"layer": "Average", "inputs": ["product", "right"], "id": "mean"},
    {"layer": "Concatenate", "inputs": ["mean", "left"]},
    {"layer": "MaxPooling2D"},
    {"layer": "Reshape", "target_shape": [12, -1]},
    {"layer": "MultiHeadAttention", "num_heads": 2, "key_dim": 4, "value_dim": WIDTH, "output_shape": 12},
    {"layer": "SimpleRNN", "units": 8, "return_sequences": True},
    {"layer": "GRU", "units": 8, "return_sequences": True, "go_backwards": True},
    {"layer": "LSTM", "units": 8, "return_sequences": True, "dropout": 0.1},
    {"layer": "Softmax"},
    {"layer": "Reshape", "target_shape": [4, 3, 8]},
    {"layer": "GlobalMaxPooling2D", "keepdims": True},
    {"layer": "GlobalAveragePooling2D"},
    {"layer": "Flatten"},
    {"layer": "Dropout", "rate": 0.1},
    {"layer": "Dense", "units": 10, "activation": "softmax"},
]


def test_every_layer_that_is_allowed_can_be_built():
    model = build(EVERY_LAYER, (28, 28, 1), seed=1)

    assert {spec["layer"] for spec in EVERY_LAYER} == set(layers.ARGUMENTS)
    assert model.output_shape == (None, 10)


def test_defaults_are_those_of_keras():
    built = build([{"layer": "Conv2D", "filters": 4, "kernel_size": 3}], (28, 28, 1), seed=1).layers[1]
    kerass = keras.layers.Conv2D(4, 3)

    ignoring_its_name = {"name": None, "build_config": None}
    assert {**built.get_config(), **ignoring_its_name} == {**kerass.get_config(), **ignoring_its_name}


@pytest.mark.parametrize(
    ("spec", "message"),
    [
        ({"layer": "Lambda", "function": "print"}, "no layer is called 'Lambda'"),
        ({"filters": 3}, "no layer is called None"),
        ({"layer": ["Conv2D"]}, "no layer is called"),
        ({"layer": "Conv2D", "filters": 8}, "kernel_size"),
        ({"layer": "Conv2D", "filters": 0, "kernel_size": 3}, "filters must be an integer from 1"),
        ({"layer": "Conv2D", "filters": True, "kernel_size": 3}, "filters must be an integer from 1"),
        ({"layer": "Conv2D", "filters": 8, "kernel_size": [3, 3, 3]}, "or a pair"),
        ({"layer": "Conv2D", "filters": 8, "kernel_size": 3, "padding": "SAME"}, "padding must be one of same, valid"),
        ({"layer": "Conv2D", "filters": 8, "kernel_size": 3, "activation": "evil>fn"}, "activation must be one of"),
        ({"layer": "Conv2D", "filters": 8, "kernel_size": 3, "kernal": 3}, "has no argument 'kernal'"),
        ({"layer": "Conv2D", "filters": 8, "kernel_size": 3, "strides": 2, "dilation_rate": 2}, "does not fit"),
        ({"layer": "Conv2D", "filters": 8, "kernel_size": 40}, "does not fit"),
        ({"layer": "Dropout", "rate": 1.0}, "rate must be a number from 0.0 to below 1.0"),
        ({"layer": "Dropout", "rate": float("nan")}, "rate must be a number"),
        ({"layer": "Dense", "units": 10, "kernel_initializer": {"class_name": "Lambda"}}, "kernel_initializer"),
        ({"layer": "BatchNormalization", "axis": 1}, "axis must be -1"),
        ({"layer": "ZeroPadding2D", "padding": [1, 2, 3]}, "padding must be"),
    ],
)
def test_a_layer_that_is_not_allowed_is_refused_by_its_place_and_what_is_wrong(spec: dict[str, object], message: str):
    with pytest.raises(UnbuildableNetwork, match="Layer 1: ") as refused:
        build([conv(4), spec], (28, 28, 1), seed=1)

    assert message in str(refused.value)
    assert refused.value.index == 1


def test_layers_that_do_not_fit_each_other_are_refused_at_the_second():
    with pytest.raises(UnbuildableNetwork) as refused:
        build([FLATTEN, conv(4)], (28, 28, 1), seed=1)

    assert refused.value.index == 1


def test_an_empty_layer_list_is_refused():
    with pytest.raises(UnbuildableNetwork, match="empty"):
        build([], (28, 28, 1), seed=1)


def test_a_layer_too_large_for_memory_is_refused_before_memory_is_taken():
    with pytest.raises(UnbuildableNetwork, match="513,802,240 weights"):
        build([conv(10), FLATTEN, dense(65536)], (28, 28, 1), seed=1)


@pytest.mark.parametrize("last", [dense(9, "softmax"), dense(10, "relu"), conv(10)])
def test_a_network_that_does_not_end_in_ten_probabilities_is_no_classifier_of_ten(last: dict[str, object]):
    spec = [conv(4), FLATTEN, last] if last["layer"] == "Dense" else [conv(4), last]
    model = build(spec, (28, 28, 1), seed=1)

    with pytest.raises(UnbuildableNetwork) as refused:
        check_classifier(spec, model, 10)

    assert refused.value.index == len(spec) - 1


def test_initial_weights_follow_from_the_seed():
    first, same, other = (build(TINY, (28, 28, 1), seed).get_weights()[0] for seed in (1, 1, 2))

    assert np.array_equal(first, same)
    assert not np.array_equal(first, other)


@pytest.mark.skipif(keras.backend.backend() != "jax", reason="Keras can do it elsewhere")
def test_an_attention_of_two_widths_is_refused_on_jax():
    attention = {"layer": "MultiHeadAttention", "num_heads": 2, "key_dim": 4, "value_dim": 3}

    with pytest.raises(UnbuildableNetwork, match="value_dim must be key_dim"):
        build(
            [{"layer": "Reshape", "target_shape": [28, 28]}, attention, FLATTEN, dense(10, "softmax")], (28, 28, 1), 1
        )
