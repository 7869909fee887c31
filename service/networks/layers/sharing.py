"""A layer used a second time."""

from typing import Literal

from service.networks.layers.describing import Described, Identifier


class Shared(Described):
    """Another layer of the network once more, on other inputs but with the same weights."""

    layer: Literal["Shared"]
    of: Identifier
    """The id of that layer."""
