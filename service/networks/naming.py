"""What the layers of a network are called: by their ids, and those without as Keras would call them."""

import re
from collections import Counter
from typing import Final

from service.networks.layers.describing import Layers

IMAGES: Final = "images"
"""The network's input."""


def name_layers(layers: Layers) -> list[str]:
    """Return a name for each layer, all different: its id, or `conv2d`, `conv2d_1` … (the worker has the same rule)."""
    taken = {IMAGES, *(layer.id for layer in layers if layer.id is not None)}
    seen: Counter[str] = Counter()
    names = []
    for layer in layers:
        name = layer.id
        kind = _snake_case(layer.layer)
        while name is None:
            candidate = f"{kind}_{seen[kind]}" if seen[kind] else kind
            seen[kind] += 1
            name = None if candidate in taken else candidate
        names.append(name)
    return names


def _snake_case(name: str) -> str:
    """MaxPooling2D -> max_pooling2d: the rule of `keras.utils.to_snake_case`."""
    return re.sub(r"([a-z])([A-Z])", r"\1_\2", re.sub(r"(.)([A-Z][a-z]+)", r"\1_\2", name)).lower()
