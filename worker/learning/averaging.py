"""A training that validates, and ends, with a moving average of its weights.

Keras' optimizers keep the average: after each step average = m * average + (1 - m) * weights, beginning with the weights
after the first (Polyak & Juditsky 1992; of networks, Tarvainen & Valpola 2017, arXiv:1703.01780). It is one of the
optimizer's variables, so that checkpoints have it. It is of trainable weights only: the statistics of batch normalisation
are moving averages already.

During validation and while the recipe's callbacks look at an epoch, the model has the averages, and between epochs its own
weights: early stopping keeps, and goes back to, the averages that it saw measured.
"""

import keras
import numpy as np
from numpy.typing import NDArray


class Averaging(keras.callbacks.Callback):  # type: ignore[misc]  # keras has no types
    """Puts the averages into the model: before validation or, without one, at an epoch's end, and as the training ends.
    Comes before the callbacks that look at an epoch.
    """

    def __init__(self) -> None:
        super().__init__()
        self._own: list[NDArray[np.generic]] | None = None

    def on_test_begin(self, logs: object = None) -> None:  # noqa: ARG002  # Keras' signature
        self._put_in()

    def on_epoch_end(self, epoch: int, logs: object = None) -> None:  # noqa: ARG002  # Keras' signature
        self._put_in()

    def on_train_end(self, logs: object = None) -> None:  # noqa: ARG002  # Keras' signature
        self._put_in()

    def take_out(self) -> None:
        """Give the model its own weights back."""
        if self._own is None:
            return
        for variable, value in zip(self.model.trainable_variables, self._own, strict=True):
            variable.assign(value)
        self._own = None

    def _put_in(self) -> None:
        if self._own is not None:
            return
        model = self.model
        self._own = [_copied(variable) for variable in model.trainable_variables]
        # Keras has no public name for them; its own SwapEMAWeights takes them from here.
        averages = model.optimizer._model_variables_moving_average
        for variable, average in zip(model.trainable_variables, averages, strict=True):
            variable.assign(_copied(average))


class TakingOut(keras.callbacks.Callback):  # type: ignore[misc]  # keras has no types
    """Gives the model its own weights back at an epoch's end. Comes after the callbacks that look at an epoch."""

    def __init__(self, averaging: Averaging) -> None:
        super().__init__()
        self._averaging = averaging

    def on_epoch_end(self, epoch: int, logs: object = None) -> None:  # noqa: ARG002  # Keras' signature
        self._averaging.take_out()


def _copied(variable: keras.Variable) -> NDArray[np.generic]:
    """A value of its own: JAX gives the memory of a step's inputs away, and what two variables shared would be gone."""
    return np.array(keras.ops.convert_to_numpy(variable))
