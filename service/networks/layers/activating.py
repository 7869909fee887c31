"""Activation functions as layers."""

from collections.abc import Sequence
from typing import Annotated, Literal

from pydantic import Field

from service.networks.layers.describing import ActivationName, Described

Slope = Annotated[float, Field(ge=0, le=1000)]


class Activation(Described):
    """An activation function as a layer."""

    layer: Literal["Activation"]
    activation: ActivationName


class ReLU(Described):
    """max(x, 0), with a slope below, a step and a ceiling if you like."""

    layer: Literal["ReLU"]
    max_value: Annotated[float, Field(ge=0, le=1e6)] | None = None
    negative_slope: Slope = 0.0
    threshold: Annotated[float, Field(ge=0, le=1e6)] = 0.0


class LeakyReLU(Described):
    """x, and below 0 a share of it."""

    layer: Literal["LeakyReLU"]
    negative_slope: Slope = 0.3


class ELU(Described):
    """x, and below 0 `alpha * (exp(x) - 1)`."""

    layer: Literal["ELU"]
    alpha: Slope = 1.0


class Softmax(Described):
    """Probabilities over the last axis."""

    layer: Literal["Softmax"]

    def is_distribution(self, inputs: Sequence[bool]) -> bool:  # noqa: ARG002 - whatever goes in
        """Always."""
        return True
