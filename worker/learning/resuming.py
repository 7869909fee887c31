"""Fitting a model from any place of its training on, so that its callbacks see one training.

Keras begins only at an epoch's first step. So the rest of an epoch is fitted as an epoch of its own, and what remains
after it as a second fit; `Hooks` hides from the callbacks that there were two.
"""

import keras

from worker.learning.capturing import Workings
from worker.learning.checkpoints import Place, State
from worker.learning.datasets import Batch, OrderedBatches, TrainingBatches
from worker.learning.feeding import Feed


class Hooks(keras.callbacks.CallbackList):  # type: ignore[misc]  # keras has no types
    """A training's callbacks. They hear one beginning and one end, and the numbers of the whole epoch's steps.

    Puts back what Keras resets: the callbacks' memories as the training begins, the metrics as the epoch does in whose
    middle it goes on.
    """

    def __init__(
        self,
        callbacks: list[keras.callbacks.Callback],
        model: keras.Model,
        workings: Workings,
        state: State | None,
        last: Place,
    ) -> None:
        """`last`: the last step of the last epoch, as `params` tells it to the callbacks."""
        super().__init__(callbacks, add_history=True, model=model, verbose=0, epochs=last.epoch, steps=last.step)
        self._workings = workings
        self._state = state
        self._steps_before = 0
        self._logs: object = None

    def begin(self) -> None:
        """The training begins, or goes on."""
        super().on_train_begin()
        if self._state is not None:
            self._workings.restore_callbacks(self._state)

    def end(self) -> None:
        """The training is over."""
        super().on_train_end(self._logs)

    def on_train_begin(self, logs: object = None) -> None:
        """Keras begins one of its fits: nobody need know."""

    def on_train_end(self, logs: object = None) -> None:
        """Keras ends one of its fits: nobody need know."""
        self._logs = logs

    def on_epoch_begin(self, epoch: int, logs: object = None) -> None:
        self._steps_before = 0
        if self._state is not None and self._state.place.step and epoch == self._state.place.epoch:
            self._steps_before = self._state.place.step
            self._workings.restore_metrics(self.model, self._state)
        super().on_epoch_begin(epoch, logs)

    def on_train_batch_begin(self, batch: int, logs: object = None) -> None:
        super().on_train_batch_begin(self._steps_before + batch, logs)

    def on_train_batch_end(self, batch: int, logs: object = None) -> None:
        super().on_train_batch_end(self._steps_before + batch, logs)


class RemainingBatches(keras.utils.PyDataset):  # type: ignore[misc]  # keras has no types
    """The batches of an epoch from the step `first` on."""

    def __init__(self, batches: TrainingBatches, first: int) -> None:
        super().__init__()
        self._batches = batches
        self._first = first

    def __len__(self) -> int:
        return len(self._batches) - self._first

    def __getitem__(self, index: int) -> Batch:
        return self._batches[self._first + index]


def fit_from(
    place: Place,
    model: keras.Model,
    batches: TrainingBatches,
    validation: OrderedBatches | None,
    hooks: Hooks,
    epochs: int,
) -> None:
    """Train from `place` to the end of `epochs` epochs, unless a callback stops it early or had done so already."""
    hooks.begin()
    epoch = place.epoch
    if place.step:
        batches.start_epoch(epoch)
        if place.step < len(batches):
            _fit(model, RemainingBatches(batches, place.step), validation, hooks, epoch, epoch + 1)
        else:
            _end_epoch(model, validation, hooks, epoch)
        epoch += 1
    if epoch < epochs and not model.stop_training:
        batches.start_epoch(epoch)  # Keras asks for a batch or two before the epoch begins
        _fit(model, batches, validation, hooks, epoch, epochs)
    hooks.end()


def _fit(
    model: keras.Model,
    batches: keras.utils.PyDataset,
    validation: OrderedBatches | None,
    hooks: Hooks,
    first_epoch: int,
    epochs: int,
) -> None:
    model.fit(
        Feed(batches),
        initial_epoch=first_epoch,
        epochs=epochs,
        validation_data=None if validation is None else Feed(validation),
        callbacks=hooks,
        shuffle=False,
        verbose=0,
    )


def _end_epoch(model: keras.Model, validation: OrderedBatches | None, hooks: Hooks, epoch: int) -> None:
    """What Keras does after an epoch's last step, for an epoch that has no step left: Keras fits no empty epoch."""
    model.reset_metrics()
    hooks.on_epoch_begin(epoch)
    logs = dict(model.get_metrics_result())
    if validation is not None:
        found = model.evaluate(Feed(validation), callbacks=hooks, verbose=0, return_dict=True)
        logs |= {f"val_{name}": value for name, value in found.items()}
    hooks.on_epoch_end(epoch, logs)
