"""A recipe as JSON: optimizer, loss, schedule, augmentation, callbacks, epochs, batch size. Names are Keras'.

docs/recipes.md tells it to people. `service.trainings.optimizers` has the optimizers.
"""

from collections.abc import Iterator, Mapping
from typing import Annotated, Any, Final, Literal

from pydantic import Discriminator, Field, Tag, field_validator
from pydantic_core import PydanticCustomError

from service.edge.strictness import Strict
from service.trainings.optimizers import Fraction, Optimizer

FOCAL: Final = "categorical_focal_crossentropy"
SMOOTHED: Final = ("categorical_crossentropy", FOCAL)
FALLING: Final = ("step", "exponential")


class Loss(Strict):
    """What training makes small."""

    name: Literal[
        "categorical_crossentropy",
        "categorical_focal_crossentropy",
        "mean_squared_error",
        "categorical_hinge",
        "hinge",
        "kl_divergence",
    ] = "categorical_crossentropy"
    label_smoothing: Annotated[float, Field(ge=0, le=0.5)] = 0.0
    """For the two cross-entropies."""
    gamma: Annotated[float, Field(ge=0, le=10)] | None = None
    """For categorical_focal_crossentropy: how little what is known already counts. 2 where nothing is said."""
    alpha: Annotated[float, Field(gt=0, le=1)] | None = None
    """For categorical_focal_crossentropy: a factor for all classes. 0.25 where nothing is said."""
    each_head: bool = False
    """For a network that ends in the Average of several heads: each learns by itself, only their answers are averaged."""

    def contradictions(self) -> Iterator[tuple[tuple[str, ...], str]]:
        """Give the arguments of other losses."""
        if self.label_smoothing and self.name not in SMOOTHED:
            yield ("label_smoothing",), f"{self.name} has none; {' and '.join(SMOOTHED)} do"
        for argument in ("gamma", "alpha"):
            if getattr(self, argument) is not None and self.name != FOCAL:
                yield (argument,), f"{self.name} has none; {FOCAL} does"


class Schedule(Strict):
    """How the learning rate moves; it peaks at the optimizer's."""

    name: Literal["constant", "step", "exponential", "cosine", "one_cycle"] = "constant"
    warmup_epochs: Annotated[float, Field(ge=0, le=100)] = 0.0
    factor: Annotated[float, Field(ge=0.001, le=0.999)] | None = None
    """For step (0.5 where nothing is said) and exponential (0.9): what the rate is multiplied by …"""
    every_epochs: Annotated[float, Field(ge=0.01, le=10_000)] | None = None
    """… in so many epochs (5 and 1)."""

    @field_validator("name", mode="before")
    @classmethod
    def _is_no_callback(cls, name: Any) -> Any:  # noqa: ANN401 - whatever a client sent
        if name in ("plateau", "reduce_lr_on_plateau"):
            advice = "It watches a figure, so it is a callback: give callbacks.reduce_lr_on_plateau, and leave the schedule out"
            raise PydanticCustomError("value_error", "{advice}", {"advice": advice})
        return name

    def contradictions(self) -> Iterator[tuple[tuple[str, ...], str]]:
        """Give the arguments of other schedules."""
        for argument in ("factor", "every_epochs"):
            if getattr(self, argument) is not None and self.name not in FALLING:
                yield (argument,), f"{self.name} has none; {' and '.join(FALLING)} do"

    @property
    def moves(self) -> bool:
        """Whether the rate differs from step to step."""
        return self.name != "constant" or self.warmup_epochs > 0


