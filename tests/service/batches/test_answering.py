"""Batches from the request to the last answer: every form in which pictures come, labels, results, reports."""

import csv
import gzip
import io
import json
from typing import Any

import numpy as np
import pytest
from fastapi.testclient import TestClient
from sklearn.metrics import classification_report
from sqlalchemy import func, select

from service.database import Database
from service.records import BatchInput, BatchInputPart
from service.settings import Settings
from tests.service.batches import batching
from tests.service.batches.batching import PATH, idx, npz, png, shade, shades, submitted, worked, zipped


@pytest.fixture(autouse=True)
def _model(database: Database) -> None:
    batching.add_model(database)


def lines(client: TestClient, batch: dict[str, Any]) -> list[dict[str, Any]]:
    return [json.loads(line) for line in client.get(batch["links"]["results"]).text.splitlines()]


def test_a_zip_of_pictures_is_answered_by_name_and_a_broken_one_has_an_error_of_its_own(
    client: TestClient, settings: Settings, database: Database
) -> None:
    members = {
        f"{'light' if number % 3 else 'dark'}/{number:02}.png": png(shade(bool(number % 3))) for number in range(12)
    }
    members |= {"light/broken.png": b"no picture", "read me.txt": b"hello", "0.png": png(shade(False))}

    batch = submitted(client, zipped(members))
    ended = worked(client, settings, database, batch)

    assert (batch["state"], ended["state"]) == ("queued", "succeeded")
    assert batch["source"] == {
        "form": "zip",
        "filename": None,
        "array": None,
        "bytes": len(zipped(members)),
        "labels": "folders",
    }
    counts = {"total": 14, "done": 14, "unreadable": 1, "labelled": 12, "right": 12, "eta_seconds": None}
    assert ended["progress"] == counts
    assert ["read me.txt" in note for note in ended["notes"]] == [True, False]
    found = lines(client, ended)
    assert [one["name"] for one in found] == sorted(set(members) - {"read me.txt"})
    assert {one["name"]: one.get("label") for one in found} == {
        one["name"]: None if "broken" in one["name"] else one.get("true", "dark") for one in found
    }
    [broken] = [one for one in found if "error" in one]
    assert (broken["name"], broken["error"]["type"]) == ("light/broken.png", "unreadable-image")
    with database.reading() as session:
        assert session.scalar(select(func.count()).select_from(BatchInput)) == 0
        assert session.scalar(select(func.count()).select_from(BatchInputPart)) == 0


def test_the_report_of_an_npz_with_labels_says_what_scikit_learn_says(
    client: TestClient, settings: Settings, database: Database
) -> None:
    pictures = shades(40)
    true = np.array([number % 3 > 0 for number in range(40)], np.int64)
    true[[0, 1, 4]] = 1 - true[[0, 1, 4]]
    predicted = pictures[:, 0, 0] > 100

    batch = worked(client, settings, database, submitted(client, npz(x=pictures, y=true)))

    report = client.get(batch["links"]["report"]).json()
    expected = classification_report(true, predicted, target_names=["dark", "light"], output_dict=True)
    for name in ("dark", "light", "macro avg", "weighted avg"):
        assert report["classification"][name] == pytest.approx(expected[name])
    assert (batch["accuracy"], report["accuracy"], report["count"]) == (37 / 40, 37 / 40, 40)
    assert report["confidence_interval"]["low"] < 37 / 40 < report["confidence_interval"]["high"]
    assert report["confusion_matrix"] == [[13, 2], [1, 24]]
    assert report["confusions"][0] == {"true": "dark", "predicted": "light", "count": 2}
    text = client.get(f"{PATH}/{batch['id']}/report.txt").text
    assert text.startswith(classification_report(true, predicted, target_names=["dark", "light"]).rstrip("\n"))
    assert client.get(f"{PATH}/{batch['id']}/report.csv").text.startswith("class,precision")
    matrix = client.get(f"{PATH}/{batch['id']}/confusion-matrix.csv").text
    assert matrix.splitlines() == ["true \\ predicted,dark,light", "dark,13,2", "light,1,24"]
    assert client.get(f"{PATH}/{batch['id']}/confusion-matrix.png").content.startswith(b"\x89PNG")


def test_many_files_in_a_form_are_answered_and_a_table_gives_their_labels(
    client: TestClient, settings: Settings, database: Database
) -> None:
    files = [("file", (f"=../{number}.png", png(shade(bool(number % 2))))) for number in range(4)]
    table = "name,label\n=../0.png,dark\n1.png,dark\n2.png,dark\nelsewhere.png,light\n"
    reply = client.post(PATH, params={"model": "shades"}, files=[*files, ("labels", ("labels.csv", table.encode()))])
    assert reply.status_code == 202, reply.text

    batch = worked(client, settings, database, reply.json())

    assert (batch["source"]["form"], batch["source"]["labels"]) == ("files", "csv")
    assert any("elsewhere.png" in note for note in batch["notes"])
    rows = list(csv.reader(io.StringIO(client.get(batch["links"]["results_csv"]).text)))
    assert rows[0] == ["name", "class", "confidence", "verdict", "true", "error"]
    assert [(row[0], row[1], row[4]) for row in rows[1:]] == [
        ("'=../0.png", "dark", "dark"),
        ("'=../1.png", "light", "dark"),
        ("'=../2.png", "dark", "dark"),
        ("'=../3.png", "light", ""),
    ]
    assert batch["progress"]["right"] == 2


