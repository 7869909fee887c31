"""Optimizers as JSON: which there are, and which arguments each of them takes. Names and defaults are Keras'."""

from collections.abc import Iterator, Mapping
from typing import Annotated, Any, Final, Literal

from pydantic import Field, model_validator

from service.edge.strictness import Strict

Fraction = Annotated[float, Field(ge=0, lt=1)]
Epsilon = Annotated[float, Field(ge=1e-12, le=1)]
Bound = Annotated[float, Field(ge=1e-6, le=1e6)]

OptimizerName = Literal["sgd", "rmsprop", "adam", "adamw", "nadam", "adagrad", "adadelta", "lion", "muon"]

_ADAM: Final[Mapping[str, float | bool]] = {"beta_1": 0.9, "beta_2": 0.999, "epsilon": 1e-7}

ARGUMENTS: Final[Mapping[str, Mapping[str, float | bool]]] = {
    "sgd": {"momentum": 0.0, "nesterov": False},
    "rmsprop": {"rho": 0.9, "momentum": 0.0, "epsilon": 1e-7},
    "adam": {**_ADAM, "amsgrad": False},
    "adamw": {**_ADAM, "amsgrad": False},
    "nadam": _ADAM,
    "adagrad": {"initial_accumulator_value": 0.1, "epsilon": 1e-7},
    "adadelta": {"rho": 0.95, "epsilon": 1e-7},
    "lion": {"beta_1": 0.9, "beta_2": 0.99},
    "muon": {"momentum": 0.95, "nesterov": True, "epsilon": 1e-7},
}
"""What each takes beside learning_rate, weight_decay and clipping, and what it is where nothing is said."""

OWN: Final = tuple(dict.fromkeys(name for arguments in ARGUMENTS.values() for name in arguments))
_NOTHING: Final[Mapping[str, set[object]]] = {"momentum": {0.0}, "nesterov": {False}}  # what all others say since ever
CLIPPING: Final = ("clipnorm", "clipvalue", "global_clipnorm")


class Optimizer(Strict):
    """How weights follow gradients."""

    name: OptimizerName = "adam"
    learning_rate: Annotated[float, Field(gt=0, le=100)] = 0.001
    momentum: Fraction = 0.0
    """For sgd, rmsprop and muon (there 0.95)."""
    nesterov: bool = False
    """For sgd and muon (there true)."""
    weight_decay: Fraction = 0.0
    """Decoupled, as in AdamW."""
    beta_1: Fraction | None = None
    """For adam, adamw, nadam and lion: how long the mean of the gradients remembers."""
    beta_2: Fraction | None = None
    """For adam, adamw, nadam and lion: likewise their squares; for lion what its momentum keeps."""
    rho: Fraction | None = None
    """For rmsprop and adadelta: how long the mean of the squares remembers."""
    epsilon: Epsilon | None = None
    """For all but sgd and lion: keeps a division away from zero."""
    amsgrad: bool | None = None
    """For adam and adamw."""
    initial_accumulator_value: Annotated[float, Field(ge=0, le=10)] | None = None
    """For adagrad."""
    clipnorm: Bound | None = None
    """Scale the gradient of each weight tensor down to this length."""
    clipvalue: Bound | None = None
    """Cut every gradient off at this value."""
    global_clipnorm: Bound | None = None
    """Scale all gradients together down to this length."""

    @model_validator(mode="before")
    @classmethod
    def _muon_has_momentum(cls, data: Any) -> Any:  # noqa: ANN401 - whatever a client sent
        if isinstance(data, dict) and data.get("name") == "muon":
            return {"momentum": ARGUMENTS["muon"]["momentum"], "nesterov": ARGUMENTS["muon"]["nesterov"], **data}
        return data

    def contradictions(self) -> Iterator[tuple[tuple[str, ...], str]]:
        """Give the arguments of other optimizers, and those that do not go together."""
        for argument in OWN:
            if argument not in ARGUMENTS[self.name] and getattr(self, argument) not in _NOTHING.get(argument, {None}):
                yield (argument,), f"{self.name} has none; {_those_with(argument)}"
        if self.name == "sgd" and self.nesterov and not self.momentum:
            yield ("nesterov",), "sgd has it with a momentum above 0 only"
        if self.name == "muon" and not self.momentum:
            yield ("momentum",), "Received 0.0; that of muon is above 0, and 0.95 is usual"
        if self.name == "lion" and self.beta_1 == 0:
            yield ("beta_1",), "Received 0.0; that of lion is above 0, and 0.9 is usual"
        clipping = [name for name in CLIPPING if getattr(self, name) is not None]
        for name in clipping[1:]:
            yield (name,), f"There is {clipping[0]} already; gradients are clipped in one way only"


def _those_with(argument: str) -> str:
    *others, last = (name for name, arguments in ARGUMENTS.items() if argument in arguments)
    return f"{', '.join(others)} and {last} do" if others else f"{last} does"
