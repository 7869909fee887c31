"""Activation functions as layers."""

from typing import Literal

from service.networks.layers.describing import ActivationName, Described


class Activation(Described):
    """An activation function as a layer."""

    layer: Literal["Activation"]
    activation: ActivationName


class ReLU(Described):
    """max(x, 0)."""

    layer: Literal["ReLU"]
