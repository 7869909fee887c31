"""A network that ends in the average of several heads, trained so that each of them learns by itself.

An average of networks is right more often than any of them, as long as their mistakes differ. Trained through their average
they would come to lean on each other; so the losses of all heads are added up, as Keras does with several outputs, and only
the answers are averaged. Heads that share no layer learn just what each would learn alone on the same batches.
"""

import keras

from worker.learning.errors import InvalidRecipe


def heads_of(model: keras.Model) -> list[keras.KerasTensor]:
    """The outputs, (n, classes) each, whose average the network gives; raise InvalidRecipe where it ends in none."""
    last = model.output._keras_history.operation
    found = list(last.input) if isinstance(last, keras.layers.Average) else []
    if len(found) < 2:
        raise InvalidRecipe("each_head wants a network that ends in the Average of two heads or more.")
    return found


def apart(model: keras.Model) -> keras.Model:
    """The same network, layers and weights, with its heads side by side: (n, heads, classes) comes out."""
    return keras.Model(model.inputs, keras.ops.stack(heads_of(model), axis=1), name=model.name)


class EachHead(keras.losses.Loss):  # type: ignore[misc]  # keras has no types
    """The sum of a loss over the heads, of (n, classes) labels and (n, heads, classes) probabilities."""

    def __init__(self, loss: keras.losses.Loss) -> None:
        super().__init__(name=loss.name)
        self._loss = loss

    def call(self, y_true: keras.KerasTensor, y_pred: keras.KerasTensor) -> keras.KerasTensor:
        labels = keras.ops.repeat(keras.ops.expand_dims(y_true, 1), y_pred.shape[1], axis=1)
        return keras.ops.sum(self._loss.call(labels, y_pred), axis=-1)


def accuracy() -> keras.metrics.Metric:
    """How often the average of the heads is right."""
    return keras.metrics.MeanMetricWrapper(_is_average_right, name="accuracy")


def _is_average_right(y_true: keras.KerasTensor, y_pred: keras.KerasTensor) -> keras.KerasTensor:
    return keras.metrics.categorical_accuracy(y_true, keras.ops.mean(y_pred, axis=1))
