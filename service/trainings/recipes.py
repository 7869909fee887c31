"""A recipe as JSON: optimizer, loss, schedule, augmentation, callbacks, epochs, batch size. Names are Keras'."""

from typing import Annotated, Literal

from pydantic import Field

from service.edge.strictness import Strict

Fraction = Annotated[float, Field(ge=0, lt=1)]


class Optimizer(Strict):
    """How weights follow gradients."""

    name: Literal["sgd", "rmsprop", "adam", "adamw", "nadam", "adagrad", "adadelta"] = "adam"
    learning_rate: Annotated[float, Field(gt=0, le=100)] = 0.001
    momentum: Fraction = 0.0
    """For sgd and rmsprop."""
    nesterov: bool = False
    """For sgd."""
    weight_decay: Fraction = 0.0
    """Decoupled, as in AdamW."""


class Loss(Strict):
    """What training makes small."""

    name: Literal["categorical_crossentropy"] = "categorical_crossentropy"
    label_smoothing: Annotated[float, Field(ge=0, le=0.5)] = 0.0


class Schedule(Strict):
    """How the learning rate moves; it peaks at the optimizer's."""

    name: Literal["constant", "cosine", "one_cycle"] = "constant"
    warmup_epochs: Annotated[float, Field(ge=0, le=100)] = 0.0


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
    horizontal_flip: bool = False
    """Not for digits."""


Monitor = Literal["loss", "accuracy", "val_loss", "val_accuracy"]


class ReduceLrOnPlateau(Strict):
    """Cuts the learning rate when the figure has stopped improving."""

    monitor: Monitor = "val_accuracy"
    factor: Annotated[float, Field(ge=0.001, le=0.999)] = 0.5
    patience: Annotated[int, Field(ge=0, le=1000)] = 3
    min_lr: Annotated[float, Field(ge=0, le=1)] = 1e-5


class EarlyStopping(Strict):
    """Ends the training when the figure has stopped improving."""

    monitor: Monitor = "val_accuracy"
    patience: Annotated[int, Field(ge=0, le=1000)] = 5
    restore_best_weights: bool = True


class Callbacks(Strict):
    """What watches the figures between epochs."""

    reduce_lr_on_plateau: ReduceLrOnPlateau | None = None
    early_stopping: EarlyStopping | None = None


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
