"""Trainings with reports of known contents, written straight into the database: what is compared must be known to the image."""

import secrets
from collections.abc import Sequence
from typing import Any

import numpy as np

from service.database import Database
from service.networks.checking import NetworkLimits
from service.records import ClassFigures, Epoch, MisclassifiedExample, Report, Training, TrainingState
from service.trainings.resolving import resolve
from service.trainings.schemas import TrainingRequest

SHA256 = "f9a782a3cde3f7beaf17461dc43bf6ecc2801304ed04934a0bcb8226cf8c2237"  # of mnist-5k
NO_LIMITS = NetworkLimits(layers=200, parameters=10**12, activation_bytes=10**15, training_flops=10**20)
SPEC = resolve(TrainingRequest.model_validate({"preset": "quickstart"}), NO_LIMITS)


def made_training(
    database: Database,
    *,
    state: TrainingState = TrainingState.SUCCEEDED,
    epochs: Sequence[tuple[float, float, float | None, float | None]] = (),
    **columns: Any,
) -> str:
    """Write a training of a state with its epochs (loss, accuracy, val_loss, val_accuracy), and return its id."""
    training_id = secrets.token_hex(8)
    filled: dict[str, Any] = {
        "owner": "anonymous",
        "spec": SPEC,
        "preset": "quickstart",
        "dataset": "mnist-5k",
        "dataset_sha256": SHA256,
        "network": "quickstart",
        "epoch": len(epochs),
        "epochs": 12,
        "parameters": 43_000,
        "compute_seconds": 2.5,
    }
    with database.transaction() as session:
        session.add(Training(id=training_id, state=state, **{**filled, **columns}))
        session.flush()
        session.add_all(
            Epoch(
                training_id=training_id,
                epoch=number,
                loss=loss,
                accuracy=accuracy,
                val_loss=val_loss,
                val_accuracy=val_accuracy,
                learning_rate=0.012,
                seconds=0.5,
            )
            for number, (loss, accuracy, val_loss, val_accuracy) in enumerate(epochs, 1)
        )
    return training_id


def made_report(
    database: Database,
    true: Sequence[int],
    predicted: Sequence[int],
    confidence: Sequence[float] | None = None,
    *,
    top_k: dict[str, float] | None = None,
    classes: Sequence[str] = tuple("0123456789"),
    **columns: Any,
) -> str:
    """Write a training that succeeded, with a report of these answers, and return its id."""
    truth, answers = np.array(true), np.array(predicted)
    sure = np.full(len(truth), 0.9, np.float32) if confidence is None else np.array(confidence, np.float32)
    wrong = np.flatnonzero(truth != answers)
    accuracy = 1 - len(wrong) / len(truth)
    matrix = np.zeros((len(classes), len(classes)), int)
    np.add.at(matrix, (truth, answers), 1)
    training_id = made_training(database, test_accuracy=accuracy, test_loss=0.1, **columns)
    with database.transaction() as session:
        session.add(
            Report(
                training_id=training_id,
                test_count=len(truth),
                test_loss=0.1,
                test_accuracy=accuracy,
                misclassified_count=len(wrong),
                classification={"accuracy": accuracy},
                text="precision",
                confusion_matrix={"matrix": matrix.tolist()},
                notes={"notes": []},
                predicted=answers.astype("<u2").tobytes(),
                confidences=sure.astype("<f4").tobytes(),
                top_k=top_k,
            )
        )
        session.flush()
        session.add_all(
            ClassFigures(
                training_id=training_id,
                class_index=index,
                class_name=name,
                precision=1.0,
                recall=float(matrix[index, index] / max(1, matrix[index].sum())),
                f1=1.0,
                support=int(matrix[index].sum()),
            )
            for index, name in enumerate(classes)
        )
        session.add_all(
            MisclassifiedExample(
                training_id=training_id,
                test_index=int(index),
                true_class=int(truth[index]),
                predicted_class=int(answers[index]),
                confidence=float(sure[index]),
            )
            for index in wrong
        )
    return training_id
