"""Every document in every format, at 2, 10 and 100 classes; what is refused; and what is not sent or drawn twice."""

import csv
import io
import re
from typing import Any

import numpy as np
import pytest
from fastapi.testclient import TestClient
from PIL import Image
from sklearn.metrics import confusion_matrix

from service.database import Database
from service.errors import DatasetUnavailable
from service.records import Epoch, TrainingState
from service.reports import figures, misclassified
from tests.service.reports.fabricated import add_report

NAMES = {
    2: ["cat", "dog & <b>co</b>"],
    10: ["T-shirt/top", "Trouser", "Pullover", "Dress", "Coat", "Sandal", "Shirt", "Sneaker", "Bag", "Ankle_boot"],
    100: [f"{('żółw', 'jaskółka', 'gęś', 'ćma')[index % 4]} {index:02d}" for index in range(100)],
}
FORMATS = {
    "report": ("json", "txt", "csv", "tex", "html", "pdf"),
    "classification-report": ("json", "txt", "csv", "tex", "html"),
    "confusion-matrix": ("json", "csv", "png", "svg"),
    "curves": ("json", "csv", "png", "svg"),
    "misclassified": ("json", "png"),
}
MAGIC = {"png": b"\x89PNG", "pdf": b"%PDF", "svg": b"<?xml", "html": b"<!doctype html>", "json": b"{"}