class Augmentation(Strict):
    """Random changes to every training image, new ones each epoch."""

    rotation: Annotated[float, Field(ge=0, le=180)] = 0.0
    """Degrees, to both sides."""
    zoom: Annotated[float, Field(ge=0, le=0.9)] = 0.0
    """Share by which an image grows or shrinks."""
    shift: Annotated[float, Field(ge=0, le=0.9)] = 0.0
    """Share of the side by which it moves."""
    shear: Annotated[float, Field(ge=0, le=2)] = 0.0
    """Tangent of the angle."""
    elastic: Annotated[float, Field(ge=0, le=0.5)] = 0.0
    """Share of the side by which a point moves at most when an image is bent, smoothly, like another hand's writing."""
    stroke_width: Annotated[float, Field(ge=0, le=8)] = 0.0
    """Pixels by which bright strokes get wider or thinner, as by another pen."""
    variants: Annotated[float, Field(ge=0, le=1)] = 0.0
    """Share of the handwritten sevens that get a bar through the stem, and of the ones that get a flag."""
    horizontal_flip: bool = False
    """Not for digits."""
    vertical_flip: bool = False
    brightness: Annotated[float, Field(ge=0, le=0.9)] = 0.0
    """Share by which an image gets lighter or darker."""
    cutout: Annotated[float, Field(ge=0, le=1)] = 0.0
    """Side of a black square somewhere on the image, as a share of the image's shorter side."""
    mixup: Annotated[float, Field(ge=0, le=10)] = 0.0
    """Blend images and labels of a batch in pairs, by shares from Beta(mixup, mixup)."""


Monitor = Literal["loss", "accuracy", "val_loss", "val_accuracy"]


class ReduceLrOnPlateau(Strict):
    """Cuts the learning rate when the figure has stopped improving."""

    monitor: Monitor = "val_accuracy"
    factor: Annotated[float, Field(ge=0.001, le=0.999)] = 0.5
    patience: Annotated[int, Field(ge=0, le=1000)] = 3
    min_lr: Annotated[float, Field(ge=0, le=1)] = 1e-5
    min_delta: Annotated[float, Field(ge=0, le=100)] = 1e-4
    """What is less is no improvement."""
    cooldown: Annotated[int, Field(ge=0, le=1000)] = 0
    """Epochs to wait after a cut."""


class EarlyStopping(Strict):
    """Ends the training when the figure has stopped improving."""

    monitor: Monitor = "val_accuracy"
    patience: Annotated[int, Field(ge=0, le=1000)] = 5
    restore_best_weights: bool = True
    min_delta: Annotated[float, Field(ge=0, le=100)] = 0.0
    """What is less is no improvement."""


class Callbacks(Strict):
    """What watches the figures between epochs."""

    reduce_lr_on_plateau: ReduceLrOnPlateau | None = None
    early_stopping: EarlyStopping | None = None


class Ema(Strict):
    """Validate, and end, with a moving average of the weights: average = momentum * average + (1 - momentum) * weights."""

    momentum: Fraction = 0.99


Weight = Annotated[float, Field(ge=0, le=1000)]


def _weighting(value: Any) -> str:  # noqa: ANN401 - whatever a client sent
    return "tag:word" if isinstance(value, str) else "tag:weights"


ClassWeight = Annotated[
    Annotated[Literal["balanced"], Tag("tag:word")]
    | Annotated[Annotated[Mapping[str, Weight], Field(min_length=1, max_length=1000)], Tag("tag:weights")],
    Discriminator(_weighting),
]


class Recipe(Strict):
    """How a network is trained."""

    epochs: Annotated[int, Field(ge=1, le=10_000)] = 10
    batch_size: Annotated[int, Field(ge=1, le=65_536)] = 128
    drop_remainder: bool = False
    """Leave out the last, partial batch of an epoch."""
    optimizer: Optimizer = Optimizer()
    loss: Loss = Loss()
    schedule: Schedule = Schedule()
    augmentation: Augmentation | None = None
    callbacks: Callbacks = Callbacks()
    class_weight: ClassWeight | None = None
    """`balanced`, or how much an image of a class counts: `{"7": 2.5}`; other classes count 1."""
    ema: Ema | None = None
    precision: Literal["float32", "mixed"] = "float32"
    """`mixed` computes in bfloat16 and keeps weights in float32: faster on newer GPUs, slower on most CPUs."""

    def contradictions(self) -> Iterator[tuple[tuple[str, ...], str]]:
        """Give what no part is to blame for alone."""
        schedule = self.schedule
        if schedule.moves and self.callbacks.reduce_lr_on_plateau is not None:
            detail = (
                f"The schedule ({schedule.name}, warm-up) and reduce_lr_on_plateau both set the rate; "
                "set one of them to null"
            )
            yield ("callbacks", "reduce_lr_on_plateau"), detail
        if schedule.warmup_epochs > self.epochs:
            detail = f"Received {schedule.warmup_epochs:g}; the training has only {self.epochs} epochs"
            yield ("schedule", "warmup_epochs"), detail
