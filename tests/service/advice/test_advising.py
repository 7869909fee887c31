"""`/v1/trainings/{id}/advice`, in every state a training can be in."""

from typing import Any

import pytest
from fastapi.testclient import TestClient

from service.database import Database
from service.records import TrainingState
from service.trainings.presets import overridden
from tests.made import SPEC, made_report, made_training
from tests.service.advice.cases import evidence_of, recorded
from tests.trained import Trained


def advice(client: TestClient, training_id: str, suffix: str = ".json", **headers: str) -> Any:
    return client.get(f"/v1/trainings/{training_id}/advice{suffix}", headers=headers)


def rows_of(name: str) -> list[tuple[float, float, float | None, float | None]]:
    return [(e.loss, e.accuracy, e.val_loss, e.val_accuracy) for e in evidence_of(name).epochs]


def test_a_real_training_that_went_well_is_left_alone(trained: Trained) -> None:
    found = advice(trained.client, trained.training_id).json()

    assert found == {"training": trained.training_id, "state": "succeeded", "epochs": 6, "advice": []}
    assert advice(trained.client, trained.training_id, ".txt").text == (
        f"training {trained.training_id} (succeeded, 6 epochs): nothing stands out\n"
    )


def test_an_ill_training_gets_a_finding_its_figures_and_one_change(client: TestClient, database: Database) -> None:
    case = recorded()["overfitting-mlp"]
    training_id = made_training(database, spec=case["spec"], preset=None, epochs=rows_of("overfitting-mlp"))

    (found,) = advice(client, training_id).json()["advice"]

    assert (found["rule"], found["severity"]) == ("overfitting", "warning")
    assert found["figures"]["best_epoch"] == 4
    assert found["try"].startswith("Augment")
    text = advice(client, training_id, "", Accept="text/plain").text
    assert found["finding"] in text
    assert '{"recipe": {"augmentation": {"rotation": 10, "zoom": 0.1, "shift": 0.1}}}' in text


def test_the_patch_can_be_laid_over_the_specification_and_submitted(client: TestClient, database: Database) -> None:
    spec = recorded()["too-high-sgd"]["spec"]
    training_id = made_training(database, spec=spec, preset=None, epochs=rows_of("too-high-sgd"))
    (found,) = advice(client, training_id).json()["advice"]

    reply = client.post(
        "/v1/trainings", json=overridden(client.get(f"/v1/trainings/{training_id}").json()["spec"], found["patch"])
    )

    assert reply.status_code == 202, reply.text
    assert reply.json()["spec"]["recipe"]["optimizer"]["learning_rate"] == 0.01


def test_a_training_that_runs_is_read_as_far_as_it_has_come(client: TestClient, database: Database) -> None:
    spec = recorded()["too-high-sgd"]["spec"]
    running = made_training(database, spec=spec, state=TrainingState.RUNNING, epochs=rows_of("too-high-sgd")[:1])
    queued = made_training(database, state=TrainingState.QUEUED)

    assert [one["rule"] for one in advice(client, running).json()["advice"]] == ["rate-too-high"]
    assert advice(client, queued).json()["advice"] == []
    assert advice(client, queued, ".txt").text.endswith("nothing can be read from its curves yet\n")


@pytest.mark.parametrize(
    ("error_type", "patch"),
    [
        ("diverged", {"recipe": {"optimizer": {"learning_rate": 0.001}}}),
        ("out-of-memory", {"recipe": {"batch_size": 50}}),
        ("time-limit", {"recipe": {"epochs": 2}}),
        ("worker-lost", None),
    ],
)
def test_a_training_that_failed_is_told_what_may_help(
    client: TestClient, database: Database, error_type: str, patch: Any
) -> None:
    epochs = [(1.0, 0.5, 1.0, 0.5), (0.8, 0.6, 0.9, 0.6), (0.7, 0.7, 0.8, 0.7)]
    training_id = made_training(
        database, state=TrainingState.FAILED, error_type=error_type, error_detail="…", epochs=epochs
    )

    found = advice(client, training_id).json()["advice"]

    assert [(one["rule"], one["patch"]) for one in found] == ([] if patch is None else [(error_type, patch)])


def test_a_class_that_is_rare_and_missed_is_named(client: TestClient, database: Database) -> None:
    names = tuple("abc")
    true = [0] * 100 + [1] * 100 + [2] * 20
    predicted = [0] * 97 + [1] * 3 + [1] * 98 + [0] * 2 + [2] * 8 + [0] * 6 + [1] * 6

    (found,) = advice(client, made_report(database, true, predicted, classes=names)).json()["advice"]

    assert (found["rule"], found["figures"]["class"], found["figures"]["recall"]) == ("imbalance", "c", 0.4)


def test_what_is_too_small_is_pointed_to_a_larger_network(client: TestClient, database: Database) -> None:
    spec = recorded()["underfitting"]["spec"]
    training_id = made_training(database, spec=spec, preset=None, epochs=rows_of("underfitting"), parameters=50)

    (found,) = advice(client, training_id).json()["advice"]

    assert (found["rule"], found["patch"]) == ("underfitting", {"network": "quickstart"})


def test_advice_is_not_sent_twice(client: TestClient, database: Database) -> None:
    training_id = made_training(database)
    etag = advice(client, training_id).headers["etag"]

    assert advice(client, training_id, **{"If-None-Match": etag}).status_code == 304
    assert advice(client, training_id, ".txt", **{"If-None-Match": etag}).status_code == 200


@pytest.mark.parametrize(("suffix", "status"), [(".csv", 404), (".json?rule=all", 422)])
def test_what_is_not_served_is_refused(client: TestClient, database: Database, suffix: str, status: int) -> None:
    assert advice(client, made_training(database), suffix).status_code == status
    assert advice(client, "f" * 16).status_code == 404


def test_a_recipe_of_an_earlier_or_later_version_does_no_harm(client: TestClient, database: Database) -> None:
    spec = {
        **SPEC,
        "recipe": {name: SPEC["recipe"][name] for name in ("epochs", "batch_size", "optimizer", "loss", "schedule")},
    }
    spec["recipe"]["optimizer"] = {"name": "muon", "learning_rate": 0.02}

    assert advice(client, made_training(database, spec=spec, epochs=[(9.0, 0.1, None, None)])).status_code == 200
