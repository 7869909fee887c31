"""Networks as JSON."""

from typing import Annotated, Any

from pydantic import BaseModel, Field

from service.edge.strictness import Strict
from service.networks.layers import Layer


class LayerList(Strict):
    """A network of your own: its layers, first to last."""

    layers: Annotated[list[Layer], Field(min_length=1, max_length=200)]
    name: Annotated[str, Field(max_length=100, pattern=r"^[A-Za-z0-9][A-Za-z0-9._ -]*$")] | None = None
    """What reports call it."""


class NetworkReply(BaseModel):
    """A network that has a name, and what it costs."""

    name: str
    title: str
    input_shape: list[int] = Field(description="height, width, channels")
    parameters: int
    mflops: float = Field(description="Millions of multiplications and additions for one image, forward")
    layers: list[dict[str, Any]]


class NetworkList(BaseModel):
    """All networks that have a name."""

    networks: list[NetworkReply]
