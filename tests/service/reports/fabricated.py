"""Reports of any size, put straight into the database."""

import secrets

import numpy as np
from sqlalchemy.orm import Session

from service.records import ClassFigures, Epoch, MisclassifiedExample, Report, Training, TrainingState

AVERAGES = ("macro avg", "weighted avg")


def matrix_of(classes: int, each: int, accuracy: float) -> np.ndarray:
    """A (k, k) confusion matrix with `each` images of a class, whose errors go to a few other classes."""
    generator = np.random.default_rng(classes)
    matrix = np.diag(np.full(classes, round(each * accuracy)))
    for row in range(classes):
        likely = generator.random(classes) ** 6
        likely[row] = 0
        matrix[row] += generator.multinomial(each - matrix[row, row], likely / likely.sum())
    return matrix


def add_report(
    session: Session,
    names: list[str],
    *,
    each: int = 100,
    accuracy: float = 0.9,
    epochs: int = 6,
    state: TrainingState = TrainingState.SUCCEEDED,
    dataset: str = "mnist-5k",
) -> str:
    """Add a training that succeeded, and all that its worker would have written; return its id."""
    matrix = matrix_of(len(names), each, accuracy)
    training_id = secrets.token_hex(8)
    spec = {
        "seed": 7,
        "network": {"name": "quickstart", "layers": [{"layer": "Conv2D", "filters": 8}, {"layer": "Flatten"}]},
        "recipe": {
            "epochs": epochs,
            "batch_size": 128,
            "optimizer": {"name": "adam", "learning_rate": 0.001},
            "loss": {"name": "categorical_crossentropy"},
            "schedule": {"name": "constant"},
        },
        "validation": {"from": "test"},
    }
    training = Training(
        id=training_id, owner="anna", state=state, spec=spec, dataset=dataset, network="quickstart", epochs=epochs
    )
    session.add(training)
    session.flush()
    rows = epoch_rows(training_id, epochs)
    session.add_all(rows)
    if state == TrainingState.SUCCEEDED:
        _add_figures(session, training_id, names, matrix)
    session.flush()
    return training_id


def epoch_rows(training_id: str, epochs: int) -> list[Epoch]:
    """Epochs that get better; the rate is halved at the fourth."""
    return [
        Epoch(
            training_id=training_id,
            epoch=epoch,
            loss=2 / epoch,
            accuracy=1 - 0.5 / epoch,
            val_loss=2.1 / epoch,
            val_accuracy=0.95 if epoch == 5 else 0.9 - 0.5 / epoch,
            learning_rate=0.001 if epoch < 4 else 0.0005,
            seconds=1.5,
        )
        for epoch in range(1, epochs + 1)
    ]


def _add_figures(session: Session, training_id: str, names: list[str], matrix: np.ndarray) -> None:
    right, total = int(np.trace(matrix)), int(matrix.sum())
    pairs = [
        (int(row), int(column))
        for row, column in np.argwhere(matrix > 0)
        if row != column
        for _ in range(matrix[row, column])
    ]
    confidence = np.random.default_rng(1).random(total).round(2)  # many are equal
    predicted = [*(column for _, column in pairs), *np.repeat(np.arange(len(names)), np.diag(matrix))]
    one = {"precision": 0.9, "recall": 0.9, "f1-score": 0.9}
    supports = matrix.sum(axis=1).tolist()
    classification = {name: {**one, "support": support} for name, support in zip(names, supports, strict=True)}
    classification |= {name: {**one, "support": total} for name in AVERAGES} | {"accuracy": right / total}
    session.add(
        Report(
            training_id=training_id,
            test_count=total,
            test_loss=0.321,
            test_accuracy=right / total,
            misclassified_count=total - right,
            classification=classification,
            text="              precision    recall  f1-score   support\n",
            confusion_matrix={"matrix": matrix.tolist()},
            notes={"notes": ["Validated on the test set."]},
            predicted=np.array(predicted, "<u2").tobytes(),
            confidences=confidence.astype("<f4").tobytes(),
        )
    )
    session.flush()
    session.add_all(
        ClassFigures(
            training_id=training_id, class_index=index, class_name=name, precision=0.9, recall=0.9, f1=0.9, support=1
        )
        for index, name in enumerate(names)
    )
    session.add_all(
        MisclassifiedExample(
            training_id=training_id,
            test_index=index,
            true_class=row,
            predicted_class=column,
            confidence=float(confidence[index]),
        )
        for index, (row, column) in enumerate(pairs)
    )
