"""How a network is trained: the recipe as frozen dataclasses, read from the JSON that the service resolved.

    Recipe
    ├── OptimizerSpec       in `worker.learning.optimizers`
    ├── LossSpec            name, label_smoothing, gamma, alpha, each_head
    ├── ScheduleSpec        name, warmup_epochs, factor, every_epochs
    ├── AugmentationSpec?   rotation, zoom, shift, shear, elastic, stroke_width, variants, flips, brightness, cutout,
    │                       mixup
    ├── PlateauSpec?        monitor, factor, patience, min_lr, min_delta, cooldown
    ├── EarlyStoppingSpec?  monitor, patience, restore_best_weights, min_delta
    ├── class_weight?       "balanced", or a weight for each class
    ├── ema_momentum?
    └── precision

Every `from_json` wants every field, because the service fills in defaults and keeps the resolved recipe: a training can
be repeated from its row. Only fields that are younger than the first version may be missing (`worker.learning.versions`).
Each raises InvalidRecipe.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Self

from worker.learning.errors import InvalidRecipe
from worker.learning.optimizers import OptimizerSpec
from worker.learning.reading import Fields
from worker.learning.versions import added

LOSSES = (
    *("categorical_crossentropy", "categorical_focal_crossentropy", "mean_squared_error"),
    *("categorical_hinge", "hinge", "kl_divergence"),
)
SCHEDULES = ("constant", "step", "exponential", "cosine", "one_cycle")
PRECISIONS = ("float32", "mixed")
BALANCED = "balanced"
DIGITS = tuple("0123456789")
MONITORS = ("loss", "accuracy", "val_loss", "val_accuracy")


_LATER_OF_LOSS: Mapping[str, object] = {"gamma": None, "alpha": None, "each_head": False}


@dataclass(frozen=True)
class LossSpec:
    """`label_smoothing` s trains towards 1 - s + s/k for the true class of k, and s/k for the others; `gamma` and `alpha`
    are for the focal cross-entropy, see `worker.learning.compiling`; `each_head` is for a network that ends in an average,
    see `worker.learning.heads`.
    """

    name: str = "categorical_crossentropy"
    label_smoothing: float = 0.0
    gamma: float | None = added(None)
    alpha: float | None = added(None)
    each_head: bool = added(False)

    @classmethod
    def from_json(cls, json: Mapping[str, object]) -> Self:
        fields = Fields(json, "/recipe/loss", ("name", "label_smoothing"), _LATER_OF_LOSS)
        return cls(
            name=fields.word("name", LOSSES),
            label_smoothing=fields.number("label_smoothing", 0.0, 0.9),
            gamma=fields.number_or_none("gamma", 0.0, 10.0),
            alpha=fields.number_or_none("alpha", 0.0, 1.0),
            each_head=fields.flag("each_head"),
        )


@dataclass(frozen=True)
class ScheduleSpec:
    """How the learning rate moves within a training; the figures are in `worker.learning.schedules`."""

    name: str = "constant"
    warmup_epochs: float = 0.0
    factor: float | None = added(None)
    every_epochs: float | None = added(None)

    @classmethod
    def from_json(cls, json: Mapping[str, object]) -> Self:
        later = {"factor": None, "every_epochs": None}
        fields = Fields(json, "/recipe/schedule", ("name", "warmup_epochs"), later)
        return cls(
            name=fields.word("name", SCHEDULES),
            warmup_epochs=fields.number("warmup_epochs", 0.0),
            factor=fields.number_or_none("factor", 0.001, 0.999),
            every_epochs=fields.number_or_none("every_epochs", 0.01, 1e4),
        )

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
    vertical_flip: bool = added(False)
    brightness: float = added(0.0)
    """fraction of the brightness"""
    cutout: float = added(0.0)
    """fraction of the shorter side"""
    mixup: float = added(0.0)
    """both parameters of a beta distribution; see `worker.learning.mixing`"""
    elastic: float = added(0.0)
    """fraction of the side; see `worker.learning.bending`"""
    stroke_width: float = added(0.0)
    """pixels; see `worker.learning.pens`"""
    variants: float = added(0.0)
    """probability; see `worker.learning.variants`"""
    digits: tuple[int, ...] = added(())
    """which digit each class is; for `variants`, and empty without"""

    def __post_init__(self) -> None:
        if self.variants and not self.digits:
            raise InvalidRecipe(
                f"variants redraws digits, so every class must be one of 0 to 9. Received: variants={self.variants:g}, "
                "and no such classes"
            )

    @classmethod
    def from_json(cls, json: Mapping[str, object], classes: Sequence[str] = ()) -> Self:
        """`classes`: the data set's, in the order of their indices, for `variants`."""
        names = ("rotation", "zoom", "shift", "shear", "horizontal_flip")
        numbers = ("brightness", "cutout", "mixup", "elastic", "stroke_width", "variants")
        later = {"vertical_flip": False, **dict.fromkeys(numbers, 0.0)}
        fields = Fields(json, "/recipe/augmentation", names, later)
        variants = fields.number("variants", 0.0, 1.0)
        return cls(
            rotation=fields.number("rotation", 0.0, 180.0),
            zoom=fields.number("zoom", 0.0, 0.9),
            shift=fields.number("shift", 0.0, 1.0),
            shear=fields.number("shear", 0.0, 2.0),
            horizontal_flip=fields.flag("horizontal_flip"),
            vertical_flip=fields.flag("vertical_flip"),
            brightness=fields.number("brightness", 0.0, 0.9),
            cutout=fields.number("cutout", 0.0, 1.0),
            mixup=fields.number("mixup", 0.0, 10.0),
            elastic=fields.number("elastic", 0.0, 0.5),
            stroke_width=fields.number("stroke_width", 0.0, 8.0),
            variants=variants,
            digits=_digits(classes) if variants else (),
        )


