"""What a training that succeeded has to show, in each format."""

import csv
import io
import zipfile
from typing import Any

import numpy as np
import onnxruntime
import pytest
from sqlalchemy import func, select

from service.edge import cursors
from service.records import ArtefactContent, ClassFigures, Epoch, Report
from service.reports.queries import Order, Wanted
from tests.trained import Trained
from tests.workers import TINY

DIGITS = list("0123456789")


def get(trained: Trained, path: str, **headers: str) -> Any:
    reply = trained.client.get(f"/v1/trainings/{trained.training_id}/{path}", headers=headers)
    assert reply.status_code == 200, reply.text
    return reply


def rows(reply: Any) -> list[list[str]]:
    return list(csv.reader(io.StringIO(reply.text)))


def test_the_training_has_succeeded_with_its_figures_and_its_history(trained: Trained) -> None:
    training = trained.client.get(f"/v1/trainings/{trained.training_id}").json()

    assert training["state"] == "succeeded"
    assert [change["state"] for change in training["changes"]] == ["queued", "running", "succeeded"]
    assert training["metrics"]["test_accuracy"] > 0.9
    assert (training["progress"]["epoch"], training["progress"]["eta_seconds"]) == (6, None)
    assert training["models"] == [{"name": "default", "version": 1}]
    for name, address in training["links"].items():
        assert trained.client.get(address).status_code == 200, name


def test_the_report_is_scikit_learns_and_agrees_with_itself(trained: Trained) -> None:
    report = get(trained, "report.json").json()
    matrix = np.array(get(trained, "confusion-matrix.json").json()["matrix"])

    assert report["classes"] == DIGITS
    assert matrix.sum() == report["test_count"] == 1000
    assert report["misclassified_count"] == 1000 - np.trace(matrix)
    assert report["test_accuracy"] == pytest.approx(np.trace(matrix) / 1000)
    assert report["classification"]["accuracy"] == pytest.approx(report["test_accuracy"])
    for index, digit in enumerate(DIGITS):
        figures = report["classification"][digit]
        assert figures["support"] == 100
        assert figures["recall"] == pytest.approx(matrix[index, index] / matrix[index].sum())
        assert figures["precision"] == pytest.approx(matrix[index, index] / matrix[:, index].sum())


def test_the_text_is_a_classification_report(trained: Trained) -> None:
    text = get(trained, "report.txt").text

    assert "precision    recall  f1-score   support" in text
    assert "macro avg" in text
    assert trained.training_id in text
    assert get(trained, "report", Accept="text/plain").text == text


def test_the_confusion_matrix_as_csv_is_the_same_as_json(trained: Trained) -> None:
    table = rows(get(trained, "confusion-matrix.csv"))

    assert table[0] == ["true \\ predicted", *DIGITS]
    assert [row[0] for row in table[1:]] == DIGITS
    numbers = [[int(cell) for cell in row[1:]] for row in table[1:]]
    assert numbers == get(trained, "confusion-matrix.json").json()["matrix"]


def test_the_history_has_a_row_an_epoch_in_both_formats(trained: Trained) -> None:
    epochs = get(trained, "history.json").json()["epochs"]
    table = rows(get(trained, "history", Accept="text/csv"))

    assert [epoch["epoch"] for epoch in epochs] == [1, 2, 3, 4, 5, 6]
    assert epochs[-1]["loss"] < epochs[0]["loss"]
    assert all(0 <= epoch["val_accuracy"] <= 1 and epoch["seconds"] > 0 for epoch in epochs)
    assert [dict(zip(table[0], row, strict=True))["loss"] for row in table[1:]] == [str(one["loss"]) for one in epochs]


def test_the_misclassified_come_in_pages_and_can_be_narrowed(trained: Trained) -> None:
    count = get(trained, "misclassified.json").json()["count"]
    seen: list[dict[str, Any]] = []
    address = f"/v1/trainings/{trained.training_id}/misclassified.json?limit=7"
    while address:
        page = trained.client.get(address).json()
        seen += page["misclassified"]
        address = page["next"]

    assert len(seen) == count == get(trained, "report.json").json()["misclassified_count"]
    assert [one["index"] for one in seen] == sorted({one["index"] for one in seen})
    first = seen[0]
    narrowed = get(trained, f"misclassified.json?true={first['true']}&predicted={first['predicted']}").json()
    assert first in narrowed["misclassified"]
    assert {(one["true"], one["predicted"]) for one in narrowed["misclassified"]} == {
        (first["true"], first["predicted"])
    }
    assert trained.client.get(first["image"]).headers["content-type"] == "image/png"


