"""What a training left behind, to be compared with what an uninterrupted one leaves."""

import io
import zipfile
from typing import Any

import h5py
from sqlalchemy import func, select

from service.records import Checkpoint, ModelVersion, Report, TrainingArtefact
from tests.workers import Site

SMALL: dict[str, Any] = {
    "dataset": "mnist-5k",
    "network": {
        "layers": [
            {"layer": "AveragePooling2D", "pool_size": 4},
            {"layer": "Flatten"},
            {"layer": "BatchNormalization"},
            {"layer": "Dropout", "rate": 0.1},
            {"layer": "Dense", "units": 10, "activation": "softmax"},
        ]
    },
    "recipe": {
        "epochs": 4,
        "batch_size": 100,
        "optimizer": {"name": "adam", "learning_rate": 0.003},
        "augmentation": {"rotation": 10, "shift": 0.05},
        "callbacks": {"reduce_lr_on_plateau": {"monitor": "val_loss", "factor": 0.5, "patience": 1, "min_lr": 1e-5}},
    },
    "validation": {"from": "train", "fraction": 0.1},
    "seed": 7,
}
"""A training of about three seconds, with everything that a checkpoint must bring back."""

Weights = dict[str, bytes]


def weights(site: Site, training_id: str) -> Weights:
    """Return the trained weights, by name, as bytes."""
    reply = site.client.get(f"/v1/trainings/{training_id}/model.keras")
    assert reply.status_code == 200, reply.text
    with zipfile.ZipFile(io.BytesIO(reply.content)) as archive:
        content = archive.read("model.weights.h5")
    found: Weights = {}
    with h5py.File(io.BytesIO(content)) as file:
        file.visititems(
            lambda name, part: found.update({name: part[()].tobytes()}) if isinstance(part, h5py.Dataset) else None
        )
    assert found
    return found


def history(site: Site, training_id: str) -> list[dict[str, float]]:
    """Return the figures of every epoch, without the seconds it took."""
    epochs = site.client.get(f"/v1/trainings/{training_id}/history.json").json()["epochs"]
    return [{name: value for name, value in epoch.items() if name != "seconds"} for epoch in epochs]


def assert_one_result(site: Site, training_id: str) -> None:
    """Assert that a training that succeeded has one report, one model in each format, one version a name, no checkpoint."""
    with site.database.reading() as session:

        def count(record: Any) -> int:
            return session.scalars(select(func.count()).where(record.training_id == training_id)).one()

        names = session.scalars(select(ModelVersion.name).where(ModelVersion.training_id == training_id)).all()
        assert count(Report) == 1
        assert count(TrainingArtefact) == 2
        assert len(names) == len(set(names))
        assert count(Checkpoint) == 0
