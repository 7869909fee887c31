"""How the layers of a network hang together: a chain, or a graph by `id` and `inputs`."""

import re
from collections import Counter, deque
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from worker.learning.errors import UnbuildableNetwork

IMAGES = "images"
"""The network's input, in `inputs`."""

THE_IMAGES = -1
"""… and in place of a layer's index."""

Spec = Mapping[str, object]


@dataclass(frozen=True)
class Wiring:
    """For each layer its name, the indices of its inputs and the layer whose weights it has (mostly itself).

    `order` puts inputs first; `output` is the one layer whose output no other takes.
    """

    names: tuple[str, ...]
    sources: tuple[tuple[int, ...], ...]
    weights_of: tuple[int, ...]
    order: tuple[int, ...]
    output: int


def wire(layers: Sequence[Spec]) -> Wiring:
    """Raise UnbuildableNetwork for an unknown or repeated id, a circle, and a second output. Recurses nowhere."""
    places = {IMAGES: THE_IMAGES}
    for index, spec in enumerate(layers):
        name = spec.get("id")
        if name is None:
            continue
        if not isinstance(name, str) or not re.fullmatch(r"[A-Za-z][A-Za-z0-9_-]{0,49}", name) or name in places:
            raise UnbuildableNetwork(f"an id is a name of its own. Received: {name!r}", index=index)
        places[name] = index
    sources = tuple(_sources(index, spec, places) for index, spec in enumerate(layers))
    taken = {place for each in sources for place in each}
    ends = [index for index in range(len(layers)) if index not in taken]
    order = _order(sources)
    if len(order) < len(layers):
        raise UnbuildableNetwork("the layers go round in a circle.", index=min(set(range(len(layers))) - set(order)))
    if len(ends) > 1:
        raise UnbuildableNetwork("no layer takes its output, and a network has only one.", index=ends[0])
    weights_of = tuple(_weights_of(index, layers, places) for index in range(len(layers)))
    return Wiring(names(layers), sources, weights_of, order, ends[0])


def names(layers: Sequence[Spec]) -> tuple[str, ...]:
    """A name for each layer: its id, or one as Keras makes them, `conv2d`, `conv2d_1` … (the service has the same rule)."""
    taken = {IMAGES, *(str(spec["id"]) for spec in layers if spec.get("id") is not None)}
    seen: Counter[str] = Counter()
    found = []
    for spec in layers:
        name = None if spec.get("id") is None else str(spec["id"])
        kind = _snake_case(str(spec.get("layer")))
        while name is None:
            candidate = f"{kind}_{seen[kind]}" if seen[kind] else kind
            seen[kind] += 1
            name = None if candidate in taken else candidate
        found.append(name)
    return tuple(found)


def _snake_case(name: str) -> str:
    """MaxPooling2D -> max_pooling2d, as Keras does."""
    return re.sub(r"([a-z])([A-Z])", r"\1_\2", re.sub(r"(.)([A-Z][a-z]+)", r"\1_\2", name)).lower()


def _sources(index: int, spec: Spec, places: Mapping[str, int]) -> tuple[int, ...]:
    inputs = spec.get("inputs")
    if inputs is None:
        return (index - 1,)
    given = inputs if isinstance(inputs, list | tuple) else [inputs]
    for name in given:
        if not isinstance(name, str) or name not in places:
            raise UnbuildableNetwork(f"no layer has the id {name!r}.", index=index)
    if not given:
        raise UnbuildableNetwork("it takes no inputs.", index=index)
    return tuple(places[name] for name in given)


def _weights_of(index: int, layers: Sequence[Spec], places: Mapping[str, int]) -> int:
    spec = layers[index]
    if spec.get("layer") != "Shared":
        return index
    place = places.get(str(spec.get("of")), THE_IMAGES)
    if place == THE_IMAGES or layers[place].get("layer") == "Shared":
        raise UnbuildableNetwork(f"there is no layer {spec.get('of')!r} to share.", index=index)
    return place


def _order(sources: Sequence[tuple[int, ...]]) -> tuple[int, ...]:
    """Kahn's algorithm; layers on a circle are left out."""
    consumers: list[list[int]] = [[] for _ in sources]
    missing = [0] * len(sources)
    for index, places in enumerate(sources):
        for place in set(places) - {THE_IMAGES}:
            consumers[place].append(index)
            missing[index] += 1
    ready = deque(index for index, count in enumerate(missing) if count == 0)
    order = []
    while ready:
        order.append(ready.popleft())
        for consumer in consumers[order[-1]]:
            missing[consumer] -= 1
            if missing[consumer] == 0:
                ready.append(consumer)
    return tuple(order)
