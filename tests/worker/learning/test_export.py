import gc
from collections.abc import Callable
from pathlib import Path

import keras
import numpy as np
import onnx
import onnxruntime
import pytest
from tf2onnx.graph import Graph

from tests.worker.learning.conftest import TINY, to_unit
from tests.worker.learning.test_networks import EVERY_LAYER
from worker.learning.datasets import LabelledImages
from worker.learning.errors import ParityError
from worker.learning.export import parity, to_keras, to_onnx
from worker.learning.layers import ACTIVATIONS
from worker.learning.networks import build
from worker.learning.training import Job, fit


@pytest.fixture(scope="module")
def untrained() -> keras.Model:
    return build(TINY, (28, 28, 1), seed=3)


@pytest.fixture(scope="module")
def onnx_bytes(untrained: keras.Model) -> bytes:
    return to_onnx(untrained)


def test_a_trained_model_answers_the_same_from_its_onnx_and_its_keras_file(
    job: Callable[..., Job], train: LabelledImages, test: LabelledImages, tmp_path: Path
):
    model = fit(job(layers=TINY), train, test, to_unit).model
    images = to_unit(test.images)
    answers = model.predict(images, verbose=0)

    difference = parity(model, to_onnx(model), images)
    (tmp_path / "model.keras").write_bytes(to_keras(model))
    loaded = keras.saving.load_model(tmp_path / "model.keras")

    assert 0 <= difference < 1e-5
    assert np.array_equal(loaded.predict(images, verbose=0), answers)
    assert np.array_equal(model.predict(images, verbose=0), answers)


def test_the_keras_file_carries_no_optimizer_and_the_model_keeps_its_own(tmp_path: Path):
    model = build(TINY, (28, 28, 1), seed=3)
    model.compile(optimizer="adam", loss="categorical_crossentropy")
    model.train_on_batch(np.zeros((2, 28, 28, 1)), np.eye(10)[:2])

    (tmp_path / "model.keras").write_bytes(to_keras(model))

    assert not keras.saving.load_model(tmp_path / "model.keras").compiled
    assert int(model.optimizer.iterations) == 1


@pytest.mark.skipif(keras.backend.backend() != "tensorflow", reason="elsewhere a child process converts")
def test_the_copies_that_the_converter_makes_do_not_pile_up(untrained: keras.Model):
    gc.collect()
    before = gc.get_threshold(), gc.get_freeze_count()

    to_onnx(untrained)

    alive = sum(isinstance(one, Graph) for one in gc.get_objects())
    assert 0 < alive < 12, "each of some 24 passes makes one, with all weights"
    assert (gc.get_threshold(), gc.get_freeze_count()) == before


@pytest.mark.parametrize("count", [1, 7])
def test_the_onnx_file_takes_any_number_of_images_by_name_and_gives_probabilities(onnx_bytes: bytes, count: int):
    session = onnxruntime.InferenceSession(onnx_bytes, providers=["CPUExecutionProvider"])

    (probabilities,) = session.run(["probabilities"], {"images": np.zeros((count, 28, 28, 1), np.float32)})

    assert [entry.name for entry in session.get_inputs()] == ["images"]
    assert [entry.name for entry in session.get_outputs()] == ["probabilities"]
    assert probabilities.shape == (count, 10)
    assert probabilities.dtype == np.float32
    assert probabilities.sum(axis=1) == pytest.approx(np.ones(count), abs=1e-5)


def test_every_layer_that_a_network_may_have_survives_the_export(test: LabelledImages):
    model = build(EVERY_LAYER, (28, 28, 1), seed=1)

    assert parity(model, to_onnx(model), to_unit(test.images[:20])) < 1e-5


def test_every_activation_that_a_layer_may_have_survives_the_export(test: LabelledImages):
    every = [{"layer": "Activation", "activation": name} for name in sorted(ACTIVATIONS - {"softmax"})]
    model = build([{"layer": "MaxPooling2D", "pool_size": 4}, *every, *TINY[2:]], (28, 28, 1), seed=1)

    assert parity(model, to_onnx(model), to_unit(test.images[:20])) < 1e-5


def test_an_export_of_other_weights_is_found_out(untrained: keras.Model, onnx_bytes: bytes, test: LabelledImages):
    other = build(TINY, (28, 28, 1), seed=4)

    with pytest.raises(ParityError) as found:
        parity(other, onnx_bytes, to_unit(test.images[:20]))

    assert found.value.difference > 1e-4


def test_an_export_that_answers_nan_is_found_out(onnx_bytes: bytes, untrained: keras.Model):
    with pytest.raises(ParityError):
        parity(untrained, onnx_bytes, np.full((1, 28, 28, 1), np.nan, np.float32))


def test_exporting_says_nothing(untrained: keras.Model, capfd: pytest.CaptureFixture[str]):
    to_onnx(untrained)
    to_keras(untrained)

    assert capfd.readouterr() == ("", "")


def test_the_onnx_file_is_valid(onnx_bytes: bytes):
    onnx.checker.check_model(onnx.load_from_string(onnx_bytes), full_check=True)
