"""The weights of a network's first layer, where they can be seen as pictures."""

from collections.abc import Sequence
from dataclasses import dataclass
from math import prod
from typing import TYPE_CHECKING, Final

import numpy as np
from numpy.typing import NDArray

from service.explanations.layers import Layer

if TYPE_CHECKING:
    import onnx

_WEIGHTED: Final = frozenset({"Conv2D", "DepthwiseConv2D", "SeparableConv2D", "Dense"})


@dataclass(frozen=True, eq=False)
class Filters:
    """What the first layer with weights looks for.

    weights: `(n, height, width, channels)` float32, as the graph uses them: a batch normalisation that follows is folded in.
    layer: its name. is_dense: whether each is a whole unit of a dense layer, as large as the picture.
    """

    weights: NDArray[np.float32]
    layer: str
    is_dense: bool


def first_filters(graph: "onnx.ModelProto", layers: Sequence[Layer], shape: tuple[int, int, int]) -> Filters | None:
    """Return the first layer's filters on pictures of `shape`, (height, width, channels); None if they are no pictures."""
    from onnx import numpy_helper  # noqa: PLC0415 - only explaining needs it

    constants = {constant.name: constant for constant in graph.graph.initializer}
    for node in graph.graph.node:
        if node.op_type not in {"Conv", "MatMul", "Gemm"} or node.input[1] not in constants:
            continue
        weights = np.asarray(numpy_helper.to_array(constants[node.input[1]]), dtype=np.float32)
        name = next((layer.name for layer in layers if _has_weights(layer)), "the first layer")
        if node.op_type == "Conv":
            return Filters(weights.transpose(0, 2, 3, 1), name, is_dense=False) if weights.ndim == 4 else None
        if any(attribute.name == "transB" and attribute.i for attribute in node.attribute):
            weights = weights.T
        pictures = [shape, *(layer.shape for layer in layers if len(layer.shape) == 3)]
        seen = next((picture for picture in pictures if prod(picture) == len(weights)), None)
        return None if seen is None else Filters(weights.T.reshape(-1, *seen), name, is_dense=True)
    return None


def _has_weights(layer: Layer) -> bool:
    guess = layer.name.startswith(("conv2d", "depthwise_conv2d", "separable_conv2d", "dense"))
    return layer.kind in _WEIGHTED or (layer.kind is None and guess)
