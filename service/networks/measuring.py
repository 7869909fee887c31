"""A whole network measured: a row for each layer, the sums, and every fault that can be told without building it."""

import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from math import prod

from service.edge.strictness import Strict
from service.networks.arithmetic import DoesNotFit, LayerCost, Shape, layer_cost

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


def measure(layers: Sequence[Strict], input_shape: Shape) -> Measured:
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
            faults.append(LayerFault(index, reason))
        shape = None if step is None else step.shape
        if step is None:
            continue
        rows.append(Row(index, names[index], kind(layer), step.shape, step.parameters, step.flops))
        parameters, activations = parameters + step.parameters, activations + prod(step.shape)
        if max(parameters, activations) > BEYOND_ALL_MEASURE:
            grown = f"The network has grown beyond all measure: {list(step.shape)} numbers come out here"
            faults.append(LayerFault(index, grown))
            shape = None
            break
    return Measured(tuple(rows), shape, activations, tuple(faults))


def _step(layer: Strict, shape: Shape | None) -> tuple[LayerCost | None, str | None]:
    """Return what a layer costs, as far as that is known, and why it does not fit, if it does not."""
    if shape is None:
        return None, None
    try:
        return layer_cost(layer, shape), None
    except DoesNotFit as error:
        return (None if error.meant is None else LayerCost(error.meant)), str(error)


def kind(layer: Strict) -> str:
    """Return the name of a layer's class, as it is written in JSON."""
    return str(layer.layer)  # type: ignore[attr-defined] # every layer has it


def name_layers(layers: Sequence[Strict]) -> list[str]:
    """Return a name for each layer, as Keras makes them: `conv2d`, `conv2d_1` …"""
    seen: Counter[str] = Counter()
    names = []
    for layer in layers:
        name = _snake_case(kind(layer))
        names.append(f"{name}_{seen[name]}" if seen[name] else name)
        seen[name] += 1
    return names


def _snake_case(name: str) -> str:
    """MaxPooling2D -> max_pooling2d: the rule of `keras.utils.to_snake_case`."""
    return re.sub(r"([a-z])([A-Z])", r"\1_\2", re.sub(r"(.)([A-Z][a-z]+)", r"\1_\2", name)).lower()
