"""Which optimizers there are, what each takes, and the optimizer of a recipe as Keras' own.

OptimizerSpec   name, learning_rate, weight_decay; momentum, nesterov, beta_1 …; clipnorm …
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final, Self

import keras

from worker.learning.errors import InvalidRecipe
from worker.learning.reading import Fields
from worker.learning.versions import added

_ADAM: Final[Mapping[str, float | bool]] = {"beta_1": 0.9, "beta_2": 0.999, "epsilon": 1e-7}

ARGUMENTS: Final[Mapping[str, Mapping[str, float | bool]]] = {
    "adadelta": {"rho": 0.95, "epsilon": 1e-7},
    "sgd": {"momentum": 0.0, "nesterov": False},
    "adam": {**_ADAM, "amsgrad": False},
    "adamw": {**_ADAM, "amsgrad": False},
    "rmsprop": {"rho": 0.9, "momentum": 0.0, "epsilon": 1e-7},
    "nadam": _ADAM,
    "adagrad": {"initial_accumulator_value": 0.1, "epsilon": 1e-7},
    "lion": {"beta_1": 0.9, "beta_2": 0.99},
    "muon": {"momentum": 0.95, "nesterov": True, "epsilon": 1e-7},
}
"""What each takes beside learning_rate, weight_decay and clipping, and what it is where the recipe says nothing. They are
Keras 3.15's defaults, written down so that a recipe means the same in the next version.
"""

OPTIMIZERS = tuple(ARGUMENTS)

_KERAS: Final[Mapping[str, type[keras.optimizers.Optimizer]]] = {
    "adadelta": keras.optimizers.Adadelta,
    "sgd": keras.optimizers.SGD,
    "adam": keras.optimizers.Adam,
    "adamw": keras.optimizers.AdamW,
    "rmsprop": keras.optimizers.RMSprop,
    "nadam": keras.optimizers.Nadam,
    "adagrad": keras.optimizers.Adagrad,
    "lion": keras.optimizers.Lion,
    "muon": keras.optimizers.Muon,
}

_LATER: Final[Mapping[str, object]] = dict.fromkeys(
    (
        *("beta_1", "beta_2", "rho", "epsilon", "amsgrad", "initial_accumulator_value"),
        *("clipnorm", "clipvalue", "global_clipnorm"),
    )
)


@dataclass(frozen=True)
class OptimizerSpec:
    """An argument that is None is what `ARGUMENTS` says; `weight_decay` is decoupled for all of them. Of the three ways
    to clip gradients at most one is not None.
    """

    name: str
    learning_rate: float
    momentum: float = 0.0
    nesterov: bool = False
    weight_decay: float = 0.0
    beta_1: float | None = added(None)
    beta_2: float | None = added(None)
    rho: float | None = added(None)
    epsilon: float | None = added(None)
    amsgrad: bool | None = added(None)
    initial_accumulator_value: float | None = added(None)
    clipnorm: float | None = added(None)
    clipvalue: float | None = added(None)
    global_clipnorm: float | None = added(None)

    def __post_init__(self) -> None:
        takes = ARGUMENTS[self.name]
        for argument in dict.fromkeys(name for arguments in ARGUMENTS.values() for name in arguments):
            value = getattr(self, argument)
            if value not in {None, False} and argument not in takes:  # 0.0 is False
                others = ", ".join(name for name, arguments in ARGUMENTS.items() if argument in arguments)
                raise InvalidRecipe(f"{self.name} takes no {argument}; {others} may. Received: {value}")
        if self.nesterov and not self.momentum:
            raise InvalidRecipe("nesterov needs a momentum above 0.")
        if sum(bound is not None for bound in (self.clipnorm, self.clipvalue, self.global_clipnorm)) > 1:
            raise InvalidRecipe("clipnorm, clipvalue and global_clipnorm exclude one another.")

    @classmethod
    def from_json(cls, json: Mapping[str, object]) -> Self:
        names = ("name", "learning_rate", "momentum", "nesterov", "weight_decay")
        fields = Fields(json, "/recipe/optimizer", names, _LATER)
        return cls(
            name=fields.word("name", OPTIMIZERS),
            learning_rate=fields.number("learning_rate", 0.0),
            momentum=fields.number("momentum", 0.0, 1.0),
            nesterov=fields.flag("nesterov"),
            weight_decay=fields.number("weight_decay", 0.0, 1.0),
            beta_1=fields.number_or_none("beta_1", 0.0, 1.0),
            beta_2=fields.number_or_none("beta_2", 0.0, 1.0),
            rho=fields.number_or_none("rho", 0.0, 1.0),
            epsilon=fields.number_or_none("epsilon", 0.0, 1.0),
            amsgrad=fields.flag_or_none("amsgrad"),
            initial_accumulator_value=fields.number_or_none("initial_accumulator_value", 0.0, 10.0),
            clipnorm=fields.number_or_none("clipnorm", 1e-6, 1e6),
            clipvalue=fields.number_or_none("clipvalue", 1e-6, 1e6),
            global_clipnorm=fields.number_or_none("global_clipnorm", 1e-6, 1e6),
        )


def optimizer(
    spec: OptimizerSpec, *, ema_momentum: float | None = None, last_layers: Sequence[str] = ()
) -> keras.optimizers.Optimizer:
    """Keras' optimizer of a recipe. The learning rate is always said: Keras 3's Adadelta would take 0.001 where the old one
    took 1.0.

    Args:
        spec: what the recipe says.
        ema_momentum: keep a moving average of the weights; `worker.learning.averaging` uses it.
        last_layers: the names of the layers that the answers come from, which Muon leaves to AdamW, as it does with all
            that is no matrix (Liu et al. 2025, arXiv:2502.16982, and Keras' documentation).
    """
    arguments: dict[str, object] = {"learning_rate": spec.learning_rate, "weight_decay": spec.weight_decay or None}
    if spec.name == "adamw":
        arguments["weight_decay"] = spec.weight_decay
    for argument, usual in ARGUMENTS[spec.name].items():
        said = getattr(spec, argument)
        arguments[argument] = usual if said is None else said
    for bound in ("clipnorm", "clipvalue", "global_clipnorm"):
        arguments[bound] = getattr(spec, bound)
    if spec.name == "muon":
        arguments["adam_weight_decay"] = spec.weight_decay or None
        arguments["exclude_layers"] = [f"^{re.escape(name)}/" for name in last_layers]
    if ema_momentum is None:
        return _KERAS[spec.name](**arguments)
    return _averaging(_KERAS[spec.name])(use_ema=True, ema_momentum=ema_momentum, **arguments)


def _averaging(kind: type[keras.optimizers.Optimizer]) -> type[keras.optimizers.Optimizer]:
    """The optimizer, but that the averages stay out of the model where Keras ends one of its fits: a resumed training has
    two of them, and only its end is the end.
    """

    def finalize_variable_values(_: object, var_list: object) -> None:
        """Leave `var_list` as it is."""

    return type(kind.__name__, (kind,), {"finalize_variable_values": finalize_variable_values})
