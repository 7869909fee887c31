"""Networks opened up: which layers they have, what those answer, and what the first one looks for."""

import numpy as np
import onnx
import onnxruntime
import pytest

from service.explanations.graphs import MOST_GRAPHS, Graphs, open_graph
from tests.service.explanations.networks import convolution, linear

NOTED = [
    {"name": "flatten", "layer": "Flatten", "shape": [16], "tensor": "flat", "channels_first": False},
    {"name": "dense", "layer": "Dense", "shape": [2], "tensor": None, "channels_first": False},
    {"name": "softmax", "layer": "Activation", "shape": [2], "tensor": "probabilities", "channels_first": False},
]
RNG = np.random.default_rng(5)


def test_the_layers_are_those_that_the_exporter_noted():
    graph = open_graph(linear(np.ones((4, 4, 1)), noted=NOTED))

    assert [(layer.name, layer.kind, layer.shape) for layer in graph.layers] == [
        ("flatten", "Flatten", (16,)),
        ("dense", "Dense", (2,)),
        ("softmax", "Activation", (2,)),
    ]
    image = RNG.random((4, 4, 1), dtype=np.float32)
    assert graph.activations(graph.layers[0], image) == pytest.approx(image.ravel())


def test_of_a_file_without_notes_the_layers_are_guessed_from_its_nodes():
    filters = RNG.normal(size=(5, 3, 3, 1))
    graph = open_graph(convolution(filters, 8))

    assert [(layer.name, layer.kind, layer.shape) for layer in graph.layers] == [
        ("conv2d", None, (6, 6, 5)),
        ("global_average_pooling2d", None, (5,)),
        ("activation", None, (5,)),
    ]
    image = RNG.random((8, 8, 1), dtype=np.float32)
    windows = np.lib.stride_tricks.sliding_window_view(image[:, :, 0], (3, 3))
    by_hand = np.maximum(np.einsum("yxab,nab->yxn", windows, filters[..., 0]), 0)
    assert graph.activations(graph.layers[0], image) == pytest.approx(by_hand, abs=1e-5)


def test_the_opened_network_answers_as_the_closed_one():
    content = convolution(RNG.normal(size=(4, 5, 5, 3)), 12)
    images = RNG.random((7, 12, 12, 3), dtype=np.float32)

    (closed,) = onnxruntime.InferenceSession(content).run(None, {"images": images})

    assert open_graph(content).probabilities(images) == pytest.approx(closed, abs=1e-6)


def test_filters_are_the_first_convolutions():
    filters = RNG.normal(size=(6, 3, 5, 3)).astype(np.float32)

    found = open_graph(convolution(filters, 9)).filters

    assert found is not None
    assert (found.layer, found.is_dense) == ("conv2d", False)
    assert found.weights == pytest.approx(filters)


def test_a_dense_layer_that_sees_the_picture_has_a_filter_as_large_as_it():
    weights = RNG.normal(size=(4, 6, 3))

    found = open_graph(linear(weights)).filters

    assert found is not None
    assert (found.layer, found.is_dense) == ("dense", True)
    assert found.weights[0] == pytest.approx(np.zeros((4, 6, 3)))
    assert found.weights[1] == pytest.approx(weights, abs=1e-6)


def test_a_network_without_weights_has_no_filters():
    model = onnx.load_from_string(linear(np.ones((4, 4, 1))))
    model.graph.node[1].op_type = "Identity"
    model.graph.node[1].input.pop()
    del model.graph.initializer[:]

    assert open_graph(model.SerializeToString()).filters is None


def test_networks_are_opened_once_and_only_a_few_stay_open():
    opened = []
    graphs = Graphs()

    def content(name: str):
        def load() -> bytes:
            opened.append(name)
            return linear(np.ones((2, 2, 1)))

        return load

    for name in ["a", "a", *"bcdefg", "g", "a"]:
        graphs.open(name, content(name))

    assert opened == [*"abcdefg", "a"]
    assert len(graphs._opened) == MOST_GRAPHS
