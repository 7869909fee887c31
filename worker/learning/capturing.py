"""What changes in a training as it goes on: taken out of Keras' objects as a `State`, and put back into new ones.

Keys of `State.arrays` are `group/index/path`: `model` (weights, the moving statistics of normalisation, the states of
dropout's generators), `optimizer` (iterations, learning rate, moments), `metrics` (the means of the epoch so far) and
`best_weights` (early stopping's). Keras' global generators are not among them: they are drawn from only while a network
is built, and a resumed training builds its network from the same seed.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import TypeVar

import keras
import numpy as np
from numpy.typing import NDArray

from worker.learning.checkpoints import CallbackState, Place, State
from worker.learning.errors import UnusableCheckpoint
from worker.learning.following import Recording

_ATTRIBUTES: Mapping[type[keras.callbacks.Callback], tuple[str, ...]] = {
    keras.callbacks.ReduceLROnPlateau: ("wait", "best", "cooldown_counter"),
    keras.callbacks.EarlyStopping: ("wait", "best", "best_epoch", "stopped_epoch"),
}
"""What these callbacks remember from epoch to epoch; the best weights are kept beside, as arrays."""

Value = TypeVar("Value")

_METRICS = "metrics/"
_BEST_WEIGHTS = "best_weights/"


def create_variables(model: keras.Model, classes: int) -> None:
    """Create at once what Keras creates with the first step, so that there is something to put values into."""
    model.optimizer.build(model.trainable_variables)
    answers = keras.ops.zeros((1, *model.output_shape[1:]))
    model.compute_metrics(x=None, y=keras.ops.zeros((1, classes)), y_pred=answers)
    model.reset_metrics()


@dataclass(frozen=True)
class Workings:
    """The moving parts of one training, but its model.

    `watching` are the recipe's callbacks (`recipe_callbacks`); `fingerprint` names the training.
    """

    recording: Recording
    watching: Sequence[keras.callbacks.Callback]
    fingerprint: str

    def capture(self, model: keras.Model, place: Place) -> State:
        """The state at `place`, which is where the training is now."""
        best_weights = self._best_weights()
        return State(
            place=place,
            fingerprint=self.fingerprint,
            backend=keras.backend.backend(),
            keras_version=keras.__version__,
            epochs=tuple(self.recording.epochs),
            seconds=self.recording.seconds() if place.step else 0.0,
            stopped=bool(model.stop_training),
            callbacks={type(callback).__name__: _attributes(callback) for callback in self.watching},
            arrays={
                **{key: variable.numpy() for key, variable in _variables(model).items()},
                **({} if best_weights is None else _keyed(_BEST_WEIGHTS, model.weights, best_weights)),
            },
        )

    def restore(self, model: keras.Model, state: State, last: Place) -> None:
        """Put the variables and the log back, all of them or, where something does not fit, none.

        `last`: the last step of the last epoch. The callbacks forget what they know when a training begins, and the
        metrics when an epoch does: `restore_callbacks` and `restore_metrics` are for the moments after that.

        Raises UnusableCheckpoint when the state is of another training, another network or another backend.
        """
        self._check(model, state, last)
        for key, variable in _variables(model).items():
            variable.assign(state.arrays[key])
        self.recording.go_on(state.epochs, state.seconds)
        model.stop_training = state.stopped

    def restore_callbacks(self, state: State) -> None:
        """Give the recipe's callbacks back what they knew."""
        best_weights = [state.arrays[key] for key in sorted(state.arrays) if key.startswith(_BEST_WEIGHTS)]
        for callback in self.watching:
            for name, value in state.callbacks[type(callback).__name__].items():
                setattr(callback, name, value)
            if isinstance(callback, keras.callbacks.EarlyStopping):
                callback.best_weights = best_weights or None

    def restore_metrics(self, model: keras.Model, state: State) -> None:
        """Put back the means of the epoch so far, so that its figures come out as those of the whole epoch."""
        for key, variable in _variables(model).items():
            if key.startswith(_METRICS):
                variable.assign(state.arrays[key])

    def _check(self, model: keras.Model, state: State, last: Place) -> None:
        _require("fingerprint", self.fingerprint, state.fingerprint)
        _require("backend", keras.backend.backend(), state.backend)
        if state.place.step > last.step or state.place > Place(last.epoch, 0):
            raise UnusableCheckpoint(f"The training has no such place. Received: {state.place}")
        attributes = {type(callback).__name__: sorted(_ATTRIBUTES[type(callback)]) for callback in self.watching}
        _require("callbacks", attributes, {name: sorted(known) for name, known in state.callbacks.items()})
        expected = _layout(_variables(model))
        received = _layout(state.arrays)
        if any(key.startswith(_BEST_WEIGHTS) for key in received):
            expected |= _layout(_keyed(_BEST_WEIGHTS, model.weights, model.weights))
        for key in sorted(expected.keys() | received.keys()):
            _require(key, expected.get(key, "no such array"), received.get(key, "no such array"))

    def _best_weights(self) -> Sequence[NDArray[np.generic]] | None:
        stopping = (callback for callback in self.watching if isinstance(callback, keras.callbacks.EarlyStopping))
        return next((callback.best_weights for callback in stopping), None)


def _attributes(callback: keras.callbacks.Callback) -> CallbackState:
    return {name: getattr(callback, name) for name in _ATTRIBUTES[type(callback)]}


def _variables(model: keras.Model) -> dict[str, keras.Variable]:
    groups = (
        ("model/", model.variables),
        ("optimizer/", model.optimizer.variables),
        (_METRICS, model.metrics_variables),
    )
    return {key: variable for group, found in groups for key, variable in _keyed(group, found, found).items()}


def _keyed(group: str, variables: Iterable[keras.Variable], values: Iterable[Value]) -> dict[str, Value]:
    """Values by the place and path of their variables. The index keeps apart what Keras may call the same."""
    return {
        f"{group}{index:04}/{variable.path}": value
        for index, (variable, value) in enumerate(zip(variables, values, strict=True))
    }


def _layout(arrays: Mapping[str, NDArray[np.generic] | keras.Variable]) -> dict[str, str]:
    """For each array or variable its dtype and shape, in words."""
    return {key: f"{array.dtype} {tuple(array.shape)}" for key, array in arrays.items()}


def _require(what: str, expected: object, received: object) -> None:
    if expected != received:
        raise UnusableCheckpoint(
            f"The checkpoint is not of this training: {what} must be {expected}. Received: {received}"
        )
