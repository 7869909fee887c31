"""The bridge between records and learning: what is submitted can be trained, and how a training ends is written down."""

import uuid
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import onnx
import pytest
from fastapi.testclient import TestClient

from service import migrating
from service.app import create_app
from service.database import Database
from service.images.sets.opening import open_set, save_set
from service.networks.presets import NETWORKS
from service.records import Training
from service.settings import Settings
from service.trainings.optimizers import ARGUMENTS
from service.trainings.presets import TRAININGS
from service.trainings.resolving import resolve
from service.trainings.schemas import TrainingRequest
from tests.made import NO_LIMITS
from tests.trained import Trained, work_once
from tests.workers import TINY
from worker.learning.recipes import Recipe
from worker.learning.training import Job, Validation

SOURCES = [{"from": "train", "fraction": 0.2}, {"from": "test"}, {"from": "none"}]


def job(**body: Any) -> Job:
    """Return what a worker makes of a request."""
    spec = resolve(TrainingRequest.model_validate(body), NO_LIMITS)
    recipe = Recipe.from_json(spec["recipe"], tuple("0123456789"))
    validation = Validation.from_json(spec["validation"])
    return Job(spec["network"]["layers"], (28, 28, 1), recipe, validation, spec["seed"])


@pytest.fixture
def service(tmp_path: Path) -> Iterator[Trained]:
    """A service without any training, on SQLite."""
    settings = Settings(home=tmp_path, queue_name=f"test-{uuid.uuid4().hex}", progress_seconds=0.01)
    database = Database(settings.resolved_database_url)
    migrating.migrate(database)
    with TestClient(create_app(settings), raise_server_exceptions=False) as client:
        yield Trained(client, database, settings, "")
    database.close()


def ended(service: Trained, **body: Any) -> Any:
    """Submit, work once, and return the training."""
    training_id = service.submit(**body)
    service.work()
    return service.client.get(f"/v1/trainings/{training_id}").json()


def weights(service: Trained, training: Any) -> list[bytes]:
    """Return every weight of the stored model, as bytes (the files also hold names that count up, and shapes)."""
    content = service.client.get(training["links"]["onnx"]).content
    found = onnx.load_from_string(content).graph.initializer
    return sorted(array.raw_data for array in found if array.data_type == onnx.TensorProto.FLOAT)


@pytest.mark.parametrize("preset", list(TRAININGS))
def test_a_worker_understands_every_preset(preset: str) -> None:
    assert job(preset=preset).recipe.epochs == TRAININGS[preset]["recipe"]["epochs"]


@pytest.mark.parametrize("validation", SOURCES)
@pytest.mark.parametrize("network", list(NETWORKS))
def test_a_worker_understands_every_validation_and_network(network: str, validation: dict[str, Any]) -> None:
    assert job(dataset="mnist", network=network, validation=validation).validation.source == validation["from"]


@pytest.mark.parametrize("schedule", ["constant", "step", "exponential", "cosine", "one_cycle"])
@pytest.mark.parametrize("optimizer", list(ARGUMENTS))
def test_a_worker_understands_every_optimizer_and_schedule(optimizer: str, schedule: str) -> None:
    recipe = {"optimizer": {"name": optimizer}, "schedule": {"name": schedule}, "callbacks": {"early_stopping": {}}}

    assert job(preset="quickstart", recipe=recipe).recipe.optimizer.name == optimizer


def test_a_recipe_of_everything_is_trained_reported_and_served(service: Trained) -> None:
    recipe = {
        "epochs": 2,
        "batch_size": 100,
        "optimizer": {
            "name": "lion",
            "learning_rate": 0.02,
            "beta_1": 0.95,
            "weight_decay": 0.01,
            "global_clipnorm": 1,
        },
        "loss": {"name": "categorical_focal_crossentropy", "gamma": 1, "alpha": 1, "label_smoothing": 0.05},
        "schedule": {"name": "exponential", "factor": 0.5, "every_epochs": 1, "warmup_epochs": 0.2},
        "augmentation": {"rotation": 5, "brightness": 0.2, "cutout": 0.2, "mixup": 0.1},
        "callbacks": {"early_stopping": {"monitor": "val_loss", "min_delta": 0.001, "patience": 1}},
        "class_weight": {"1": 0.9, "8": 1.2},
        "ema": {"momentum": 0.9},
        "precision": "mixed",
    }

    training = ended(service, **{**TINY, "recipe": recipe, "register_as": "everything"})

    assert training["state"] == "succeeded", training["error"]
    assert training["metrics"]["test_accuracy"] > 0.6  # 0.1 is chance
    assert training["spec"]["recipe"]["class_weight"] == {"1": 0.9, "8": 1.2}
    page = service.client.get(f"/v1/trainings/{training['id']}/report.html")
    assert page.status_code == 200
    assert "global clipnorm 1.0" in page.text
    assert service.client.get(f"/v1/trainings/{training['id']}/advice").status_code == 200
    digit = service.client.get("/v1/datasets/mnist-5k/samples/test/0.png").content
    assert service.client.post("/v1/models/everything/predict", content=digit).status_code == 200


