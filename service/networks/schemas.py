"""Networks as JSON."""

from typing import Annotated, Any, Final, Self

from pydantic import BaseModel, ConfigDict, Discriminator, Field, Tag, model_validator
from pydantic_core import PydanticCustomError

from service.edge.strictness import Strict
from service.networks.layers import Layer
from service.trainings.recipes import Recipe

MOST_LAYERS: Final = 500  # that are read at all; how many are trained is a setting


class LayerList(Strict):
    """A network of your own: its layers, first to last, or a graph of layers with `id` and `inputs`."""

    layers: Annotated[list[Layer], Field(min_length=1, max_length=MOST_LAYERS)]
    name: Annotated[str, Field(max_length=100, pattern=r"^[A-Za-z0-9][A-Za-z0-9._ -]*$")] | None = None
    """What reports call it."""


def _network_kind(value: Any) -> str:  # noqa: ANN401 - whatever a client sent
    return "tag:name" if isinstance(value, str) else "tag:layers"


Network = Annotated[
    Annotated[str, Tag("tag:name")] | Annotated[LayerList, Tag("tag:layers")], Discriminator(_network_kind)
]

Side = Annotated[int, Field(ge=1, le=1024)]


class CheckRequest(Strict):
    """A network to be looked at, and what it is for: a data set, or images of a shape and a number of classes."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {
                    "dataset": "mnist-5k",
                    "network": {
                        "layers": [{"layer": "Flatten"}, {"layer": "Dense", "units": 10, "activation": "softmax"}]
                    },
                    "recipe": {"batch_size": 128, "epochs": 10},
                },
                {"input_shape": [64, 64, 3], "classes": 10, "network": "lecture-cifar10"},
            ]
        }
    )

    dataset: Annotated[str, Field(max_length=100)] | None = None
    """The name of a data set."""
    input_shape: tuple[Side, Side, Annotated[int, Field(ge=1, le=4)]] | None = None
    """Instead of a data set: height, width and channels of an image …"""
    classes: Annotated[int, Field(ge=2, le=1000)] | None = None
    """… and the number of classes."""
    network: Network
    """The name of a network, or `{"layers": […]}`."""
    recipe: Recipe = Recipe()
    """What it is to be trained with; the cost follows from `batch_size` and `epochs`."""

    @model_validator(mode="after")
    def _is_for_something(self) -> Self:
        described = (self.input_shape, self.classes)
        if (self.dataset is None and None in described) or (self.dataset is not None and described != (None, None)):
            advice = "Give either a dataset, or both input_shape (such as [28, 28, 1]) and classes (such as 10)"
            raise PydanticCustomError("value_error", "{advice}", {"advice": advice})
        return self


class SummaryRow(BaseModel):
    """One layer of a network."""

    index: int = Field(description="Its place in the list, from 0")
    name: str
    layer: str
    inputs: list[str] = Field(description="The names of what goes in; `images` is the network's input")
    output_shape: list[int] = Field(
        description="Of one image: (height, width, channels), (steps, features) or (units,)"
    )
    parameters: int
    flops: int = Field(description="Multiplications and additions for one image, forward")


class Summary(BaseModel):
    """A network, layer for layer."""

    name: str | None
    input_shape: list[int] = Field(description="height, width, channels")
    output_shape: list[int]
    parameters: int
    flops: int = Field(description="Multiplications and additions for one image, forward")
    size_bytes: int = Field(description="Of the weights, as float32")
    layers: list[SummaryRow]


class Estimate(BaseModel):
    """How long an epoch would take here, and how that is known."""

    seconds_per_epoch: float | None = Field(description="None without a data set: nobody knows how many images")
    gflops_per_second: float = Field(description="The pace that this assumes")
    basis: str


class CheckReply(BaseModel):
    """A network that could be trained, and what that costs."""

    parameters: int
    flops: int = Field(description="Multiplications and additions for one image, forward")
    activation_bytes: int = Field(description="Of one batch while it is trained on: activations and their gradients")
    size_bytes: int = Field(description="Of the weights, as float32")
    seconds_per_epoch: float | None = Field(description="As in `estimate`")
    estimate: Estimate
    output_shape: list[int]
    layers: list[SummaryRow]


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