@dataclass(frozen=True)
class PlateauSpec:
    """Multiply the rate by `factor` when `monitor` has not improved by `min_delta` for `patience` epochs, down to `min_lr`,
    and not again within `cooldown` epochs.
    """

    monitor: str
    factor: float
    patience: int
    min_lr: float
    min_delta: float = added(1e-4)
    cooldown: int = added(0)

    @classmethod
    def from_json(cls, json: Mapping[str, object]) -> Self:
        where = "/recipe/callbacks/reduce_lr_on_plateau"
        later = {"min_delta": 1e-4, "cooldown": 0}
        fields = Fields(json, where, ("monitor", "factor", "patience", "min_lr"), later)
        return cls(
            monitor=fields.word("monitor", MONITORS),
            factor=fields.number("factor", 0.001, 0.999),
            patience=fields.integer("patience", 0),
            min_lr=fields.number("min_lr", 0.0),
            min_delta=fields.number("min_delta", 0.0),
            cooldown=fields.integer("cooldown", 0),
        )


@dataclass(frozen=True)
class EarlyStoppingSpec:
    """Stop when `monitor` has not improved by `min_delta` for `patience` epochs; perhaps go back to the best epoch's
    weights.
    """

    monitor: str
    patience: int
    restore_best_weights: bool
    min_delta: float = added(0.0)

    @classmethod
    def from_json(cls, json: Mapping[str, object]) -> Self:
        names = ("monitor", "patience", "restore_best_weights")
        fields = Fields(json, "/recipe/callbacks/early_stopping", names, {"min_delta": 0.0})
        return cls(
            monitor=fields.word("monitor", MONITORS),
            patience=fields.integer("patience", 0),
            restore_best_weights=fields.flag("restore_best_weights"),
            min_delta=fields.number("min_delta", 0.0),
        )


@dataclass(frozen=True)
class Recipe:
    """All of it. `drop_remainder` leaves out an epoch's last batch when it would not be full; `class_weight` is None,
    `BALANCED` or a weight for each class; `ema_momentum` None for no averages.
    """

    epochs: int
    batch_size: int
    optimizer: OptimizerSpec
    drop_remainder: bool = False
    loss: LossSpec = LossSpec()
    schedule: ScheduleSpec = ScheduleSpec()
    augmentation: AugmentationSpec | None = None
    reduce_lr_on_plateau: PlateauSpec | None = None
    early_stopping: EarlyStoppingSpec | None = None
    class_weight: str | tuple[float, ...] | None = added(None)
    ema_momentum: float | None = added(None)
    precision: str = added("float32")

    def __post_init__(self) -> None:
        if self.reduce_lr_on_plateau is not None and self.schedule.moves:
            raise InvalidRecipe(
                "reduce_lr_on_plateau and a schedule would both set the learning rate. Use the schedule "
                '{"name": "constant", "warmup_epochs": 0} or no reduce_lr_on_plateau. '
                f"Received: {self.schedule.name}, warmup_epochs {self.schedule.warmup_epochs}"
            )

    @classmethod
    def from_json(cls, json: Mapping[str, object], classes: Sequence[str] = ()) -> Self:
        """`classes`: the data set's, in the order of their indices, for what names or knows them."""
        names = ("epochs", "batch_size", "drop_remainder", "optimizer", "loss", "schedule", "augmentation", "callbacks")
        fields = Fields(json, "/recipe", names, {"class_weight": None, "ema": None, "precision": "float32"})
        ema = fields.part_or_none("ema")
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
            augmentation=None if augmentation is None else AugmentationSpec.from_json(augmentation, classes),
            reduce_lr_on_plateau=None if plateau is None else PlateauSpec.from_json(plateau),
            early_stopping=None if stopping is None else EarlyStoppingSpec.from_json(stopping),
            class_weight=_class_weight(fields, json.get("class_weight"), classes),
            ema_momentum=None
            if ema is None
            else Fields(ema, "/recipe/ema", ("momentum",)).number("momentum", 0.0, 1.0),
            precision=fields.word("precision", PRECISIONS),
        )

    @property
    def monitors(self) -> tuple[str, ...]:
        """The measures that its callbacks watch."""
        watching = (self.reduce_lr_on_plateau, self.early_stopping)
        return tuple(spec.monitor for spec in watching if spec is not None)


def _digits(classes: Sequence[str]) -> tuple[int, ...]:
    """Each class as a digit; nothing where one of them is none."""
    return tuple(DIGITS.index(name) for name in classes) if set(classes) <= set(DIGITS) else ()


def _class_weight(recipe: Fields, value: object, classes: Sequence[str]) -> str | tuple[float, ...] | None:
    """A weight for each of the `classes`, 1 for those that are not named."""
    if value is None:
        return None
    if isinstance(value, str):
        return recipe.word("class_weight", (BALANCED,))
    named = recipe.part("class_weight")
    weights = Fields(named, "/recipe/class_weight", (), dict.fromkeys(classes, 1.0))
    return tuple(weights.number(name, 0.0, 1000.0) for name in classes)
