"""A whole network measured: a row for each layer, the sums, and every fault that can be told without building it."""

import re
from collections import Counter
from dataclasses import dataclass
from math import prod

from service.networks.arithmetic import DoesNotFit, LayerCost, Shape
from service.networks.layers.describing import Described, Layers

BEYOND_ALL_MEASURE = 2**40  # numbers; no machine holds them, and the arithmetic of hostile networks ends here


@dataclass(frozen=True)
class Row:
    """One layer of a network: what comes out of it (without the batch), its parameters, and its FLOPs for one image."""

    index: int
    name: str
    layer: str
    output_shape: Shape
    parameters: int
    flops: int


@dataclass(frozen=True)
class LayerFault:
    """What is wrong with the layer at `index`; `field` is the argument that is to blame, if it is one."""

    index: int
    detail: str
    field: str | None = None


@dataclass(frozen=True)
class Measured:
    """The rows of all layers that could be measured, the shape that comes out (None if that cannot be said), all faults.

    `activations` are numbers, not bytes: all that one image makes on its way, itself included.
    """

    rows: tuple[Row, ...]
    output: Shape | None
    activations: int
    faults: tuple[LayerFault, ...]

    @property
    def parameters(self) -> int:
        """The parameters of all layers."""
        return sum(row.parameters for row in self.rows)

    @property
    def flops(self) -> int:
        """Multiplications and additions for one image, forward."""
        return sum(row.flops for row in self.rows)


def measure(layers: Layers, input_shape: Shape) -> Measured:
    """Go through a network from its input to its output.

    After a layer that does not fit, what it would have given is taken for granted where that is plain, so that one mistake
    hides no other; where it is not, the layers behind it are not judged.
    """
    names = name_layers(layers)
    rows: list[Row] = []
    faults: list[LayerFault] = []
    shape: Shape | None = input_shape
    parameters, activations = 0, prod(input_shape)
    for index, layer in enumerate(layers):
        step, reason = _step(layer, shape)
        if reason is not None:
            faults.append(LayerFault(index, str(reason), reason.field))
        shape = None if step is None else step.shape
        if step is None:
            continue
        rows.append(Row(index, names[index], layer.layer, step.shape, step.parameters, step.flops))
        parameters, activations = parameters + step.parameters, activations + prod(step.shape) + step.inside
        if max(parameters, activations) > BEYOND_ALL_MEASURE:
            grown = f"The network has grown beyond all measure: {list(step.shape)} numbers come out here"
            faults.append(LayerFault(index, grown))
            shape = None
            break
    return Measured(tuple(rows), shape, activations, tuple(faults))


def _step(layer: Described, shape: Shape | None) -> tuple[LayerCost | None, DoesNotFit | None]:
    """Return what a layer costs, as far as that is known, and why it does not fit, if it does not."""
    if shape is None:
        return None, None
    try:
        return layer.cost(shape), None
    except DoesNotFit as error:
        return (None if error.meant is None else LayerCost(error.meant)), error


def name_layers(layers: Layers) -> list[str]:
    """Return a name for each layer, as Keras makes them: `conv2d`, `conv2d_1` …"""
    seen: Counter[str] = Counter()
    names = []
    for layer in layers:
        name = _snake_case(layer.layer)
        names.append(f"{name}_{seen[name]}" if seen[name] else name)
        seen[name] += 1
    return names


def _snake_case(name: str) -> str:
    """MaxPooling2D -> max_pooling2d: the rule of `keras.utils.to_snake_case`."""
    return re.sub(r"([a-z])([A-Z])", r"\1_\2", re.sub(r"(.)([A-Z][a-z]+)", r"\1_\2", name)).lower()
