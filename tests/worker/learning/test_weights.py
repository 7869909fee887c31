"""The hash of a network's weights, and how two sets of them differ."""

import hashlib
from collections.abc import Callable

import keras
import numpy as np
import pytest

from tests.worker.learning.conftest import LINEAR, TINY, to_unit
from worker.learning.datasets import LabelledImages
from worker.learning.errors import UnreadableWeights
from worker.learning.export import to_keras
from worker.learning.networks import build
from worker.learning.training import Job, fit
from worker.learning.weights import Weights, compare, weigh

ROWS = (
    {"layer": "Reshape", "target_shape": [28, 28]},
    {"layer": "LSTM", "units": 4},
    {"layer": "Dense", "units": 10, "activation": "softmax"},
)


def built(layers: object = TINY, seed: int = 1) -> keras.Model:
    keras.utils.clear_session()
    return build(layers, (28, 28, 1), seed)


def test_the_hash_is_over_names_dtypes_shapes_and_bytes_in_keras_order():
    model = built()

    found = weigh(model)

    expected = hashlib.sha256()
    for name, value in zip((array.name for array in found.arrays), model.get_weights(), strict=True):
        expected.update(f"{name} float32 {value.shape}\n".encode() + value.astype("<f4").tobytes())
    assert found.sha256 == expected.hexdigest()
    assert [array.name for array in found.arrays][:3] == [
        "conv2d/kernel",
        "conv2d/bias",
        "batch_normalization/gamma",
    ]


@pytest.mark.parametrize("layers", [LINEAR, TINY, ROWS])
def test_the_same_training_has_the_same_hash_and_another_seed_another(
    job: Callable[..., Job], train: LabelledImages, test: LabelledImages, layers: object
):
    def hashed(seed: int) -> Weights:
        return weigh(fit(job(layers=layers, seed=seed, epochs=1), train, test, to_unit).model)

    first, second, other = hashed(1), hashed(1), hashed(2)

    assert first == second
    assert first.sha256 != other.sha256
    assert [array.name for array in first.arrays] == [array.name for array in other.arrays]


def test_the_hash_is_that_of_the_stored_file_read_again(tmp_path):
    model = built()
    (tmp_path / "model.keras").write_bytes(to_keras(model))

    assert weigh(keras.saving.load_model(tmp_path / "model.keras")) == weigh(model)


@pytest.mark.parametrize("layers", [LINEAR, TINY, ROWS])
def test_a_network_does_not_differ_from_its_own_file(layers: object):
    model = built(layers)

    found = compare(model, to_keras(model))

    assert (found.arrays, found.differing, found.largest, found.where) == (len(model.weights), 0, 0.0, None)


def test_the_largest_difference_is_found_with_its_array():
    model = built()
    file = to_keras(model)
    for place, change in ((0, 0.25), (-1, -0.5)):
        value = model.weights[place].numpy()
        value.flat[0] += change
        model.weights[place].assign(value)

    found = compare(model, file)

    assert (found.differing, found.where) == (2, "dense/bias")
    assert found.largest == pytest.approx(0.5)


def test_bits_that_differ_are_a_difference_although_the_numbers_are_equal():
    model = built()
    file = to_keras(model)
    model.weights[-1].assign(-np.zeros(10, np.float32))

    found = compare(model, file)

    assert (found.differing, found.largest, found.where) == (1, 0.0, "dense/bias")


@pytest.mark.parametrize("value", [np.nan, np.inf, -np.inf])
@pytest.mark.parametrize("place", [0, -1])
def test_what_is_no_finite_number_differs_by_no_number_but_has_its_place(value: float, place: int):
    model = built()
    file = to_keras(model)
    for each in (0, -1):
        model.weights[each].assign(model.weights[each].numpy() + np.float32(1))
    model.weights[place].assign(np.full(model.weights[place].shape, value, np.float32))

    found = compare(model, file)

    assert (found.differing, found.largest, found.where) == (2, None, model.weights[place].path)


@pytest.mark.parametrize("content", [b"", b"PK\x03\x04", b"no file of Keras" * 100])
def test_bytes_that_are_no_network_are_told_as_such(content: bytes):
    with pytest.raises(UnreadableWeights, match="weights cannot be read"):
        compare(built(), content)


@pytest.mark.parametrize(
    "layers", [({"layer": "Flatten"}, {"layer": "Dense", "units": 7, "activation": "softmax"}), TINY, ROWS]
)
def test_a_file_of_another_architecture_is_told_as_such(layers: object):
    other = to_keras(built(layers))

    with pytest.raises(UnreadableWeights, match="other layers"):
        compare(built(LINEAR), other)
