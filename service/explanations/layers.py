"""The layers of an ONNX graph: what the exporter noted in it, or, in files from before it did, what the nodes' names tell."""

import json
import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    import onnx

NOTED: Final = "cyfra.layers"  # the exporter's key: see worker/learning/layer_tensors.py


@dataclass(frozen=True)
class Layer:
    """A layer of a network, and the tensor that is its output.

    name: as Keras' summary of the network gives it. kind: Keras' class, such as `Conv2D`; None if unknown. shape: of its output
    for one image, channels last. tensor: None where the file has none, since the layer was folded into the next one.
    channels_first: whether the tensor is `(batch, channels, height, width)`.
    """

    name: str
    kind: str | None
    shape: tuple[int, ...]
    tensor: str | None
    channels_first: bool


def read_layers(graph: "onnx.ModelProto") -> list[Layer]:
    """Return the layers, first to last; of those that are guessed, the shapes are still empty."""
    noted = next((prop.value for prop in graph.metadata_props if prop.key == NOTED), None)
    if noted is None:
        return _guessed(graph)
    return [
        Layer(one["name"], one["layer"], tuple(one["shape"]), one["tensor"], one["channels_first"])
        for one in json.loads(noted)
    ]


def _guessed(model: "onnx.ModelProto") -> list[Layer]:
    """Take for a layer what tf2onnx named `network/<layer>_<number>/…`, and for its output what its last node computes.

    Layers that were folded or that do nothing (dropout) cannot be seen, so that numbers can differ from the summary's.
    """
    from onnx import TensorProto, shape_inference  # noqa: PLC0415 - only explaining needs it

    values = [*shape_inference.infer_shapes(model).graph.value_info, *model.graph.output]
    kinds = {value.name: value.type.tensor_type for value in values}
    outputs: dict[str, str] = {}
    for node in model.graph.node:
        path = node.name.split("/")
        kind = kinds.get(node.output[0])
        if len(path) > 2 and kind is not None and kind.elem_type == TensorProto.FLOAT:
            outputs[path[1]] = node.output[0]
    names = _numbered([re.sub(r"(_\d+)+$", "", scope) for scope in outputs])
    return [
        Layer(name, None, (), tensor, channels_first=len(kinds[tensor].shape.dim) == 4)
        for name, tensor in zip(names, outputs.values(), strict=True)
    ]


def _numbered(names: Sequence[str]) -> list[str]:
    """Return `conv2d, conv2d, dense` as `conv2d, conv2d_1, dense`."""
    return [f"{name}_{count}" if (count := names[:place].count(name)) else name for place, name in enumerate(names)]
