"""What the test set says about a trained model: one pass over it, and every figure from that."""

from collections.abc import Sequence
from dataclasses import dataclass

import keras
import numpy as np
from numpy.typing import NDArray
from sklearn.metrics import classification_report, confusion_matrix

from worker.learning.datasets import LabelledImages, OrderedBatches, Scale
from worker.learning.feeding import Feed

BATCH_SIZE = 256

TOP_K = (2, 3, 5)
"""For how many of the likeliest classes it is counted whether the true one is among them; where there are more classes."""

PROBABILITY_FLOOR = 1e-7
"""Smaller probabilities count as this, as in Keras' cross-entropy: else one sure mistake makes an infinite loss."""


@dataclass(frozen=True)
class Misclassified:
    """A test image that got the wrong class. `confidence` is the probability of `predicted`."""

    index: int
    true: int
    predicted: int
    confidence: float


@dataclass(frozen=True)
class ClassMeasures:
    """How one class fared, all fractions but `support`, the number of its images; 0 where a fraction is 0/0."""

    name: str
    precision: float
    recall: float
    f1: float
    support: int


@dataclass(frozen=True)
class Evaluation:
    """Everything a report shows. k classes, n test images, in the test set's order."""

    test_loss: float
    """Mean cross-entropy (nats) of the plain labels, without the training's smoothing."""
    test_accuracy: float
    confusion_matrix: NDArray[np.int64]
    """(k, k): row i, column j counts images of class i that were called j."""
    classification_report: dict[str, float | dict[str, float]]
    """scikit-learn's `output_dict`: class names, `accuracy`, `macro avg`, `weighted avg`."""
    classification_report_text: str
    """scikit-learn's table, two digits."""
    classes: tuple[ClassMeasures, ...]
    misclassified: tuple[Misclassified, ...]
    """In the order of the test set."""
    predicted: NDArray[np.uint8] | NDArray[np.uint16]
    """(n,) class indices; uint8 for up to 256 classes."""
    confidence: NDArray[np.float32]
    """(n,) the predicted class's probability."""
    top_k: dict[int, float]
    """For each k of `TOP_K` below the number of classes: the fraction of images whose class is among the k likeliest."""


def evaluate(
    model: keras.Model,
    test: LabelledImages,
    class_names: Sequence[str],
    scale: Scale,
    callbacks: Sequence[keras.callbacks.Callback] = (),
) -> Evaluation:
    """Predict every test image once.

    Args:
        model: from (n, height, width, channels) float32 to (n, k) probabilities.
        test: at least one image.
        class_names: k different names, in the order of the class indices.
        scale: as in training.
        callbacks: get Keras' `on_predict_*` hooks; what they raise comes out as it is.
    """
    batches = OrderedBatches(test, BATCH_SIZE, scale)
    probabilities: NDArray[np.float32] = model.predict(Feed(batches), verbose=0, callbacks=list(callbacks))
    return measure(probabilities, test.labels[test.order], class_names)


def measure(probabilities: NDArray[np.float32], labels: NDArray[np.integer], class_names: Sequence[str]) -> Evaluation:
    """The figures of (n, k) predicted probabilities against (n,) true class indices."""
    predicted = probabilities.argmax(axis=1).astype(np.uint8 if len(class_names) <= 256 else np.uint16)
    confidence = probabilities.max(axis=1)
    indices = np.arange(len(class_names))
    report = classification_report(
        labels, predicted, labels=indices, target_names=class_names, output_dict=True, zero_division=0
    )
    accuracy = float((predicted == labels).mean())
    # With all classes named scikit-learn says `micro avg` where a class is absent; it is the accuracy all the same.
    report.pop("micro avg", None)
    report["accuracy"] = accuracy
    return Evaluation(
        test_loss=_cross_entropy(probabilities, labels),
        test_accuracy=accuracy,
        confusion_matrix=confusion_matrix(labels, predicted, labels=indices),
        classification_report=report,
        classification_report_text=classification_report(
            labels, predicted, labels=indices, target_names=class_names, zero_division=0
        ),
        classes=tuple(
            ClassMeasures(name, row["precision"], row["recall"], row["f1-score"], int(row["support"]))
            for name, row in ((name, report[name]) for name in class_names)
        ),
        misclassified=_misclassified(labels, predicted, confidence),
        predicted=predicted,
        confidence=confidence,
        top_k=_top_k(probabilities, labels),
    )


def _cross_entropy(probabilities: NDArray[np.float32], labels: NDArray[np.integer]) -> float:
    of_truth = probabilities[np.arange(len(labels)), labels].astype(np.float64)
    return float(-np.log(np.clip(of_truth, PROBABILITY_FLOOR, 1 - PROBABILITY_FLOOR)).mean())


def _top_k(probabilities: NDArray[np.float32], labels: NDArray[np.integer]) -> dict[int, float]:
    """Of equal probabilities the first class counts as the likelier, as for `argmax`: so k = 1 would be the accuracy."""
    n, k = probabilities.shape
    of_truth = probabilities[np.arange(n), labels][:, np.newaxis]
    is_earlier = np.arange(k) < np.asarray(labels)[:, np.newaxis]
    before = ((probabilities > of_truth) | ((probabilities == of_truth) & is_earlier)).sum(axis=1)
    return {top: float((before < top).mean()) for top in TOP_K if top < k}


def _misclassified(
    labels: NDArray[np.integer], predicted: NDArray[np.integer], confidence: NDArray[np.float32]
) -> tuple[Misclassified, ...]:
    return tuple(
        Misclassified(int(index), int(labels[index]), int(predicted[index]), float(confidence[index]))
        for index in np.flatnonzero(predicted != labels)
    )
