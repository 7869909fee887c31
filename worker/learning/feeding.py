"""How batches reach Keras on TensorFlow: through tf.data, but without its autotuning.

For every iterator, which is every epoch and every validation, tf.data starts a thread that looks for better settings, after 10
ms, 20 ms, 40 ms … up to a minute. It often does not hear that its iterator has ended, and then the epoch ends only when the
thread wakes by itself: up to as long again as the epoch took, while nothing is computed. There is nothing to tune here, for one
thread prepares the batches and one more is ready.
"""

from typing import Any

import keras
from keras.src.trainers.data_adapters.py_dataset_adapter import PyDatasetAdapter


class Feed(PyDatasetAdapter):  # type: ignore[misc]  # keras has no types
    """Batches for `fit`, `evaluate` or `predict`; what Keras makes of a PyDataset by itself, on other backends just that."""

    def __init__(self, batches: keras.utils.PyDataset) -> None:
        super().__init__(batches)

    def get_tf_dataset(self) -> Any:  # noqa: ANN401  # a tf.data.Dataset
        """The batches as a tf.data.Dataset."""
        dataset = super().get_tf_dataset()
        options = type(dataset.options())()
        options.autotune.enabled = False
        return dataset.with_options(options)
