"""Layers that read a sequence step by step: `(steps, features)`. Reshape makes the rows of a picture one."""

from collections.abc import Sequence
from typing import Annotated, ClassVar, Literal

from pydantic import Field

from service.networks.arithmetic import DoesNotFit, LayerCost, Shape
from service.networks.layers.describing import ActivationName, Described, Initializer, Rate

MOST_STEPS = 256


def as_sequence(layer: str, shape: Shape) -> tuple[int, int]:
    """Return `shape` as (steps, features); raise DoesNotFit for another rank."""
    if len(shape) == 2:
        return shape
    example = f"[{shape[0]}, {shape[1] * shape[2]}]" if len(shape) == 3 else "[steps, features]"
    raise DoesNotFit(
        f'{layer} takes a sequence (steps, features), and gets the shape {list(shape)}: add {{"layer": "Reshape", '
        f'"target_shape": {example}}} before it'
    )


class _Recurrent(Described):
    """Keeps a state of `units` numbers from step to step."""

    gates: ClassVar[int] = 1

    units: Annotated[int, Field(ge=1, le=2048)]
    activation: ActivationName = "tanh"
    use_bias: bool = True
    kernel_initializer: Initializer = "glorot_uniform"
    recurrent_initializer: Initializer = "orthogonal"
    bias_initializer: Initializer = "zeros"
    return_sequences: bool = False
    """The state after every step, and not only after the last."""
    go_backwards: bool = False
    """Read the last step first."""
    dropout: Rate = 0.0

    def cost(self, shape: Shape) -> LayerCost:
        """Return it."""
        steps, features = as_sequence(self.layer, shape)
        if steps > MOST_STEPS:
            raise DoesNotFit(f"{self.layer} reads at most {MOST_STEPS} steps here, and gets {steps}")
        weights = self.gates * self.units * (features + self.units)
        parameters = weights + self.biases_of_a_gate() * self.gates * self.units * self.use_bias
        out = (steps, self.units) if self.return_sequences else (self.units,)
        return LayerCost(out, parameters, 2 * weights * steps, inside=(self.gates + 2) * self.units * steps)

    def biases_of_a_gate(self) -> int:
        """Return how many biases a unit has in each gate."""
        return 1

    def is_distribution(self, inputs: Sequence[bool]) -> bool:  # noqa: ARG002 - whatever goes in
        """Never: gates scale what the activation gives."""
        return False


class SimpleRNN(_Recurrent):
    """The next state follows from this one and the step."""

    layer: Literal["SimpleRNN"]


class GRU(_Recurrent):
    """A gate says how much of the state is kept, another how much of it the next one sees."""

    gates: ClassVar[int] = 3

    layer: Literal["GRU"]
    recurrent_activation: ActivationName = "sigmoid"
    reset_after: bool = True

    def biases_of_a_gate(self) -> int:
        """Return two with `reset_after`: of the step, and of the state."""
        return 2 if self.reset_after else 1


class LSTM(_Recurrent):
    """Gates say what is written into a memory beside the state, and what is read from it."""

    gates: ClassVar[int] = 4

    layer: Literal["LSTM"]
    recurrent_activation: ActivationName = "sigmoid"
    unit_forget_bias: bool = True
