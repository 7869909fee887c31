"""From a recipe to a compiled Keras model."""

from collections.abc import Mapping

import keras

from worker.learning.recipes import LossSpec, OptimizerSpec, Recipe

_OPTIMIZERS: Mapping[str, type[keras.optimizers.Optimizer]] = {
    "adadelta": keras.optimizers.Adadelta,
    "sgd": keras.optimizers.SGD,
    "adam": keras.optimizers.Adam,
    "adamw": keras.optimizers.AdamW,
    "rmsprop": keras.optimizers.RMSprop,
    "nadam": keras.optimizers.Nadam,
    "adagrad": keras.optimizers.Adagrad,
}


def compile_model(model: keras.Model, recipe: Recipe) -> None:
    """Give the model the recipe's optimizer and loss, and the metric `accuracy`.

    With label smoothing, `loss` and `val_loss` are those of the smoothed labels, because that is what is minimised;
    `worker.learning.evaluation` reports the plain cross-entropy.
    """
    model.compile(optimizer=optimizer(recipe.optimizer), loss=loss(recipe.loss), metrics=["accuracy"])


def optimizer(spec: OptimizerSpec) -> keras.optimizers.Optimizer:
    """The learning rate is always said: Keras 3's Adadelta would take 0.001 where the old one took 1.0."""
    arguments: dict[str, object] = {"learning_rate": spec.learning_rate, "weight_decay": spec.weight_decay or None}
    if spec.name == "adamw":
        arguments["weight_decay"] = spec.weight_decay
    if spec.name in {"sgd", "rmsprop"}:
        arguments["momentum"] = spec.momentum
    if spec.name == "sgd":
        arguments["nesterov"] = spec.nesterov
    return _OPTIMIZERS[spec.name](**arguments)


def loss(spec: LossSpec) -> keras.losses.Loss:
    """Cross-entropy of probabilities against one-hot labels, the mean over a batch."""
    return keras.losses.CategoricalCrossentropy(label_smoothing=spec.label_smoothing)
