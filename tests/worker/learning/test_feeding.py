"""Batches on their way to Keras."""

import keras
import numpy as np
import pytest

from tests.worker.learning.conftest import to_unit
from worker.learning.datasets import LabelledImages, OrderedBatches
from worker.learning.feeding import Feed


@pytest.mark.skipif(keras.backend.backend() != "tensorflow", reason="tf.data feeds TensorFlow only")
def test_tf_data_looks_for_no_better_settings_and_gives_every_batch(test: LabelledImages):
    batches = OrderedBatches(test, 64, to_unit)

    dataset = Feed(batches).get_tf_dataset()

    assert dataset.options().autotune.enabled is False
    given = list(dataset.as_numpy_iterator())
    assert len(given) == len(batches)
    for number, (images, labels) in enumerate(given):
        np.testing.assert_array_equal(images, batches[number][0])
        np.testing.assert_array_equal(labels, batches[number][1])
