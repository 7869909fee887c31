import json

import keras
import numpy as np
import onnx
import pytest

from service.explanations.graphs import open_graph
from tests.worker.learning.test_networks import EVERY_LAYER
from worker.learning.export import to_onnx
from worker.learning.layer_tensors import METADATA, canonical_names
from worker.learning.networks import build

RNG = np.random.default_rng(7)


@pytest.fixture(scope="module")
def model() -> keras.Model:
    """A network of every layer whose weights are not those that it began with: a fresh normalisation changes nothing."""
    model = build(EVERY_LAYER, (28, 28, 1), seed=1)
    model.set_weights([weights + RNG.uniform(0.1, 0.5, weights.shape) for weights in model.get_weights()])
    return model


@pytest.fixture(scope="module")
def exported(model: keras.Model) -> bytes:
    return to_onnx(model)


def test_the_file_says_which_tensor_is_which_layers_output(model: keras.Model, exported: bytes):
    image = RNG.random((28, 28, 1), dtype=np.float32)
    outputs = keras.Model(model.inputs[0], [layer.output for layer in model.layers[1:]])(image[np.newaxis])
    graph = open_graph(exported)

    found = {layer.name: layer for layer in graph.layers if layer.tensor is not None}
    assert len(graph.layers) == len(EVERY_LAYER)
    # The converter folds the padding into the convolution, and puts the steps of an LSTM before the batch.
    not_found = set(canonical_names([spec["layer"] for spec in EVERY_LAYER])) - set(found)
    assert not_found <= {"zero_padding2d", "conv2d", "lstm"}
    for layer, output in zip(graph.layers, outputs, strict=True):
        if layer.tensor is not None:
            expected = np.asarray(output)[0]
            assert layer.shape == expected.shape
            assert graph.activations(layer, image) == pytest.approx(expected, rel=1e-3, abs=1e-4), layer.name


def test_a_file_from_before_there_were_notes_still_tells_most_of_its_layers(exported: bytes):
    old = onnx.load_from_string(exported)
    del old.metadata_props[:]

    names = {layer.name for layer in open_graph(old.SerializeToString()).layers}

    assert {"re_lu", "average_pooling2d", "max_pooling2d", "dense"} <= names


def test_the_notes_are_plain_json(exported: bytes):
    (noted,) = [prop.value for prop in onnx.load_from_string(exported).metadata_props if prop.key == METADATA]

    assert set(json.loads(noted)[0]) == {"name", "layer", "shape", "tensor", "channels_first"}


def test_names_are_keras_own_whatever_was_built_before():
    classes = ["Conv2D", "Conv2D", "BatchNormalization", "ReLU", "GlobalAveragePooling2D", "Dense", "Conv2D"]
    keras.utils.clear_session()
    automatic = [
        (
            getattr(keras.layers, name)(1, 1)
            if name == "Conv2D"
            else getattr(keras.layers, name)(*([1] * (name == "Dense")))
        ).name
        for name in classes
    ]

    assert canonical_names(classes) == automatic
