"""Tiny ONNX networks whose reasons are known, because they are written by hand."""

import json
from collections.abc import Sequence
from typing import Any

import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper


def linear(weights: np.ndarray, *, noted: Sequence[dict[str, Any]] | None = None) -> bytes:
    """A network that is sure of class 1 as far as `weights`, (height, width, channels), times the picture say so.

    Its two logits are 0 and that sum; `noted` is what an exporter would have written of its layers.
    """
    height, width, channels = weights.shape
    columns = np.stack([np.zeros(weights.size), weights.ravel()], axis=1).astype(np.float32)
    graph = helper.make_graph(
        [
            helper.make_node("Flatten", ["images"], ["flat"], name="net/flatten_1/Reshape"),
            helper.make_node("MatMul", ["flat", "weights"], ["logits"], name="net/dense_1/MatMul"),
            helper.make_node("Softmax", ["logits"], ["probabilities"], name="net/dense_1/Softmax"),
        ],
        "network",
        [helper.make_tensor_value_info("images", TensorProto.FLOAT, ["batch", height, width, channels])],
        [helper.make_tensor_value_info("probabilities", TensorProto.FLOAT, ["batch", 2])],
        [numpy_helper.from_array(columns, "weights")],
    )
    return _finished(graph, noted)


def convolution(filters: np.ndarray, side: int) -> bytes:
    """A convolution with `filters`, (n, height, width, channels), a ReLU and the mean over the picture; n classes."""
    channels = filters.shape[3]
    graph = helper.make_graph(
        [
            helper.make_node("Transpose", ["images"], ["turned"], perm=[0, 3, 1, 2], name="Transpose__1"),
            helper.make_node("Conv", ["turned", "filters"], ["maps"], name="net/conv2d_1_2/convolution"),
            helper.make_node("Relu", ["maps"], ["bent"], name="net/conv2d_1_2/Relu"),
            helper.make_node("GlobalAveragePool", ["bent"], ["means"], name="net/global_average_pooling2d_1/Mean"),
            helper.make_node("Flatten", ["means"], ["row"], name="net/global_average_pooling2d_1/Squeeze"),
            helper.make_node("Softmax", ["row"], ["probabilities"], name="net/activation_1/Softmax"),
        ],
        "network",
        [helper.make_tensor_value_info("images", TensorProto.FLOAT, ["batch", side, side, channels])],
        [helper.make_tensor_value_info("probabilities", TensorProto.FLOAT, ["batch", len(filters)])],
        [numpy_helper.from_array(filters.transpose(0, 3, 1, 2).astype(np.float32).copy(), "filters")],
    )
    return _finished(graph, None)


def _finished(graph: onnx.GraphProto, noted: Sequence[dict[str, Any]] | None) -> bytes:
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 15)], ir_version=8)
    if noted is not None:
        helper.set_model_props(model, {"cyfra.layers": json.dumps(noted)})
    onnx.checker.check_model(model)
    return bytes(model.SerializeToString())
