"""How a network is trained: the recipe as frozen dataclasses, read from the JSON that the service resolved.

    Recipe
    ├── OptimizerSpec       name, learning_rate, momentum, nesterov, weight_decay
    ├── LossSpec            name, label_smoothing
    ├── ScheduleSpec        name, warmup_epochs
    ├── AugmentationSpec?   rotation, zoom, shift, shear, horizontal_flip
    ├── PlateauSpec?        monitor, factor, patience, min_lr
    └── EarlyStoppingSpec?  monitor, patience, restore_best_weights

Every `from_json` wants every field, because the service fills in defaults and keeps the resolved recipe: a training can
be repeated from its row. Each raises InvalidRecipe.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Self

from worker.learning.errors import InvalidRecipe
from worker.learning.reading import Fields

OPTIMIZERS = ("adadelta", "sgd", "adam", "adamw", "rmsprop", "nadam", "adagrad")
LOSSES = ("categorical_crossentropy",)
SCHEDULES = ("constant", "cosine", "one_cycle")
MONITORS = ("loss", "accuracy", "val_loss", "val_accuracy")


@dataclass(frozen=True)
class OptimizerSpec:
    """`momentum` is for sgd and rmsprop, `nesterov` for sgd; `weight_decay` is decoupled for all of them."""

    name: str
    learning_rate: float
    momentum: float = 0.0
    nesterov: bool = False
    weight_decay: float = 0.0

    def __post_init__(self) -> None:
        if self.momentum and self.name not in {"sgd", "rmsprop"}:
            raise InvalidRecipe(f"{self.name} takes no momentum; sgd and rmsprop do. Received: {self.momentum}")
        if self.nesterov and (self.name != "sgd" or not self.momentum):
            raise InvalidRecipe("nesterov is for sgd with a momentum above 0.")

    @classmethod
    def from_json(cls, json: Mapping[str, object]) -> Self:
        fields = Fields(json, "/recipe/optimizer", ("name", "learning_rate", "momentum", "nesterov", "weight_decay"))
        return cls(
            name=fields.word("name", OPTIMIZERS),
            learning_rate=fields.number("learning_rate", 0.0),
            momentum=fields.number("momentum", 0.0, 1.0),
            nesterov=fields.flag("nesterov"),
            weight_decay=fields.number("weight_decay", 0.0, 1.0),
        )


@dataclass(frozen=True)
class LossSpec:
    """`label_smoothing` s trains towards 1 - s + s/k for the true class of k, and s/k for the others."""

    name: str = "categorical_crossentropy"
    label_smoothing: float = 0.0

    @classmethod
    def from_json(cls, json: Mapping[str, object]) -> Self:
        fields = Fields(json, "/recipe/loss", ("name", "label_smoothing"))
        return cls(fields.word("name", LOSSES), fields.number("label_smoothing", 0.0, 0.9))


@dataclass(frozen=True)
class ScheduleSpec:
    """How the learning rate moves within a training; the figures are in `worker.learning.schedules`."""

    name: str = "constant"
    warmup_epochs: float = 0.0

    @classmethod
    def from_json(cls, json: Mapping[str, object]) -> Self:
        fields = Fields(json, "/recipe/schedule", ("name", "warmup_epochs"))
        return cls(fields.word("name", SCHEDULES), fields.number("warmup_epochs", 0.0))

    @property
    def moves(self) -> bool:
        """Whether the rate differs from step to step."""
        return self.name != "constant" or self.warmup_epochs > 0


@dataclass(frozen=True)
class AugmentationSpec:
    """How far an image may be warped; what each number does is in `worker.learning.augmentation`."""

    rotation: float = 0.0
    """degrees"""
    zoom: float = 0.0
    """fraction of the size"""
    shift: float = 0.0
    """fraction of the side"""
    shear: float = 0.0
    """pixels sideways for each pixel down"""
    horizontal_flip: bool = False

    @classmethod
    def from_json(cls, json: Mapping[str, object]) -> Self:
        fields = Fields(json, "/recipe/augmentation", ("rotation", "zoom", "shift", "shear", "horizontal_flip"))
        return cls(
            rotation=fields.number("rotation", 0.0, 180.0),
            zoom=fields.number("zoom", 0.0, 0.9),
            shift=fields.number("shift", 0.0, 1.0),
            shear=fields.number("shear", 0.0, 2.0),
            horizontal_flip=fields.flag("horizontal_flip"),
        )


@dataclass(frozen=True)
class PlateauSpec:
    """Multiply the rate by `factor` when `monitor` has not improved for `patience` epochs, down to `min_lr`."""

    monitor: str
    factor: float
    patience: int
    min_lr: float

    @classmethod
    def from_json(cls, json: Mapping[str, object]) -> Self:
        where = "/recipe/callbacks/reduce_lr_on_plateau"
        fields = Fields(json, where, ("monitor", "factor", "patience", "min_lr"))
        return cls(
            monitor=fields.word("monitor", MONITORS),
            factor=fields.number("factor", 0.001, 0.999),
            patience=fields.integer("patience", 0),
            min_lr=fields.number("min_lr", 0.0),
        )


@dataclass(frozen=True)
class EarlyStoppingSpec:
    """Stop when `monitor` has not improved for `patience` epochs; perhaps go back to the best epoch's weights."""

    monitor: str
    patience: int
    restore_best_weights: bool

    @classmethod
    def from_json(cls, json: Mapping[str, object]) -> Self:
        fields = Fields(json, "/recipe/callbacks/early_stopping", ("monitor", "patience", "restore_best_weights"))
        return cls(
            monitor=fields.word("monitor", MONITORS),
            patience=fields.integer("patience", 0),
            restore_best_weights=fields.flag("restore_best_weights"),
        )