@pytest.mark.parametrize("place", [[10**30], [True], ["1"], [-1], []])
def test_a_cursor_that_somebody_made_up_is_refused(trained: Trained, place: list[Any]) -> None:
    cursor = cursors.encode(place, (trained.training_id, Wanted(None, None, Order.INDEX)))
    reply = trained.client.get(f"/v1/trainings/{trained.training_id}/misclassified.json", params={"cursor": cursor})

    assert reply.status_code == 400


@pytest.mark.parametrize(
    ("accept", "kind"),
    [
        ("text/plain;q=0.1, application/json", "application/json"),
        ("text/plain;q=0.9, application/json;q=0.5", "text/plain; charset=utf-8"),
        ("text/plain;q=0, */*", "application/json"),
        ("image/png", "application/json"),
    ],
)
def test_the_most_wanted_media_type_is_served(trained: Trained, accept: str, kind: str) -> None:
    assert get(trained, "report", Accept=accept).headers["content-type"] == kind


@pytest.mark.parametrize("query", ["true=eleven", "limit=0", "tru=7"])
def test_a_narrowing_that_cannot_be_is_refused(trained: Trained, query: str) -> None:
    reply = trained.client.get(f"/v1/trainings/{trained.training_id}/misclassified.json?{query}")

    assert reply.status_code == 422
    assert reply.json()["errors"]


def test_the_artefacts_are_what_their_names_say_and_are_not_sent_twice(trained: Trained) -> None:
    keras, onnx = get(trained, "model.keras"), get(trained, "model.onnx")

    assert "model.weights.h5" in zipfile.ZipFile(io.BytesIO(keras.content)).namelist()
    session = onnxruntime.InferenceSession(onnx.content)
    (probabilities,) = session.run(None, {"images": np.zeros((3, 28, 28, 1), np.float32)})
    assert probabilities.shape == (3, 10)
    address = f"/v1/trainings/{trained.training_id}/model.onnx"
    assert trained.client.get(address, headers={"If-None-Match": onnx.headers["etag"]}).status_code == 304


def test_figures_can_be_queried_for_each_epoch_and_each_class(trained: Trained) -> None:
    with trained.database.reading() as session:
        best = session.scalars(
            select(func.max(Epoch.val_accuracy)).where(Epoch.training_id == trained.training_id)
        ).one()
        worst = session.scalars(
            select(ClassFigures.class_name)
            .where(ClassFigures.training_id == trained.training_id)
            .order_by(ClassFigures.f1)
            .limit(1)
        ).one()
        report = session.get_one(Report, trained.training_id)
        predicted = np.frombuffer(report.predicted, "<u2")

    assert best is not None
    assert best > 0.9
    assert worst in DIGITS
    assert predicted.shape == (1000,)


def test_a_deleted_training_takes_its_report_along_but_no_model_that_came_out_of_it(trained: Trained) -> None:
    training_id = trained.submit(**TINY, seed=77, register_as="kept")
    trained.work()
    keras = trained.client.get("/v1/models/kept").json()["versions"][0]["artefacts"]["keras"]["sha256"]
    orphan = trained.submit(**TINY, seed=78)
    trained.work()
    with trained.database.reading() as session:
        before = session.scalars(select(func.count()).select_from(ArtefactContent)).one()

    assert trained.client.delete(f"/v1/trainings/{training_id}").status_code == 204
    assert trained.client.delete(f"/v1/trainings/{orphan}").status_code == 204

    version = trained.client.get("/v1/models/kept").json()["versions"][0]
    assert version["training"] is None
    assert trained.client.post("/v1/models/kept/predict", files={"file": digit_png(trained)}).status_code == 200
    with trained.database.reading() as session:
        assert session.get(ArtefactContent, keras) is not None
        assert session.scalars(select(func.count()).select_from(ArtefactContent)).one() == before - 2
    assert trained.client.get(f"/v1/trainings/{training_id}/report.json").status_code == 404


def digit_png(trained: Trained) -> bytes:
    return trained.client.get("/v1/datasets/mnist-5k/samples/test/0.png").content