@pytest.mark.parametrize("squeeze", [bytes, gzip.compress])
def test_idx_files_are_answered_gzipped_or_not(
    client: TestClient, settings: Settings, database: Database, squeeze: Any
) -> None:
    pictures, labels = shades(9), np.array([number % 3 > 0 for number in range(9)], np.uint8)
    files = {"file": ("t10k-images", squeeze(idx(pictures))), "labels": ("t10k-labels", squeeze(idx(labels)))}

    reply = client.post(PATH, params={"model": "shades"}, files=files)
    batch = worked(client, settings, database, reply.json())

    assert (batch["source"]["form"], batch["source"]["labels"], batch["accuracy"]) == ("idx", "idx", 1.0)
    assert lines(client, batch)[4] | {"confidence": 0, "probabilities": {}} == {
        "index": 4,
        "name": "images[4]",
        "digit": None,
        "label": "light",
        "confidence": 0,
        "verdict": None,
        "probabilities": {},
        "true": "light",
    }


def test_pictures_of_another_size_and_floats_go_the_way_that_files_go(
    client: TestClient, settings: Settings, database: Database
) -> None:
    large = np.kron(shades(3), np.ones((4, 4), np.uint8)) / 255.0

    batch = worked(client, settings, database, submitted(client, npz(photos=large, other=np.zeros(3))))

    assert batch["source"]["array"] == "photos"
    assert [one["label"] for one in lines(client, batch)] == ["dark", "light", "light"]


def test_a_picture_in_a_batch_gets_the_answer_that_it_gets_alone(
    client: TestClient, settings: Settings, database: Database
) -> None:
    pictures = {
        f"{number}.png": png(np.kron(shade(bool(number % 2)), np.ones((number + 1, 2), np.uint8)))
        for number in range(4)
    }

    batch = worked(client, settings, database, submitted(client, zipped(pictures)))

    for one in lines(client, batch):
        alone = client.post("/v1/models/shades/predict", content=pictures[one["name"]]).json()
        same = ("label", "digit", "confidence", "probabilities")
        assert {name: one[name] for name in same} == {name: alone[name] for name in same}


def test_a_batch_is_normalised_as_was_asked_for(client: TestClient, settings: Settings, database: Database) -> None:
    batching.add_place_model(database)
    stroke = np.zeros((28, 28), np.uint8)
    stroke[2:14, 3:6] = 255
    found = {}

    for normalize in ("auto", "always", "never"):
        asked = {"model": "places", "normalize": normalize}
        batch = worked(client, settings, database, submitted(client, zipped({"1.png": png(stroke)}), params=asked))
        [answer] = lines(client, batch)
        alone = client.post("/v1/models/places/predict", content=png(stroke), params={"normalize": normalize}).json()

        assert batch["normalize"] == normalize
        assert answer["probabilities"] == alone["probabilities"]
        found[normalize] = answer["probabilities"]

    assert found["always"] != found["auto"] == found["never"]  # it is 28x28 and light on dark already


def test_results_and_reports_come_when_the_batch_has_ended(
    client: TestClient, settings: Settings, database: Database
) -> None:
    batch = submitted(client, npz(x=shades(2)))

    early = client.get(f"{PATH}/{batch['id']}/results.csv")
    assert (early.status_code, early.json()["type"], early.headers["Retry-After"]) == (
        409,
        "/problems/no-results-yet",
        "1",
    )
    assert client.get(f"{PATH}/{batch['id']}/report").status_code == 409
    worked(client, settings, database, batch)

    report = client.get(f"{PATH}/{batch['id']}/report.json")
    assert (report.status_code, report.json()["type"]) == (409, "/problems/no-labels")
    found = client.get(f"{PATH}/{batch['id']}/results")
    assert found.headers["content-type"] == "application/jsonl"
    again = client.get(f"{PATH}/{batch['id']}/results", headers={"If-None-Match": found.headers["ETag"]})
    assert again.status_code == 304
    assert client.get(f"{PATH}/{batch['id']}/results.xml").status_code == 404


def test_the_version_that_answers_is_the_one_there_was_at_the_submit(
    client: TestClient, settings: Settings, database: Database
) -> None:
    batch = submitted(client, npz(x=shades(2)))
    batching.add_model(database)

    ended = worked(client, settings, database, batch)

    assert ended["model"] == {"name": "shades", "version": 1}
    assert submitted(client, npz(x=shades(2)))["model"]["version"] == 2