@dataclass(frozen=True)
class Recipe:
    """All of it. `drop_remainder` leaves out an epoch's last batch when it would not be full."""

    epochs: int
    batch_size: int
    optimizer: OptimizerSpec
    drop_remainder: bool = False
    loss: LossSpec = LossSpec()
    schedule: ScheduleSpec = ScheduleSpec()
    augmentation: AugmentationSpec | None = None
    reduce_lr_on_plateau: PlateauSpec | None = None
    early_stopping: EarlyStoppingSpec | None = None

    def __post_init__(self) -> None:
        if self.reduce_lr_on_plateau is not None and self.schedule.moves:
            raise InvalidRecipe(
                "reduce_lr_on_plateau and a schedule would both set the learning rate. Use the schedule "
                '{"name": "constant", "warmup_epochs": 0} or no reduce_lr_on_plateau. '
                f"Received: {self.schedule.name}, warmup_epochs {self.schedule.warmup_epochs}"
            )

    @classmethod
    def from_json(cls, json: Mapping[str, object]) -> Self:
        names = ("epochs", "batch_size", "drop_remainder", "optimizer", "loss", "schedule", "augmentation", "callbacks")
        fields = Fields(json, "/recipe", names)
        augmentation = fields.part_or_none("augmentation")
        callbacks = Fields(fields.part("callbacks"), "/recipe/callbacks", ("reduce_lr_on_plateau", "early_stopping"))
        plateau = callbacks.part_or_none("reduce_lr_on_plateau")
        stopping = callbacks.part_or_none("early_stopping")
        return cls(
            epochs=fields.integer("epochs", 1),
            batch_size=fields.integer("batch_size", 1),
            drop_remainder=fields.flag("drop_remainder"),
            optimizer=OptimizerSpec.from_json(fields.part("optimizer")),
            loss=LossSpec.from_json(fields.part("loss")),
            schedule=ScheduleSpec.from_json(fields.part("schedule")),
            augmentation=None if augmentation is None else AugmentationSpec.from_json(augmentation),
            reduce_lr_on_plateau=None if plateau is None else PlateauSpec.from_json(plateau),
            early_stopping=None if stopping is None else EarlyStoppingSpec.from_json(stopping),
        )

    @property
    def monitors(self) -> tuple[str, ...]:
        """The measures that its callbacks watch."""
        watching = (self.reduce_lr_on_plateau, self.early_stopping)
        return tuple(spec.monitor for spec in watching if spec is not None)
