"""Layers in which the steps of a sequence look at each other."""

from collections.abc import Sequence
from typing import Annotated, ClassVar, Literal

from pydantic import Field

from service.networks.arithmetic import DoesNotFit, LayerCost, Shape
from service.networks.layers.describing import Described, Initializer, Rate
from service.networks.layers.recurrent import as_sequence

Width = Annotated[int, Field(ge=1, le=1024)]


class MultiHeadAttention(Described):
    """Each step asks all steps of a sequence, in several heads. One input: the sequence asks itself.

    Two inputs are query and value, three are query, value and key; each `(steps, features)`.
    """

    takes: ClassVar[tuple[int, int]] = (1, 3)

    layer: Literal["MultiHeadAttention"]
    num_heads: Annotated[int, Field(ge=1, le=64)]
    key_dim: Width
    value_dim: Width | None = None
    dropout: Rate = 0.0
    use_bias: bool = True
    output_shape: Annotated[int, Field(ge=1, le=4096)] | None = None
    """Features that come out; left out, those of the query."""
    kernel_initializer: Initializer = "glorot_uniform"
    bias_initializer: Initializer = "zeros"

    def cost_of(self, shapes: Sequence[Shape]) -> LayerCost:
        """Return it: three projections, every step with every other, and a projection back."""
        query, value, key = shapes[0], shapes[min(1, len(shapes) - 1)], shapes[-1] if len(shapes) == 3 else None
        asking, query_features = as_sequence(self.layer, query)
        asked, value_features = as_sequence(self.layer, value)
        keys, key_features = as_sequence(self.layer, value if key is None else key)
        if keys != asked:
            raise DoesNotFit(f"There are {asked} values and {keys} keys; each value has one key", field="inputs")
        key_width = self.num_heads * self.key_dim
        value_width = self.num_heads * (self.value_dim or self.key_dim)
        out = self.output_shape or query_features
        weights = (query_features + key_features) * key_width + value_features * value_width + value_width * out
        biases = 2 * key_width + value_width + out
        pairs = asking * asked
        products = (
            asking * query_features * key_width
            + asked * (key_features * key_width + value_features * value_width)
            + pairs * (key_width + value_width)
            + asking * value_width * out
        )
        inside = (asking + asked) * key_width + (asking + asked) * value_width + 3 * self.num_heads * pairs
        return LayerCost((asking, out), weights + biases * self.use_bias, 2 * products, inside)