def test_a_training_that_an_older_version_wrote_down_is_carried_out_and_reported(service: Trained) -> None:
    training_id = service.submit(**{**TINY, "recipe": {"epochs": 1, "augmentation": {"rotation": 5}}})
    with service.database.transaction() as session:
        row = session.get_one(Training, training_id)
        row.spec = {**row.spec, "recipe": as_in_the_first_version(row.spec["recipe"])}

    service.work()

    training = service.client.get(f"/v1/trainings/{training_id}").json()
    assert training["state"] == "succeeded", training["error"]
    assert set(training["spec"]["recipe"]["optimizer"]) == {
        *("name", "learning_rate", "momentum", "nesterov", "weight_decay")
    }
    assert service.client.get(f"/v1/trainings/{training['id']}/report.html").status_code == 200
    again = service.client.post("/v1/trainings", json=training["spec"])
    assert again.status_code == 202, again.text


def as_in_the_first_version(recipe: dict[str, Any]) -> dict[str, Any]:
    """A recipe with the fields that there were at first."""
    first = {
        "optimizer": ("name", "learning_rate", "momentum", "nesterov", "weight_decay"),
        "loss": ("name", "label_smoothing"),
        "schedule": ("name", "warmup_epochs"),
        "augmentation": ("rotation", "zoom", "shift", "shear", "horizontal_flip"),
        "callbacks": ("reduce_lr_on_plateau", "early_stopping"),
    }
    whole = {name: recipe[name] for name in ("epochs", "batch_size", "drop_remainder")}
    return whole | {part: {name: recipe[part][name] for name in names} for part, names in first.items()}


def test_a_loss_that_is_no_number_ends_the_training_as_diverged(service: Trained) -> None:
    training = ended(service, **{**TINY, "recipe": {"epochs": 3, "optimizer": {"name": "sgd", "learning_rate": 100.0}}})
    # softmax and cross-entropy hardly diverge by themselves; a hidden layer without bound does
    hidden = {"layers": [{"layer": "Flatten"}, *[{"layer": "Dense", "units": 64, "activation": "exponential"}] * 2]}
    hidden["layers"].append({"layer": "Dense", "units": 10, "activation": "softmax"})
    diverged = ended(
        service, **{**TINY, "network": hidden, "recipe": {"optimizer": {"name": "sgd", "learning_rate": 100}}}
    )

    assert training["state"] == "succeeded"
    assert (diverged["state"], diverged["error"]["type"]) == ("failed", "diverged")
    assert "learning_rate" in diverged["error"]["detail"]


def test_a_data_set_that_cannot_be_had_says_both_ways_out(service: Trained, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("KERAS_HOME", str(service.settings.home))
    monkeypatch.setenv("https_proxy", "http://127.0.0.1:1")  # a machine without internet access

    training = ended(service, **{**TINY, "dataset": "fashion-mnist"})

    assert (training["state"], training["error"]["type"]) == ("failed", "data-unavailable")
    assert "CYFRA_DATASETS" in training["error"]["detail"]
    assert "The download failed" in training["error"]["detail"]


def test_a_validation_on_the_test_set_is_told_in_the_report(service: Trained) -> None:
    training = ended(service, **{**TINY, "validation": {"from": "test"}})

    report = service.client.get(training["links"]["report"]).json()
    assert any("Validated on the test set" in note for note in report["notes"])


def test_a_training_on_pictures_that_are_no_digits_makes_no_default(service: Trained) -> None:
    digits = open_set("mnist-5k", service.settings.home, None)
    arrays = {
        "x_train": np.resize(digits.x_train, (60_000, 28, 28, 1)),
        "y_train": np.resize(digits.y_train, 60_000),
        "x_test": np.resize(digits.x_test, (10_000, 28, 28, 1)),
        "y_test": np.resize(digits.y_test, 10_000),
    }
    save_set("fashion-mnist", service.settings.home, arrays, "made for a test")

    training = ended(service, **{**TINY, "dataset": "fashion-mnist", "register_as": "clothes"})

    assert training["models"] == [{"name": "clothes", "version": 1}]
    assert service.client.get("/v1/models/default").status_code == 409
    answer = service.client.post(
        "/v1/models/clothes/predict", content=service.client.get("/v1/datasets/mnist-5k/samples/test/0.png").content
    ).json()
    assert answer["digit"] is None
    assert answer["label"] in service.client.get("/v1/datasets/fashion-mnist").json()["classes"]


def test_the_same_specification_gives_the_same_weights(service: Trained) -> None:
    body = {**TINY, "recipe": {"epochs": 1, "batch_size": 100, "augmentation": {"rotation": 10}}, "seed": 3}

    first, second = ended(service, **body), ended(service, **body)

    assert first["metrics"] == second["metrics"]
    assert weights(service, first) == weights(service, second)


def test_a_worker_that_is_shutting_down_claims_nothing(service: Trained) -> None:
    training_id = service.submit(**TINY)

    work_once(service.settings, service.database, is_shutting_down=True)

    assert service.client.get(f"/v1/trainings/{training_id}").json()["state"] == "queued"
