"""Which tensor of an exported graph is the output of which layer.

A converter folds, fuses and renames, so names prove nothing: both networks are given one image, and a tensor is a layer's
output when it holds the same numbers. What is found is kept in the ONNX file itself, for those who show a layer's activations.
"""

import json
import re
from collections.abc import Sequence
from dataclasses import asdict, dataclass

import keras
import numpy as np
import onnx
import onnxruntime
from numpy.typing import NDArray

METADATA = "cyfra.layers"
"""The key in the file's `metadata_props`: a JSON list of what `LayerTensor` has, first layer to last."""

Array = NDArray[np.float32]


@dataclass(frozen=True)
class LayerTensor:
    """A layer of the network, and where its output is in the graph.

    name: as Keras names the layers of the first network of a process: `conv2d`, `conv2d_1`, …
    layer: the class, such as "Conv2D". shape: of its output for one image, channels last.
    tensor: the tensor's name; None where the converter left none, because it folded the layer into the next one.
    channels_first: whether the tensor is (batch, channels, height, width).
    """

    name: str
    layer: str
    shape: tuple[int, ...]
    tensor: str | None
    channels_first: bool


def note_layers(model: keras.Model, exported: onnx.ModelProto, image: Array) -> None:
    """Find the tensors of all layers on `image`, (1, height, width, channels) float32, and write them into `exported`."""
    found = find(model, exported, image)
    onnx.helper.set_model_props(
        exported,
        {
            **{prop.key: prop.value for prop in exported.metadata_props},
            METADATA: json.dumps([asdict(one) for one in found]),
        },
    )


def find(model: keras.Model, exported: onnx.ModelProto, image: Array) -> list[LayerTensor]:
    """Return every layer but the input with its tensor.

    Equal numbers alone do not decide: a dropout's output is its input's, and dead layers are all alike. So tensors are taken in
    the order of the graph, never one from before the layer's predecessor.
    """
    layers = [layer for layer in model.layers if not isinstance(layer, keras.layers.InputLayer)]
    outputs = keras.Model(model.inputs[0], [layer.output for layer in layers])(image, training=False)
    names = canonical_names([type(layer).__name__ for layer in layers])
    tensors = _tensors(exported, image)
    reached, found = 0, []
    for name, layer, output in zip(names, layers, outputs, strict=True):
        wanted = np.asarray(keras.ops.convert_to_numpy(output))
        place = next((at for at in range(reached, len(tensors)) if _layout(tensors[at][1], wanted) is not None), None)
        channels_first = place is not None and _layout(tensors[place][1], wanted) == "first"
        tensor = None if place is None else tensors[place][0]
        found.append(LayerTensor(name, type(layer).__name__, wanted.shape[1:], tensor, channels_first))
        reached = reached if place is None else place
    return found


def canonical_names(classes: Sequence[str]) -> list[str]:
    """Return Keras' automatic names (keras/src/utils/naming.py: snake case, numbered from the second on) in a fresh process."""
    count: dict[str, int] = {}
    names = []
    for name in classes:
        snake = re.sub("([a-z])([A-Z])", r"\1_\2", re.sub("(.)([A-Z][a-z]+)", r"\1_\2", name)).lower()
        number = count[snake] = count.get(snake, -1) + 1
        names.append(f"{snake}_{number}" if number else snake)
    return names


def _tensors(exported: onnx.ModelProto, image: Array) -> list[tuple[str, Array]]:
    """Return every float tensor that the graph computes from `image`, in its order."""
    (given,), graph = exported.graph.input, onnx.ModelProto()
    graph.CopyFrom(exported)
    types = {
        value.name: value.type.tensor_type for value in onnx.shape_inference.infer_shapes(exported).graph.value_info
    }
    wanted = [
        name
        for node in exported.graph.node
        for name in node.output
        if name in types and types[name].elem_type == onnx.TensorProto.FLOAT
    ]
    graph.graph.output.extend(onnx.helper.make_tensor_value_info(name, onnx.TensorProto.FLOAT, None) for name in wanted)
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = 1
    options.log_severity_level = 3
    session = onnxruntime.InferenceSession(graph.SerializeToString(), options, providers=["CPUExecutionProvider"])
    names = [given.name, *wanted, exported.graph.output[0].name]
    return list(zip(names, [image, *session.run(names[1:], {given.name: image})], strict=True))


def _layout(tensor: Array, wanted: Array) -> str | None:
    """Say whether a tensor holds the wanted numbers with the channels "last" or "first"; None if it does not."""
    if tensor.shape == wanted.shape and _same(tensor, wanted):
        return "last"
    if tensor.ndim == 4:
        turned = tensor.transpose(0, 2, 3, 1)
        if turned.shape == wanted.shape and _same(turned, wanted):
            return "first"
    return None


def _same(one: Array, other: Array) -> bool:
    """Two engines' float32 kernels differ in the last digits; a layer of small numbers must not match any other's."""
    with np.errstate(invalid="ignore"):
        return bool(np.allclose(one, other, rtol=1e-3, atol=1e-4 * float(np.abs(other).max(initial=0)), equal_nan=True))
