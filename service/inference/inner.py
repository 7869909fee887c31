"""An exported network that also gives what it computes right before its probabilities."""

from dataclasses import dataclass
from typing import Final

import onnx

MOST_FEATURES: Final = 1024
PROBABILITIES: Final = "probabilities"


@dataclass(frozen=True)
class Inner:
    """The names of two tensors: `(n, k)` logits, and the `(n, p)` features that the last dense layer makes them of."""

    logits: str | None
    features: str | None

    @property
    def outputs(self) -> list[str]:
        """Those that there are."""
        return [name for name in (self.logits, self.features) if name is not None]


def opened_up(content: bytes) -> tuple[bytes, Inner]:
    """Return an ONNX file with its inner tensors as outputs behind `probabilities`, and their names.

    A network that does not end in a softmax has no logits, and one whose softmax is not over a dense layer, or one of more than
    1,024 features, no features.
    """
    model = onnx.load_model_from_string(content)
    inner = _inner(model.graph)
    model.graph.output.extend(
        onnx.helper.make_tensor_value_info(name, onnx.TensorProto.FLOAT, None) for name in inner.outputs
    )
    return bytes(model.SerializeToString()), inner


def _inner(graph: onnx.GraphProto) -> Inner:
    makers = {name: node for node in graph.node for name in node.output}
    weights = {one.name: tuple(one.dims) for one in graph.initializer}
    softmax = makers.get(PROBABILITIES)
    if softmax is None or softmax.op_type != "Softmax":
        return Inner(None, None)
    logits = softmax.input[0]
    node = makers.get(logits)
    if node is not None and node.op_type == "Add":
        node = next((makers[name] for name in node.input if name in makers), None)
    if node is None or node.op_type not in {"MatMul", "Gemm"} or node.input[0] not in makers:
        return Inner(logits, None)
    shape = weights.get(node.input[1], ())
    return Inner(logits, node.input[0] if len(shape) == 2 and max(shape) <= MOST_FEATURES else None)
