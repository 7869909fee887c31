"""Networks opened up: their layers, their first filters, and a session that gives every layer's output.

A prediction needs none of it, so it is opened when somebody first asks, and kept while it is asked for: artefacts never change.
"""

import threading
from collections import OrderedDict
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Final

import numpy as np
import onnxruntime
from numpy.typing import NDArray

from service.explanations.filters import Filters, first_filters
from service.explanations.layers import Layer, read_layers
from service.inference.calibration import METADATA, Calibration
from service.inference.engine import open_session

MOST_GRAPHS: Final = 4


@dataclass(frozen=True, eq=False)
class Graph:
    """A network that shows what its layers make of an image."""

    layers: Sequence[Layer]
    filters: Filters | None
    session: onnxruntime.InferenceSession
    output: str
    calibration: Calibration | None = None

    def probabilities(self, images: NDArray[np.float32]) -> NDArray[np.float32]:
        """Return `(n, classes)`, calibrated as answers are, for `(n, height, width, channels)` float32 in 0..1."""
        (found,) = self.session.run([self.output], {"images": images})
        probabilities = np.asarray(found, dtype=np.float32)
        return probabilities if self.calibration is None else self.calibration.calibrated(probabilities)

    def activations(self, layer: Layer, image: NDArray[np.float32]) -> NDArray[np.float32]:
        """Return a layer's output for one image, `(height, width, channels)`: its `shape`, channels last."""
        assert layer.tensor is not None, "the caller has looked"
        (output,) = self.session.run([layer.tensor], {"images": image[np.newaxis]})
        turned = output[0].transpose(1, 2, 0) if layer.channels_first else output[0]
        finite: NDArray[np.float32] = np.nan_to_num(turned.astype(np.float32))
        return finite


class Graphs:
    """The networks that were opened in this process, least recently used ones dropped."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._opened: OrderedDict[str, Graph] = OrderedDict()

    def open(self, sha256: str, content: Callable[[], bytes]) -> Graph:
        """Return the network of an ONNX artefact; `content` is asked for its bytes if it is not open yet."""
        with self._lock:  # two first requests open it once
            graph = self._opened.get(sha256)
            if graph is None:
                graph = self._opened[sha256] = open_graph(content())
            self._opened.move_to_end(sha256)
            while len(self._opened) > MOST_GRAPHS:
                self._opened.popitem(last=False)
            return graph


def open_graph(content: bytes) -> Graph:
    """Open an ONNX file with one input `images`, `(batch, height, width, channels)`, and one output."""
    import onnx  # noqa: PLC0415 - only explaining needs it

    model = onnx.load_from_string(content)
    given = model.graph.input[0].type.tensor_type.shape.dim
    shape = (given[1].dim_value, given[2].dim_value, given[3].dim_value)
    output = model.graph.output[0].name
    layers = read_layers(model)
    wanted = {layer.tensor for layer in layers if layer.tensor is not None}
    for tensor in sorted(wanted - {output.name for output in model.graph.output}):
        model.graph.output.append(onnx.helper.make_tensor_value_info(tensor, onnx.TensorProto.FLOAT, None))
    session = open_session(model.SerializeToString())
    layers = _measured(layers, session, shape)
    kept = session.get_modelmeta().custom_metadata_map.get(METADATA)
    calibration = None if kept is None else Calibration.from_text(kept)
    return Graph(layers, first_filters(model, layers, shape), session, output, calibration)


def _measured(layers: Sequence[Layer], session: onnxruntime.InferenceSession, shape: tuple[int, ...]) -> list[Layer]:
    """Return the layers, with the shapes of guessed ones as a run shows them."""
    if all(layer.shape for layer in layers):
        return list(layers)
    names = [layer.tensor for layer in layers]
    outputs = session.run(names, {"images": np.zeros((1, *shape), np.float32)})
    turned = [
        output.transpose(0, 2, 3, 1) if layer.channels_first else output
        for layer, output in zip(layers, outputs, strict=True)
    ]
    return [replace(layer, shape=output.shape[1:]) for layer, output in zip(layers, turned, strict=True)]
