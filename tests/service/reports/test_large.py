"""A report of 10,000 misclassified examples and 100 classes: every one can be reached, and no document grows with them."""

import io

import pytest
from fastapi.testclient import TestClient
from PIL import Image

from service.database import Database
from tests.service.reports.fabricated import add_report

WRONG = 10_000


@pytest.fixture
def large(client: TestClient, database: Database) -> str:
    """A report of 20,000 test images, half of them misclassified."""
    with database.transaction() as session:
        training_id = add_report(session, [f"class {index:02d}" for index in range(100)], each=200, accuracy=0.5)
    assert client.get(f"/v1/trainings/{training_id}/report.json").json()["misclassified_count"] == WRONG
    return f"/v1/trainings/{training_id}"


@pytest.mark.parametrize("order", ["index", "confidence", "-confidence"])
def test_every_example_is_on_one_page_in_every_order(client: TestClient, large: str, order: str) -> None:
    address: str | None = f"{large}/misclassified.json?limit=1000&order={order}"
    pages = []
    while address is not None:
        page = client.get(address).json()
        pages.append(page["misclassified"])
        address = page["next"]

    found = [one for page in pages for one in page]
    assert len(pages) == WRONG / 1000
    assert len({one["index"] for one in found}) == len(found) == WRONG
    key = {"index": lambda one: one["index"], "confidence": lambda one: (one["confidence"], one["index"])}
    assert found == sorted(found, key=key[order.removeprefix("-")], reverse=order.startswith("-"))


def test_one_cell_of_the_matrix_is_found_among_all(client: TestClient, large: str) -> None:
    matrix = client.get(f"{large}/confusion-matrix.json").json()["matrix"]
    row = next(row for row in range(100) if any(count for column, count in enumerate(matrix[row]) if column != row))
    column = max((column for column in range(100) if column != row), key=lambda column: matrix[row][column])

    page = client.get(f"{large}/misclassified.json?true=class {row:02d}&predicted=class {column:02d}&limit=1000").json()

    assert len(page["misclassified"]) == matrix[row][column]
    assert {(one["true"], one["predicted"]) for one in page["misclassified"]} == {
        (f"class {row:02d}", f"class {column:02d}")
    }


def test_the_documents_are_no_larger_than_those_of_a_small_report(client: TestClient, large: str) -> None:
    page, paper = client.get(f"{large}/report.html"), client.get(f"{large}/report.pdf")

    assert (page.status_code, paper.status_code) == (200, 200)
    assert len(page.content) < 600_000
    assert len(paper.content) < 600_000
    sheet = Image.open(io.BytesIO(client.get(f"{large}/misclassified.png?count=400").content))
    assert max(sheet.size) < 6000
