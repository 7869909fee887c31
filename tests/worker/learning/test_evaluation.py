import keras
import numpy as np
import pytest
from sklearn.metrics import classification_report, confusion_matrix, log_loss, top_k_accuracy_score

from tests.worker.learning.conftest import TINY, to_unit
from worker.learning.datasets import LabelledImages
from worker.learning.evaluation import evaluate, measure
from worker.learning.networks import build

NAMES = ("zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine")


class Counting(keras.callbacks.Callback):
    def __init__(self) -> None:
        super().__init__()
        self.batches = 0

    def on_predict_batch_end(self, batch, logs=None):
        self.batches += 1


@pytest.fixture(scope="module")
def model() -> keras.Model:
    """An untrained network: wrong often enough to have something to count."""
    return build(TINY, (28, 28, 1), seed=3)


def test_the_figures_are_those_of_scikit_learn(model: keras.Model, test: LabelledImages):
    probabilities = model.predict(to_unit(test.images), verbose=0)
    predicted = probabilities.argmax(axis=1)
    exact = probabilities.astype(float) / probabilities.astype(float).sum(axis=1, keepdims=True)

    evaluation = evaluate(model, test, NAMES, to_unit)

    report = classification_report(test.labels, predicted, target_names=NAMES, output_dict=True, zero_division=0)
    assert evaluation.classification_report == report
    assert evaluation.classification_report_text == classification_report(
        test.labels, predicted, target_names=NAMES, zero_division=0
    )
    assert np.array_equal(evaluation.confusion_matrix, confusion_matrix(test.labels, predicted))
    assert evaluation.test_accuracy == pytest.approx((predicted == test.labels).mean())
    assert evaluation.test_loss == pytest.approx(log_loss(test.labels, exact), rel=1e-4)
    assert evaluation.top_k == {k: top_k_accuracy_score(test.labels, probabilities, k=k) for k in (2, 3, 5)}
    assert [row.name for row in evaluation.classes] == list(NAMES)
    assert [row.recall for row in evaluation.classes] == [report[name]["recall"] for name in NAMES]
    assert sum(row.support for row in evaluation.classes) == len(test)


def test_the_test_set_is_predicted_once(model: keras.Model, digits: LabelledImages):
    counting = Counting()

    evaluate(model, digits, NAMES, to_unit, [counting])

    assert counting.batches == 3  # 600 images, 256 at a time


def test_what_a_callback_raises_comes_out(model: keras.Model, test: LabelledImages):
    class Cancelling(keras.callbacks.Callback):
        def on_predict_batch_end(self, batch, logs=None):
            raise InterruptedError

    with pytest.raises(InterruptedError):
        evaluate(model, test, NAMES, to_unit, [Cancelling()])


def test_misclassified_images_are_all_those_off_the_diagonal_with_what_they_were_taken_for():
    probabilities = np.array([[0.7, 0.2, 0.1], [0.1, 0.8, 0.1], [0.2, 0.5, 0.3], [0.0, 0.0, 1.0]], np.float32)

    evaluation = measure(probabilities, np.array([0, 2, 1, 0]), ["cat", "dog", "owl"])

    rows = [(row.index, row.true, row.predicted, row.confidence) for row in evaluation.misclassified]
    assert rows == [(1, 2, 1, pytest.approx(0.8)), (3, 0, 2, pytest.approx(1.0))]
    assert evaluation.confusion_matrix.tolist() == [[1, 0, 1], [0, 1, 0], [0, 1, 0]]
    assert evaluation.predicted.dtype == np.uint8
    assert evaluation.predicted.tolist() == [0, 1, 1, 2]
    assert evaluation.confidence.dtype == np.float32


def test_a_sure_mistake_costs_much_but_not_infinitely():
    evaluation = measure(np.array([[1.0, 0.0]], np.float32), np.array([1]), ["cat", "dog"])

    assert evaluation.test_loss == pytest.approx(-np.log(1e-7))


def test_a_class_that_the_test_set_lacks_counts_zero_and_the_accuracy_is_still_there():
    probabilities = np.array([[0.9, 0.1, 0.0], [0.2, 0.8, 0.0]], np.float32)

    evaluation = measure(probabilities, np.array([0, 1]), ["cat", "dog", "owl"])

    assert evaluation.classification_report["accuracy"] == 1.0
    assert evaluation.classes[2].support == 0
    assert evaluation.classes[2].f1 == 0.0


def test_more_than_256_classes_need_wider_predictions():
    probabilities = np.eye(300, dtype=np.float32)

    evaluation = measure(probabilities, np.arange(300), [f"class {number}" for number in range(300)])

    assert evaluation.predicted.dtype == np.uint16
    assert evaluation.predicted[299] == 299


def test_top_k_is_told_for_fewer_than_all_classes():
    probabilities = np.array([[0.6, 0.3, 0.1], [0.6, 0.3, 0.1], [0.6, 0.3, 0.1]], np.float32)

    assert measure(probabilities, np.array([0, 1, 2]), ["cat", "dog", "owl"]).top_k == {2: pytest.approx(2 / 3)}
    assert measure(probabilities[:, :2], np.array([0, 1, 1]), ["cat", "dog"]).top_k == {}


def test_a_network_that_calls_all_classes_equally_likely_gets_only_its_share_of_top_k():
    evaluation = measure(np.full((10, 10), 0.1, np.float32), np.arange(10), NAMES)

    assert evaluation.test_accuracy == pytest.approx(0.1)
    assert evaluation.top_k == {2: pytest.approx(0.2), 3: pytest.approx(0.3), 5: pytest.approx(0.5)}
