"""Every test prediction, as JSON and CSV; and what an old report still says."""

import csv
import io
from typing import Any

import numpy as np
import pytest
from fastapi.testclient import TestClient

from service.database import Database
from service.records import Report, TrainingState
from tests.made import made_report, made_training
from tests.trained import Trained


def ask(client: TestClient, training_id: str, path: str, **headers: str) -> Any:
    return client.get(f"/v1/trainings/{training_id}/{path}", headers=headers)


def test_every_prediction_of_a_real_training_is_listed_and_agrees_with_its_report(trained: Trained) -> None:
    found = ask(trained.client, trained.training_id, "predictions.json").json()
    report = ask(trained.client, trained.training_id, "report.json").json()
    wrong = ask(trained.client, trained.training_id, "misclassified.json?limit=1000").json()["misclassified"]

    listed = found["predictions"]
    assert found["count"] == len(listed) == report["test_count"] == 1000
    assert [one["index"] for one in listed] == list(range(1000))
    assert [(one["index"], one["true"], one["predicted"]) for one in listed if one["true"] != one["predicted"]] == [
        (one["index"], one["true"], one["predicted"]) for one in wrong
    ]
    assert listed[wrong[0]["index"]]["confidence"] == pytest.approx(wrong[0]["confidence"], rel=1e-6)
    supports = {name: sum(one["true"] == name for one in listed) for name in found["classes"]}
    assert supports == {name: report["classification"][name]["support"] for name in found["classes"]}


def test_a_real_report_says_how_sure_its_figures_are(trained: Trained) -> None:
    report = ask(trained.client, trained.training_id, "report.json").json()

    interval, accuracy = report["confidence_interval"], report["test_accuracy"]
    assert (interval["level"], interval["method"]) == (0.95, "wilson")
    assert interval["low"] < accuracy < interval["high"]
    bins = report["calibration"]["bins"]
    assert sum(one["count"] for one in bins) == 1000
    assert sum(one["count"] * (one["accuracy"] or 0) for one in bins) == pytest.approx(1000 * accuracy)
    assert 0 <= report["calibration"]["expected_error"] < 0.2
    assert accuracy <= report["top_k"]["2"] <= report["top_k"]["3"] <= report["top_k"]["5"] <= 1
    text = ask(trained.client, trained.training_id, "report.txt").text
    assert f"{interval['low']:.4f} to {interval['high']:.4f} (Wilson score)" in text


def test_predictions_as_csv_are_the_same_as_json(client: TestClient, database: Database) -> None:
    training_id = made_report(database, [0, 1, 2], [0, 9, 2], [0.5, 0.25, 1.0])

    rows = list(csv.DictReader(io.StringIO(ask(client, training_id, "predictions", Accept="text/csv").text)))

    listed = ask(client, training_id, "predictions.json").json()["predictions"]
    assert listed[1] == {"index": 1, "true": "1", "predicted": "9", "confidence": 0.25}
    assert [{**row, "index": int(row["index"]), "confidence": float(row["confidence"])} for row in rows] == listed


def test_names_with_quotes_and_commas_come_through_and_long_lists_in_pieces(
    client: TestClient, database: Database
) -> None:
    names = ('a "quoted", one', "żółw")
    true = np.arange(2500) % 2
    training_id = made_report(database, true.tolist(), [0] * 2500, classes=names)

    found = ask(client, training_id, "predictions.json").json()
    rows = list(csv.reader(io.StringIO(ask(client, training_id, "predictions.csv").text)))

    assert [one["true"] for one in found["predictions"]] == [names[index] for index in true]
    assert [row[1] for row in rows[1:]] == [names[index] for index in true]


def test_predictions_are_not_sent_twice(client: TestClient, database: Database) -> None:
    training_id = made_report(database, [0, 1, 2], [0, 1, 2])
    etag = ask(client, training_id, "predictions.json").headers["etag"]

    again = ask(client, training_id, "predictions.json", **{"If-None-Match": etag})

    assert (again.status_code, again.content) == (304, b"")
    assert ask(client, training_id, "predictions.csv").headers["etag"] != etag


def test_a_report_from_before_top_k_says_everything_else(client: TestClient, database: Database) -> None:
    training_id = made_report(database, [0, 1, 2, 3], [0, 1, 2, 2], top_k=None)
    with database.reading() as session:
        assert session.get_one(Report, training_id).top_k is None

    report = ask(client, training_id, "report.json").json()

    assert report["top_k"] is None
    assert report["confidence_interval"]["low"] == pytest.approx(0.3006, abs=1e-4)
    assert report["calibration"]["expected_error"] == pytest.approx(0.15)


@pytest.mark.parametrize(("path", "status"), [("predictions.xml", 404), ("predictions.json?limit=5", 422)])
def test_what_is_not_served_is_refused(client: TestClient, database: Database, path: str, status: int) -> None:
    assert ask(client, made_report(database, [0], [0]), path).status_code == status


def test_a_training_without_a_report_has_no_predictions_and_says_when_to_ask(
    client: TestClient, database: Database
) -> None:
    reply = ask(client, made_training(database, state=TrainingState.RUNNING), "predictions.json")

    assert reply.status_code == 409
    assert int(reply.headers["retry-after"]) > 0
