"""`/v1/compare`: figures, pairs, findings, pictures and curves."""

import csv
import io
from typing import Any

import numpy as np
import pytest
from fastapi.testclient import TestClient
from PIL import Image

from service.database import Database
from service.records import TrainingState
from tests.made import made_report, made_training
from tests.trained import Trained
from tests.workers import TINY

TRUE = (np.arange(1000) % 10).tolist()


def answers(*wrong: int) -> list[int]:
    """The true classes, but for these test indices, that are taken for the next class."""
    return [(true + 1) % 10 if index in set(wrong) else true for index, true in enumerate(TRUE)]


def compare(client: TestClient, *ids: str, path: str = "", headers: dict[str, str] | None = None, **query: Any) -> Any:
    parameters = [("training", each) for each in ids] + list(query.items())
    return client.get(f"/v1/compare{path}", params=parameters, headers=headers)


@pytest.fixture
def pair(database: Database) -> tuple[str, str]:
    """Both wrong on 3 images, only the first right on 14, only the second on 3."""
    both = range(3)
    a = made_report(
        database, TRUE, answers(*both, *range(10, 13)), epochs=[(0.5, 0.8, 0.4, 0.9), (0.2, 0.9, 0.3, 0.95)]
    )
    b = made_report(database, TRUE, answers(*both, *range(20, 34)), network="another", preset=None)
    return a, b


def test_two_trainings_are_compared_image_by_image(client: TestClient, pair: tuple[str, str]) -> None:
    found = compare(client, *pair).json()

    (only,) = found["pairs"]
    assert (only["a"], only["b"]) == pair
    counts = [only[name] for name in ("both_right", "only_a_right", "only_b_right", "both_wrong")]
    assert counts == [980, 14, 3, 3]
    assert only["mcnemar"]["method"] == "exact"
    assert only["mcnemar"]["p_value"] == pytest.approx(0.012725830078125)
    assert only["mcnemar"]["p_value_holm"] == only["mcnemar"]["p_value"]
    a, b = f"quickstart {pair[0][:8]}", f"another {pair[1][:8]}"
    assert only["finding"] == (
        f"{a} got 14 right that {b} got wrong, {b} got 3 right that {a} got wrong: unlikely to be chance (p = 0.013)."
    )


def test_each_training_has_its_figures_with_an_interval_and_its_curve(
    client: TestClient, pair: tuple[str, str]
) -> None:
    found = compare(client, *pair).json()

    first = found["trainings"][0]
    assert [one["id"] for one in found["trainings"]] == list(pair)
    assert first["test_accuracy"]["value"] == pytest.approx(0.994)
    assert first["test_accuracy"]["low"] == pytest.approx(0.98697, abs=1e-5)
    assert (first["test_count"], first["parameters"], first["epochs"], first["notes"]) == (1000, 43_000, 2, [])
    assert [epoch["val_accuracy"] for epoch in found["curves"][pair[0]]] == [0.9, 0.95]
    assert found["curves"][pair[1]] == []


def test_examples_are_what_one_got_right_and_the_other_wrong_and_bounded(
    client: TestClient, pair: tuple[str, str]
) -> None:
    (only,) = compare(client, *pair, examples=4).json()["pairs"]

    assert len(only["only_a_right_examples"]) == 4
    assert [one["index"] for one in only["only_b_right_examples"]] == [10, 11, 12]
    example = only["only_a_right_examples"][0]
    assert example == {
        "index": 20,
        "true": "0",
        "predicted_by_a": "0",
        "predicted_by_b": "1",
        "image": "/v1/datasets/mnist-5k/samples/test/20.png",
    }
    assert client.get(example["image"]).status_code == 200
    assert compare(client, *pair, examples=0).json()["pairs"][0]["only_a_right_examples"] == []


def test_the_surest_mistakes_come_first(client: TestClient, database: Database) -> None:
    right = made_report(database, [0, 1, 2, 3], [0, 1, 2, 3])
    wrong = made_report(database, [0, 1, 2, 3], [1, 2, 3, 3], [0.4, 0.9, 0.6, 1.0])

    (only,) = compare(client, right, wrong).json()["pairs"]

    assert [one["index"] for one in only["only_a_right_examples"]] == [1, 2, 0]


def test_a_difference_that_can_be_chance_and_none_at_all_are_said_so(client: TestClient, database: Database) -> None:
    ids = [made_report(database, TRUE, answers(*wrong)) for wrong in ([1, 2], [2, 3, 4], [1, 2])]

    findings = [pair["finding"] for pair in compare(client, *ids).json()["pairs"]]

    assert "the difference can be chance (p = 1, corrected for 3 pairs after Holm)" in findings[0]
    assert findings[1].endswith("got the same images right.")


def test_more_than_two_are_corrected_after_holm(client: TestClient, pair: tuple[str, str], database: Database) -> None:
    third = made_report(database, TRUE, answers(*range(100)))

    pairs = compare(client, *pair, third).json()["pairs"]

    plain = [one["mcnemar"]["p_value"] for one in pairs]
    assert len(pairs) == 3
    assert pairs[0]["mcnemar"]["p_value_holm"] == pytest.approx(plain[0])  # the largest of the three counts once
    assert pairs[1]["mcnemar"]["p_value_holm"] >= 2 * plain[1]
    assert "p < 0.001, corrected for 3 pairs after Holm" in pairs[1]["finding"]