@pytest.fixture
def ids(client: TestClient, database: Database) -> dict[int, str]:
    with database.transaction() as session:
        return {count: add_report(session, names, each=2000 // count) for count, names in NAMES.items()}


def get(client: TestClient, training_id: str, path: str, **headers: str) -> Any:
    reply = client.get(f"/v1/trainings/{training_id}/{path}", headers=headers)
    assert reply.status_code == 200, reply.text
    return reply


def test_every_document_comes_in_every_format_and_is_not_sent_twice(client: TestClient, ids: dict[int, str]) -> None:
    for count, training_id in ids.items():
        for document, suffixes in FORMATS.items():
            for suffix in suffixes:
                reply = get(client, training_id, f"{document}.{suffix}")
                assert reply.content.startswith(MAGIC.get(suffix, b"")), (count, document, suffix)
                assert len(reply.content) < 600_000, (count, document, suffix)
                if "etag" in reply.headers:
                    again = {"If-None-Match": reply.headers["etag"]}
                    second = client.get(f"/v1/trainings/{training_id}/{document}.{suffix}", headers=again)
                    assert (second.status_code, second.content) == (304, b"")
                    assert second.headers["cache-control"]
                else:
                    assert (document, suffix) == ("misclassified", "json")


def test_a_browser_gets_a_page_and_a_program_json(client: TestClient, ids: dict[int, str]) -> None:
    browser = "text/html,application/xhtml+xml,application/xml;q=0.9,image/avif,image/webp,*/*;q=0.8"

    assert get(client, ids[2], "report", Accept=browser).headers["content-type"].startswith("text/html")
    assert get(client, ids[2], "report").headers["content-type"] == "application/json"
    assert get(client, ids[2], "report", Accept="application/pdf").content.startswith(b"%PDF")
    assert get(client, ids[2], "misclassified", Accept="image/png").content.startswith(b"\x89PNG")
    assert get(client, ids[2], "misclassified?limit=3").json()["next"]


@pytest.mark.parametrize("normalize", ["true", "pred", "all"])
def test_shares_are_scikit_learns(client: TestClient, ids: dict[int, str], normalize: str) -> None:
    counts = np.array(get(client, ids[10], "confusion-matrix.json").json()["matrix"])
    pairs = [(row, column) for row, column in np.ndindex(10, 10) for _ in range(counts[row, column])]
    true, predicted = zip(*pairs, strict=True)

    found = get(client, ids[10], f"confusion-matrix.json?normalize={normalize}").json()
    table = list(csv.reader(io.StringIO(get(client, ids[10], f"confusion-matrix.csv?normalize={normalize}").text)))

    assert found["normalize"] == normalize
    np.testing.assert_allclose(found["matrix"], confusion_matrix(true, predicted, normalize=normalize))
    assert [[float(cell) for cell in row[1:]] for row in table[1:]] == found["matrix"]
    assert get(client, ids[10], f"confusion-matrix.png?normalize={normalize}").content.startswith(b"\x89PNG")


@pytest.mark.parametrize("order", ["index", "confidence", "-confidence"])
def test_pages_in_every_order_hold_each_example_once(client: TestClient, ids: dict[int, str], order: str) -> None:
    everything: list[dict[str, Any]] = []
    address = f"/v1/trainings/{ids[10]}/misclassified.json?order={order}&limit=17"
    while address:
        page = client.get(address).json()
        everything += page["misclassified"]
        address = page["next"]

    keys = [(one["confidence"], one["index"]) if order != "index" else one["index"] for one in everything]
    assert len({one["index"] for one in everything}) == len(everything) == page["count"]
    assert keys == sorted(keys, reverse=order.startswith("-"))


def test_a_cursor_belongs_to_its_order_and_its_filters(client: TestClient, ids: dict[int, str]) -> None:
    page = get(client, ids[10], "misclassified.json?order=confidence&limit=5").json()
    cursor = re.search(r"cursor=([^&]+)", page["next"])

    assert cursor is not None
    for other in ("order=-confidence", "order=index", "order=confidence&true=Bag"):
        reply = client.get(f"/v1/trainings/{ids[10]}/misclassified.json?{other}&cursor={cursor[1]}")
        assert reply.status_code == 400, other


@pytest.mark.parametrize(
    ("path", "status", "help_"),
    [
        ("confusion-matrix.json?normalize=rows", 422, "'true', 'pred' or 'all'"),
        ("confusion-matrix.png?normalise=true", 422, "Did you mean 'normalize'"),
        ("confusion-matrix.gif", 404, ".json, .csv, .png, .svg"),
        ("curves.pdf", 404, ".json, .csv, .png, .svg"),
        ("curves.png?width=100000", 422, "width"),
        ("report.docx", 404, ".html, .pdf"),
        ("report.html?theme=dark", 422, "theme"),
        ("classification-report.pdf", 404, ".tex"),
        ("misclassified.csv", 404, ".json, .png"),
        ("misclassified.json?order=sure", 422, "'confidence'"),
        ("misclassified.json?count=3", 422, "count"),
        ("misclassified.png?count=401", 422, "400"),
        ("misclassified.png?count=0", 422, "1"),
        ("misclassified.png?true=Bags", 422, "Did you mean 'Bag'"),
    ],
)
def test_what_cannot_be_is_refused_and_says_what_would_work(
    client: TestClient, ids: dict[int, str], path: str, status: int, help_: str
) -> None:
    reply = client.get(f"/v1/trainings/{ids[10]}/{path}")

    assert reply.status_code == status, reply.text
    assert reply.headers["content-type"] == "application/problem+json"
    assert help_ in reply.text.replace('\\"', '"')


def test_the_page_is_whole_loads_nothing_and_lets_no_class_name_in_as_markup(
    client: TestClient, ids: dict[int, str]
) -> None:
    reply = get(client, ids[2], "report.html")
    page = reply.text

    assert not re.search(r"""(?:src|href)\s*=\s*["'](?!data:|#)""", page)
    assert "url(http" not in page
    assert "@import" not in page
    assert "<script" not in page
    assert "<b>co</b>" not in page
    assert "dog &amp; &lt;b&gt;co" in page
    assert reply.headers["content-security-policy"].startswith("default-src 'none'")
    images = re.findall(r"<img [^>]*>", page)
    assert len(images) == 48
    assert all(re.search(r'alt="[^"]{5,}"', image) for image in images)
    assert page.count("<svg ") == page.count('role="img"') == 2
    assert page.count("<table") == page.count("<caption")
    assert len(set(re.findall(r'\bid="([^"]+)"', page))) == len(re.findall(r'\bid="([^"]+)"', page))
    for said in ("Validated on the test set.", "learning rate 0.001", "Seed"):
        assert said in page


def test_the_sheet_shows_as_many_as_were_asked_for(client: TestClient, ids: dict[int, str]) -> None:
    sizes = [
        Image.open(io.BytesIO(get(client, ids[2], f"misclassified.png?{query}").content)).size
        for query in ("count=10", "count=11", "count=10&order=-confidence&true=cat")
    ]

    assert sizes[0] == sizes[2]
    assert sizes[1][1] > sizes[0][1]


def test_a_report_without_its_pictures_says_why(client: TestClient, database: Database) -> None:
    with database.transaction() as session:
        training_id = add_report(session, NAMES[10], dataset="fashion-mnist")

    assert client.get(f"/v1/trainings/{training_id}/misclassified.png").status_code == 424
    page = get(client, training_id, "report.html").text
    assert "Their pictures are not shown. Fashion-MNIST is not on this machine" in page
    assert get(client, training_id, "report.pdf").content.startswith(b"%PDF")


def test_a_report_whose_pictures_come_later_shows_them_then(
    client: TestClient, database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    with database.transaction() as session:
        training_id = add_report(session, NAMES[2])
    with monkeypatch.context() as patched:
        patched.setattr(misclassified, "pixels", away)
        assert "Their pictures are not shown. It is away." in get(client, training_id, "report.html").text

    assert "Their pictures are not shown" not in get(client, training_id, "report.html").text


def test_a_picture_that_was_drawn_is_found_by_its_address(
    client: TestClient, ids: dict[int, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    paths = (
        "report.html",
        "report.pdf",
        "misclassified.png?count=5",
        "confusion-matrix.png?normalize=true",
        "curves.svg",
    )
    drawn = {path: get(client, ids[2], path) for path in paths}

    with monkeypatch.context() as patched:
        for name in ("contact_sheet", "heat_map", "curves"):
            patched.setattr(figures, name, away)
        for path, first in drawn.items():
            again = get(client, ids[2], path)
            assert (again.content, again.headers["etag"]) == (first.content, first.headers["etag"])

    assert client.delete(f"/v1/trainings/{ids[2]}").status_code == 204
    assert [client.get(f"/v1/trainings/{ids[2]}/{path}").status_code for path in paths] == [404] * len(paths)


def away(*_: object) -> None:
    raise DatasetUnavailable("It is away.")


def test_a_report_without_any_error_is_a_report(client: TestClient, database: Database) -> None:
    with database.transaction() as session:
        training_id = add_report(session, NAMES[2], accuracy=1.0)

    assert "None of the test images was misclassified" in get(client, training_id, "report.html").text
    for path in ("report.pdf", "misclassified.png", "confusion-matrix.png", "confusion-matrix.svg"):
        assert get(client, training_id, path).content


def test_curves_grow_while_a_training_runs_and_reports_wait_for_its_end(client: TestClient, database: Database) -> None:
    with database.transaction() as session:
        training_id = add_report(session, NAMES[2], epochs=5, state=TrainingState.RUNNING)

    before = get(client, training_id, "curves.png")
    with database.transaction() as session:
        session.add(
            Epoch(
                training_id=training_id,
                epoch=6,
                loss=1,
                accuracy=1,
                val_loss=1,
                val_accuracy=1,
                learning_rate=1,
                seconds=1,
            )
        )
    after = get(client, training_id, "curves.png", **{"If-None-Match": before.headers["etag"]})
    found = get(client, training_id, "curves.json").json()

    assert after.content != before.content
    assert found["learning_rate_steps"] == [
        {"epoch": 4, "learning_rate": 0.0005, "before": 0.001},
        {"epoch": 6, "learning_rate": 1, "before": 0.0005},
    ]
    assert found["best_epoch"] == 6
    assert [one["epoch"] for one in found["epochs"]] == [1, 2, 3, 4, 5, 6]
    for path in ("report.html", "report.pdf", "confusion-matrix.png", "misclassified.png", "classification-report.tex"):
        reply = client.get(f"/v1/trainings/{training_id}/{path}")
        assert reply.status_code == 409
        assert "Ask again" in reply.json()["detail"]


def test_latex_has_no_character_that_it_would_take_for_a_command(client: TestClient, ids: dict[int, str]) -> None:
    text = get(client, ids[10], "classification-report.tex").text

    assert r"Ankle\_boot & 0.9000 & 0.9000 & 0.9000 & 200 \\" in text
    assert r"dog \& <b>co</b>" in get(client, ids[2], "report.tex").text
