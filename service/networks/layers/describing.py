"""What all layers have in common: the base class, and the kinds of arguments, bounded."""

from collections.abc import Sequence
from typing import Annotated, Any, ClassVar, Final, Literal

from pydantic import BeforeValidator, Field
from pydantic_core import PydanticCustomError

from service.edge.strictness import Strict
from service.networks.arithmetic import LayerCost, Shape

ActivationName = Literal[
    "linear",
    "relu",
    "relu6",
    "leaky_relu",
    "elu",
    "selu",
    "silu",
    "mish",
    "tanh",
    "sigmoid",
    "hard_sigmoid",
    "hard_silu",
    "softplus",
    "softsign",
    "exponential",
    "softmax",
]
Initializer = Literal[
    "glorot_uniform",
    "glorot_normal",
    "he_uniform",
    "he_normal",
    "lecun_uniform",
    "lecun_normal",
    "orthogonal",
    "random_normal",
    "truncated_normal",
    "zeros",
]
LARGEST_SIZE = 64
Size = Annotated[int, Field(ge=1, le=LARGEST_SIZE)]
Filters = Annotated[int, Field(ge=1, le=4096)]
Units = Annotated[int, Field(ge=1, le=8192)]
Rate = Annotated[float, Field(ge=0, lt=1)]
Epsilon = Annotated[float, Field(gt=0, le=1)]


def _one_or_two_sizes(value: Any) -> Any:  # noqa: ANN401 - whatever a client sent
    numbers = value if isinstance(value, list | tuple) and len(value) == 2 else [value]
    if all(type(number) is int and 1 <= number <= LARGEST_SIZE for number in numbers):
        return value
    raise PydanticCustomError("sizes", "Give a whole number from 1 to 64, or two of them: [height, width]")


Sides = Annotated[int | tuple[int, int], BeforeValidator(_one_or_two_sizes)]


def _one_or_several(value: Any) -> Any:  # noqa: ANN401 - whatever a client sent
    return [value] if isinstance(value, str) else value


Identifier = Annotated[str, Field(pattern=r"^[A-Za-z][A-Za-z0-9_-]{0,49}$")]
MOST_INPUTS: Final = 16
Inputs = Annotated[list[Identifier], Field(min_length=1, max_length=MOST_INPUTS), BeforeValidator(_one_or_several)]


class Described(Strict):
    """A layer as JSON: its Keras class and arguments, and in a graph its name and where its inputs come from."""

    takes: ClassVar[tuple[int, int]] = (1, 1)
    """The fewest and the most inputs."""

    layer: str
    id: Identifier | None = None
    """A name of your own, for the `inputs` of other layers."""
    inputs: Inputs | None = None
    """The ids of the layers whose outputs it takes, or `images`. Left out: the layer before it in the list."""

    def cost_of(self, shapes: Sequence[Shape]) -> LayerCost:
        """Return what the layer costs on inputs of `shapes`, as many as it takes; raise DoesNotFit."""
        return self.cost(shapes[0])

    def cost(self, shape: Shape) -> LayerCost:
        """Return what the layer costs on an input of `shape`; raise DoesNotFit. One without a rule keeps the shape."""
        return LayerCost(shape)

    @property
    def activation_name(self) -> str | None:
        """The activation that the layer ends with, if it is one that has an argument for it."""
        return getattr(self, "activation", None)

    def is_distribution(self, inputs: Sequence[bool]) -> bool:  # noqa: ARG002 - for layers that pass one on
        """Whether what comes out are probabilities; `inputs` says whether those are that go in."""
        return self.activation_name == "softmax"


Layers = Sequence[Described]
