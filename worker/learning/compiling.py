"""From a recipe to a compiled Keras model."""

from collections.abc import Mapping

import keras

from worker.learning.heads import EachHead, accuracy
from worker.learning.optimizers import optimizer
from worker.learning.recipes import LossSpec, Recipe

GAMMA = 2.0
ALPHA = 0.25
"""Of the focal cross-entropy where the recipe says nothing (Lin et al. 2017, arXiv:1708.02002)."""

_OTHER_LOSSES: Mapping[str, type[keras.losses.Loss]] = {
    "mean_squared_error": keras.losses.MeanSquaredError,
    "categorical_hinge": keras.losses.CategoricalHinge,
    "hinge": keras.losses.Hinge,
    "kl_divergence": keras.losses.KLDivergence,
}


def compile_model(model: keras.Model, recipe: Recipe) -> None:
    """Give the model the recipe's optimizer and loss, and the metric `accuracy`. With `each_head` the model is one that
    `heads.apart` has made.

    With label smoothing, `loss` and `val_loss` are those of the smoothed labels, because that is what is minimised;
    `worker.learning.evaluation` reports the plain cross-entropy. So it is with every loss.
    """
    last = model.output._keras_history.operation
    ends = [tensor._keras_history.operation for tensor in last.input] if recipe.loss.each_head else [last]
    whole = loss(recipe.loss)
    model.compile(
        optimizer=optimizer(recipe.optimizer, ema_momentum=recipe.ema_momentum, last_layers=[end.name for end in ends]),
        loss=EachHead(whole) if recipe.loss.each_head else whole,
        metrics=[accuracy() if recipe.loss.each_head else "accuracy"],
    )


def loss(spec: LossSpec) -> keras.losses.Loss:
    """A loss of probabilities p against one-hot labels y of k classes, the mean over a batch.

    - `categorical_crossentropy`: -sum(y log p).
    - `categorical_focal_crossentropy`: -sum(alpha (1 - p)^gamma y log p) (Lin et al. 2017, arXiv:1708.02002).
    - `mean_squared_error`: sum((y - p)^2) / k.
    - `categorical_hinge`: max(0, 1 + max((1 - y) p) - sum(y p)) (Crammer & Singer 2001, of probabilities).
    - `hinge`: sum(max(0, 1 - (2 y - 1) p)) / k.
    - `kl_divergence`: sum(y log(y / p)): the cross-entropy less the entropy of y, which only label mixing makes differ.
    """
    match spec.name:
        case "categorical_crossentropy":
            return keras.losses.CategoricalCrossentropy(label_smoothing=spec.label_smoothing)
        case "categorical_focal_crossentropy":
            return keras.losses.CategoricalFocalCrossentropy(
                alpha=ALPHA if spec.alpha is None else spec.alpha,
                gamma=GAMMA if spec.gamma is None else spec.gamma,
                label_smoothing=spec.label_smoothing,
            )
    return _OTHER_LOSSES[spec.name]()
