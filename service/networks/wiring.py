"""How the layers of a network hang together: where each takes its inputs from, and in which order they can be computed.

A list without `inputs` is a chain. `images` is the network's input; a layer that says nothing takes what the one before it
in the list gives. No recursion: a network may be as deep as its limit.
"""

from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from service.errors import unknown
from service.networks.layers.describing import Described, Layers
from service.networks.layers.sharing import Shared
from service.networks.naming import IMAGES

THE_IMAGES: Final = -1  # in place of an index


@dataclass(frozen=True)
class LayerFault:
    """What is wrong with the layer at `index`; `field` is the argument that is to blame, if it is one."""

    index: int
    detail: str
    field: str | None = None


@dataclass(frozen=True)
class Wiring:
    """For each layer the indices of its inputs (-1: the images; None: an unknown one), and the layer whose weights it has.

    `order` holds the layers that can be computed, inputs first; `output` is the layer that the network ends with.
    """

    sources: tuple[tuple[int | None, ...], ...]
    weights_of: tuple[int | None, ...]
    order: tuple[int, ...]
    output: int
    faults: tuple[LayerFault, ...]


def wire(layers: Layers) -> Wiring:
    """Find out how layers hang together, and what is wrong with that."""
    faults: list[LayerFault] = []
    places = _places(layers, faults)
    sources = tuple(_sources(index, layer, places, faults) for index, layer in enumerate(layers))
    weights_of = tuple(_weights_of(index, layers, places, faults) for index in range(len(layers)))
    order = _order(sources)
    if len(order) < len(layers):
        faults.append(_circle(layers, sources, set(range(len(layers))) - set(order)))
    output = _output(layers, sources, faults)
    return Wiring(sources, weights_of, order, output, tuple(faults))


def original(layers: Layers, wiring: Wiring, index: int) -> Described | None:
    """Return the layer at `index`, or the one whose weights it has; None where that is not known."""
    if not isinstance(layers[index], Shared):
        return layers[index]
    place = wiring.weights_of[index]
    return None if place is None else layers[place]


def _places(layers: Layers, faults: list[LayerFault]) -> dict[str, int]:
    """Return the index of each id."""
    places: dict[str, int] = {IMAGES: THE_IMAGES}
    for index, layer in enumerate(layers):
        if layer.id is None:
            continue
        if layer.id == IMAGES:
            faults.append(LayerFault(index, "'images' is the network's input; give the layer another id", "id"))
        elif layer.id in places:
            detail = f"The layer {places[layer.id]} has the id {layer.id!r} already; ids are given once"
            faults.append(LayerFault(index, detail, "id"))
        else:
            places[layer.id] = index
    return places


def _sources(index: int, layer: Described, places: dict[str, int], faults: list[LayerFault]) -> tuple[int | None, ...]:
    if layer.inputs is None:
        return (index - 1,)
    for position, name in enumerate(layer.inputs):
        if name not in places:
            detail = unknown(name, places, "layer with the id")
            faults.append(LayerFault(index, detail, f"inputs/{position}"))
    return tuple(places.get(name) for name in layer.inputs)


def _weights_of(index: int, layers: Layers, places: dict[str, int], faults: list[LayerFault]) -> int | None:
    layer = layers[index]
    if not isinstance(layer, Shared):
        return index
    place = places.get(layer.of)
    if place is None or place == THE_IMAGES:
        ids = [name for name in places if name != IMAGES]
        faults.append(LayerFault(index, unknown(layer.of, ids, "layer with the id"), "of"))
        return None
    if isinstance(layers[place], Shared):
        faults.append(LayerFault(index, f"{layer.of!r} is itself shared; name the layer that it is one of", "of"))
        return None
    return place


def _order(sources: Sequence[tuple[int | None, ...]]) -> tuple[int, ...]:
    """Return the layers in an order in which every input comes first (Kahn's algorithm); those on a circle are left out."""
    consumers: list[list[int]] = [[] for _ in sources]
    missing = [0] * len(sources)
    for index, places in enumerate(sources):
        for place in {place for place in places if place is not None and place != THE_IMAGES}:
            consumers[place].append(index)
            missing[index] += 1
    ready = deque(index for index, count in enumerate(missing) if count == 0)
    order = []
    while ready:
        index = ready.popleft()
        order.append(index)
        for consumer in consumers[index]:
            missing[consumer] -= 1
            if missing[consumer] == 0:
                ready.append(consumer)
    return tuple(order)


def _circle(layers: Layers, sources: Sequence[tuple[int | None, ...]], stuck: set[int]) -> LayerFault:
    """Return the fault of a circle, found by walking from a stuck layer to stuck inputs until one comes again."""
    path: list[int] = []
    index = min(stuck)
    while index not in path:
        path.append(index)
        index = next(place for place in sources[index] if place in stuck)
    circle = path[path.index(index) :]
    first = min(circle)
    turned = circle[circle.index(first) :] + circle[: circle.index(first)]
    names = [layers[place].id or f"layer {place}" for place in [*turned, first]]
    return LayerFault(first, f"The layers go round in a circle: {' takes '.join(names)}", "inputs")


def _output(layers: Layers, sources: Sequence[tuple[int | None, ...]], faults: list[LayerFault]) -> int:
    """Return the layer that the network ends with: the one whose output no other takes. There must be one alone."""
    taken = {place for places in sources for place in places}
    ends = [index for index in range(len(layers)) if index not in taken]
    output = ends[-1] if ends else len(layers) - 1
    for index in ends[:-1]:
        name = layers[index].id or f"layer {index}"
        kind = "A network has one output, and this is a second" if layers[index].is_distribution([True]) else "Unused"
        detail = (
            f"{kind}: no layer takes what {name} gives. Name it in the inputs of another (Average lets heads vote), "
            "or leave it out"
        )
        faults.append(LayerFault(index, detail))
    return output