def test_real_trainings_are_compared_with_curves_and_pictures(trained: Trained) -> None:
    other = trained.submit(**TINY, seed=91)
    trained.work()
    ids = (trained.training_id, other)

    found = compare(trained.client, *ids).json()

    (only,) = found["pairs"]
    reports = [trained.client.get(f"/v1/trainings/{each}/report.json").json() for each in ids]
    assert only["both_right"] + only["only_a_right"] == 1000 - reports[0]["misclassified_count"]
    assert only["both_right"] + only["only_b_right"] == 1000 - reports[1]["misclassified_count"]
    assert "unlikely to be chance" in only["finding"]
    history = trained.client.get(f"/v1/trainings/{other}/history.json").json()
    assert found["curves"][other] == history["epochs"]
    sheet = compare(trained.client, *ids, path="/pictures.png", right=ids[0], count=25)
    assert Image.open(io.BytesIO(sheet.content)).size[0] > 900
    curves = compare(trained.client, *ids, path="/curves.svg")
    assert (curves.status_code, curves.headers["content-type"]) == (200, "image/svg+xml")


def test_the_table_as_csv_has_a_row_a_training(client: TestClient, pair: tuple[str, str]) -> None:
    by_suffix = compare(client, *pair, path=".csv")
    by_accept = compare(client, *pair, headers={"Accept": "text/csv"})

    rows = list(csv.DictReader(io.StringIO(by_suffix.text)))
    assert by_suffix.text == by_accept.text
    assert [row["id"] for row in rows] == list(pair)
    assert rows[0]["test_accuracy"] == "0.994"
    assert float(rows[0]["test_accuracy_low"]) < 0.994 < float(rows[0]["test_accuracy_high"])


@pytest.mark.parametrize("path", ["", ".csv", "/curves.png"])
def test_what_a_client_has_is_not_sent_again(client: TestClient, pair: tuple[str, str], path: str) -> None:
    etag = compare(client, *pair, path=path).headers["etag"]

    assert compare(client, *pair, path=path, headers={"If-None-Match": etag}).status_code == 304
    assert compare(client, *reversed(pair), path=path).headers["etag"] != etag


def test_trainings_on_different_images_are_refused_and_it_is_said_which(
    client: TestClient, pair: tuple[str, str], database: Database
) -> None:
    elsewhere = made_report(database, TRUE, TRUE, dataset="mnist")
    changed = made_report(database, TRUE, TRUE, dataset_sha256="0" * 64)

    reply = compare(client, *pair, elsewhere, changed)

    assert reply.status_code == 422
    faults = [fault["detail"] for fault in reply.json()["errors"]]
    assert len(faults) == 2
    assert f"{elsewhere} was tested on mnist (" in faults[0]
    assert f"{changed} was tested on mnist-5k (SHA-256 000000000000)" in faults[1]


def test_curves_are_drawn_of_running_trainings_and_across_data_sets(
    client: TestClient, pair: tuple[str, str], database: Database
) -> None:
    running = made_training(database, state=TrainingState.RUNNING, epochs=[(1.0, 0.5, None, None)], dataset="mnist")
    queued = made_training(database, state=TrainingState.QUEUED)

    reply = compare(client, pair[0], running, queued, path="/curves.png")

    assert reply.headers["content-type"] == "image/png"
    assert min(Image.open(io.BytesIO(reply.content)).size) > 500
    assert compare(client, pair[0], running).status_code == 409
    assert compare(client, queued, made_training(database), path="/curves.svg").status_code == 200


@pytest.mark.parametrize(
    ("path", "query", "status"),
    [
        ("", {"examples": 51}, 422),
        ("", {"example": 3}, 422),
        (".pdf", {}, 404),
        ("/curves.gif", {}, 404),
        ("/curves.png", {"examples": 3}, 422),
        ("/pictures.png", {}, 422),
        ("/pictures.png", {"right": "neither"}, 422),
        ("/pictures.png", {"right": "a", "count": 0}, 422),
    ],
)
def test_what_cannot_be_asked_is_refused(
    client: TestClient, pair: tuple[str, str], path: str, query: dict[str, Any], status: int
) -> None:
    reply = compare(client, *pair, path=path, **query)

    assert reply.status_code == status
    assert reply.headers["content-type"] == "application/problem+json"


@pytest.mark.parametrize("path", ["", ".csv", "/curves.png"])
def test_one_training_nine_trainings_one_twice_and_an_unknown_one_are_refused(
    client: TestClient, pair: tuple[str, str], path: str
) -> None:
    asked = [
        (),
        pair[:1],
        pair * 5,
        (pair[0], pair[0]),
        (pair[0], "\x00" * 16),
        (pair[0], "f" * 16),
        ("x" * 60, pair[0]),
    ]

    statuses = [compare(client, *ids, path=path).status_code for ids in asked]

    assert statuses == [422, 422, 422, 422, 404, 404, 422]


def test_a_sheet_of_nothing_is_not_there(client: TestClient, database: Database) -> None:
    ids = [made_report(database, TRUE, answers(*wrong)) for wrong in ([1], [1, 2])]

    assert compare(client, *ids, path="/pictures.png", right=ids[1]).status_code == 404
    assert compare(client, *ids, path="/pictures.png", right=ids[0]).status_code == 200
