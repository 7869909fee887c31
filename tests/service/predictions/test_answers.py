"""What goes back: JSON with as much as was asked for, text, CSV, and a page."""

import base64
import csv
import io
import re
from html.parser import HTMLParser

import pytest
from PIL import Image

from tests.pictures import encoded
from tests.trained import Trained

BROWSER = "text/html,application/xhtml+xml,application/xml;q=0.9,image/avif,image/webp,*/*;q=0.8"


def as_text(picture: Image.Image) -> str:
    return base64.b64encode(encoded(picture)).decode()


def files(seven: Image.Image, *names: str) -> list[tuple[str, tuple[str, bytes]]]:
    return [("file", (name, encoded(seven))) for name in names]


def test_probabilities_can_be_left_out(trained: Trained, seven: Image.Image) -> None:
    answer = trained.client.post("/predict?probabilities=false", content=encoded(seven)).json()

    assert set(answer) == {"digit", "label", "confidence", "verdict", "model", "filename"}
    assert answer["digit"] == 7


@pytest.mark.parametrize(
    "query", ["probabilities=perhaps", "probabilites=false", "normalize=perhaps", "normalise=never"]
)
def test_what_is_to_be_left_out_must_be_said_well(trained: Trained, seven: Image.Image, query: str) -> None:
    assert trained.client.post(f"/predict?{query}", content=encoded(seven)).status_code == 422


def test_normalize_says_whether_a_digit_is_laid_out_as_in_mnist(trained: Trained, seven: Image.Image) -> None:
    seen = {
        how: trained.client.post(f"/predict?seen=true&normalize={how}", json={"image": as_text(seven)}).json()["seen"]
        for how in ("auto", "always", "never")
    }

    assert seen["auto"] == trained.client.post("/predict?seen=true", content=encoded(seven)).json()["seen"]
    assert seen["always"] != seen["never"]


def test_csv_has_a_line_a_file(trained: Trained, seven: Image.Image) -> None:
    names = ("a.png", "with, commas.png", "=HYPERLINK(1).png", "żółw.png")

    reply = trained.client.post("/predict", files=files(seven, *names), headers={"Accept": "text/csv"})

    rows = list(csv.DictReader(io.StringIO(reply.text)))
    assert reply.headers["content-type"] == "text/csv; charset=utf-8"
    assert [row["name"] for row in rows] == ["a.png", names[1], "'=HYPERLINK(1).png", "żółw.png"]
    assert {row["class"] for row in rows} == {"7"}
    assert all(0 < float(row["confidence"]) <= 1 for row in rows)


def test_one_picture_without_a_name_is_a_line_of_csv_too(trained: Trained, seven: Image.Image) -> None:
    reply = trained.client.post("/predict", content=encoded(seven), headers={"Accept": "text/csv"})

    assert re.fullmatch(r"name,class,confidence,verdict\r\n,7,[01]\.[0-9]{6},(?:sure|unsure)\r\n", reply.text)


class Page(HTMLParser):
    """The elements of a page with their attributes, and its text."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.elements: list[tuple[str, dict[str, str | None]]] = []
        self.text = ""
        self.feed(html)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements.append((tag, dict(attrs)))

    def handle_data(self, data: str) -> None:
        self.text += data


def test_a_browser_gets_a_page_that_loads_nothing_and_runs_nothing(trained: Trained, seven: Image.Image) -> None:
    names = ("a.png", '"><script>alert(1)</script>.png')

    reply = trained.client.post("/predict", files=files(seven, *names), headers={"Accept": BROWSER})

    page = Page(reply.text)
    images = [attributes for tag, attributes in page.elements if tag == "img"]
    assert reply.headers["content-type"] == "text/html; charset=utf-8"
    assert reply.headers["content-security-policy"].startswith("default-src 'none'")
    assert reply.headers["x-content-type-options"] == "nosniff"
    assert "script" not in {tag for tag, _ in page.elements}
    assert all("<script>alert(1)</script>" in name for name in (images[1]["alt"] or "", page.text))
    assert all((attributes["src"] or "").startswith("data:image/png;base64,") for attributes in images)
    assert not re.search(r"https?://", reply.text)
    assert "Model default, version 1; 2 pictures" in page.text


def test_the_page_shows_as_many_probabilities_as_are_asked_for(trained: Trained, seven: Image.Image) -> None:
    for query, rows in (("", 10), ("?top=3", 3), ("?probabilities=false", 0)):
        reply = trained.client.post(f"/predict{query}", content=encoded(seven), headers={"Accept": BROWSER})

        assert [tag for tag, _ in Page(reply.text).elements].count("tr") == rows


@pytest.mark.parametrize("accept", ["*/*", "application/json", "application/json, text/plain, */*", "image/png", ""])
def test_programs_get_json(trained: Trained, seven: Image.Image, accept: str) -> None:
    reply = trained.client.post("/predict", content=encoded(seven), headers={"Accept": accept})

    assert reply.headers["content-type"] == "application/json"
    assert reply.headers["vary"] == "Accept"


def test_openapi_says_every_form_and_every_answer(trained: Trained) -> None:
    paths = trained.client.get("/openapi.json").json()["paths"]

    for path in ("/predict", "/v1/models/{name}/predict"):
        operation = paths[path]["post"]
        parameters = {(one["in"], one["name"]) for one in operation["parameters"]} - {("path", "name")}
        body = operation["requestBody"]["content"]
        assert parameters == {
            ("query", "top"),
            ("query", "probabilities"),
            ("query", "seen"),
            ("query", "normalize"),
            ("query", "version"),
            ("query", "digits"),
            ("header", "x-model-version"),
        }
        assert {"multipart/form-data", "application/json", "image/png", "image/heic", "text/plain"} <= set(body)
        assert {"image", "images", "pixels", "range"} <= set(body["application/json"]["schema"]["properties"])
        assert set(operation["responses"]["200"]["content"]) == {
            *("application/json", "text/plain", "text/csv", "text/html")
        }
    assert "$ref" not in str(paths["/predict"]["post"]["requestBody"])
