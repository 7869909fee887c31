"""A whole network measured: a row for each layer, the sums, and every fault that can be told without building it."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from math import prod

from service.networks.arithmetic import DoesNotFit, LayerCost, Shape
from service.networks.layers.describing import Described, Layers
from service.networks.naming import IMAGES, name_layers
from service.networks.wiring import THE_IMAGES, LayerFault, original, wire

BEYOND_ALL_MEASURE = 2**40  # numbers; no machine holds them, and the arithmetic of hostile networks ends here


@dataclass(frozen=True)
class Row:
    """One layer of a network: what comes out of it (without the batch), its parameters, and its FLOPs for one image.

    `inputs` are the names of what goes in. A layer that shares another's weights has no parameters of its own.
    """

    index: int
    name: str
    layer: str
    inputs: tuple[str, ...]
    output_shape: Shape
    parameters: int
    flops: int


@dataclass(frozen=True)
class Measured:
    """The rows of all layers that could be measured, in the order of the list, and all faults.

    `output` is the shape that comes out in the end, None if that cannot be said; `is_distribution` whether those are
    probabilities; `last` the index of the layer that they come from. `activations` are numbers, not bytes: all that one
    image makes on its way, itself included.
    """

    rows: tuple[Row, ...]
    last: int
    output: Shape | None
    is_distribution: bool
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
    wiring, names = wire(layers), name_layers(layers)
    faults = list(wiring.faults)
    shapes: dict[int, Shape] = {THE_IMAGES: input_shape}
    used: dict[int, tuple[list[Shape], int]] = {}
    distributions = {THE_IMAGES: False}
    rows: list[Row] = []
    activations = prod(input_shape)
    for index in wiring.order:
        sources = wiring.sources[index]
        layer = original(layers, wiring, index)
        if layer is None:
            continue
        distributions[index] = layer.is_distribution(
            [distributions.get(place, False) for place in sources if place is not None]
        )
        given = [None if place is None else shapes.get(place) for place in sources]
        step, fault = _step(layer, given)
        owner = wiring.weights_of[index]
        if step is not None and fault is None and owner is not None and step.parameters:
            if owner in used:
                step, fault = _again(layer, step, given, used[owner])
            else:
                used[owner] = ([shape for shape in given if shape is not None], step.parameters)
        if fault is not None:
            faults.append(LayerFault(index, str(fault), fault.field))
        if step is None:
            continue
        shapes[index] = step.shape
        inputs = tuple(names[place] if place >= 0 else IMAGES for place in sources if place is not None)
        rows.append(Row(index, names[index], layers[index].layer, inputs, step.shape, step.parameters, step.flops))
        activations += prod(step.shape) + step.inside
        if max(step.parameters, activations) > BEYOND_ALL_MEASURE:
            grown = f"The network has grown beyond all measure: {list(step.shape)} numbers come out here"
            faults.append(LayerFault(index, grown))
            shapes.pop(index)
            break
    rows.sort(key=lambda row: row.index)
    last = wiring.output
    faults.sort(key=lambda fault: fault.index)
    return Measured(tuple(rows), last, shapes.get(last), distributions.get(last, False), activations, tuple(faults))


def _step(layer: Described, shapes: Sequence[Shape | None]) -> tuple[LayerCost | None, DoesNotFit | None]:
    """Return what a layer costs, as far as that is known, and why it does not fit, if it does not."""
    fewest, most = layer.takes
    if not fewest <= len(shapes) <= most:
        wanted = f"{fewest}" if fewest == most else f"{fewest} to {most}"
        field = None if layer.inputs is None else "inputs"
        advice = 'give their ids in "inputs"' if fewest > 1 else "Add, Average or Concatenate makes one of several"
        return None, DoesNotFit(
            f"{layer.layer} takes {wanted} input{'s' if most > 1 else ''}, and gets {len(shapes)}: {advice}",
            field=field,
        )
    known = [shape for shape in shapes if shape is not None]
    if len(known) < len(shapes):
        return None, None
    try:
        return layer.cost_of(known), None
    except DoesNotFit as error:
        return (None if error.meant is None else LayerCost(error.meant)), error


def _again(
    layer: Described, step: LayerCost, given: Sequence[Shape | None], before: tuple[list[Shape], int]
) -> tuple[LayerCost | None, DoesNotFit | None]:
    """Return what a layer costs whose weights are there already, if they fit its inputs."""
    shapes, parameters = before
    alike = [(len(shape), shape[-1]) for shape in given if shape is not None] == [
        (len(shape), shape[-1]) for shape in shapes
    ]
    if not alike or step.parameters != parameters:
        received = " and ".join(str(list(shape)) for shape in given if shape is not None)
        expected = " and ".join(str(list(shape)) for shape in shapes)
        detail = f"The weights of the shared {layer.layer} were made for {expected}, and do not fit {received}"
        return LayerCost(step.shape), DoesNotFit(detail, field="of")
    return replace(step, parameters=0), None
