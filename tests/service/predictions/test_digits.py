"""All digits on a picture: `?digits=many`."""

import csv
import io

import numpy as np
import pytest
from PIL import Image, ImageDraw, ImageFont

from service.images.sets.opening import LabelledSet, open_set
from tests.handwritten_pages import LAYOUTS, Sheet, photographed
from tests.pictures import encoded
from tests.trained import Trained

PNG = {"Content-Type": "image/png"}


@pytest.fixture(scope="module")
def digits(trained: Trained) -> LabelledSet:
    return open_set("mnist-5k", trained.settings.home, None)


def made(digits: LabelledSet, layout: str, seed: int) -> tuple[Sheet, Image.Image]:
    rng = np.random.default_rng(seed)
    chosen = rng.integers(len(digits.x_test), size=80)
    sheet = LAYOUTS[layout]([(digits.x_test[one, :, :, 0], int(digits.y_test[one])) for one in chosen], rng)
    return sheet, photographed(sheet, rng, is_scan=True)


@pytest.mark.parametrize("layout", ["postcode", "column of numbers", "sheet of cells", "ruled page"])
def test_digits_are_found_in_reading_order_where_they_are(trained: Trained, digits: LabelledSet, layout: str) -> None:
    sheet, picture = made(digits, layout, seed=5)

    answer = trained.client.post("/predict?digits=many", content=encoded(picture), headers=PNG).json()

    assert len(answer["digits"]) == pytest.approx(len(sheet.labels), abs=1 + len(sheet.labels) // 30)
    assert len(answer["lines"]) == len(sheet.lines)
    if len(answer["digits"]) == len(sheet.labels):
        boxes = [one["box"] for one in answer["digits"]]
        edges = [(box["left"], box["top"], box["left"] + box["width"], box["top"] + box["height"]) for box in boxes]
        away = np.abs(np.array(edges) - np.array(sheet.boxes)).max(axis=1)
        assert np.mean(away <= 8) > 0.95
        right_ones = sum(one["label"] == label for one, label in zip(answer["digits"], sheet.labels, strict=True))
        assert right_ones >= 0.9 * len(sheet.labels) - 1


def test_touching_digits_are_cut_and_say_so(trained: Trained, digits: LabelledSet) -> None:
    found = []
    for seed in range(8):
        sheet, picture = made(digits, "two that touch", seed)
        answer = trained.client.post("/predict?digits=many", content=encoded(picture), headers=PNG).json()
        found.append((len(answer["digits"]) == len(sheet.labels), any(one["touching"] for one in answer["digits"])))

    assert sum(is_right for is_right, _ in found) >= 6
    assert sum(touching for _, touching in found) >= 2  # not all of those that were pushed together do touch


def test_boxes_are_in_pixels_of_the_picture_as_it_is_shown(trained: Trained, digits: LabelledSet) -> None:
    _, picture = made(digits, "postcode", seed=5)
    large = picture.resize((3 * picture.width, 3 * picture.height))
    content = io.BytesIO()
    exif = Image.Exif()
    exif[0x0112] = 6  # shown turned by a quarter to the right
    large.transpose(Image.Transpose.ROTATE_90).save(content, "JPEG", exif=exif, quality=92)

    small = trained.client.post("/predict?digits=many", content=encoded(picture), headers=PNG).json()
    turned = trained.client.post("/predict?digits=many", content=content.getvalue()).json()

    assert (turned["width"], turned["height"]) == large.size
    assert len(turned["digits"]) == len(small["digits"])
    for one, other in zip(turned["digits"], small["digits"], strict=True):
        assert one["box"]["left"] == pytest.approx(3 * other["box"]["left"], abs=15)
        assert one["box"]["top"] == pytest.approx(3 * other["box"]["top"], abs=15)


def test_the_answer_also_comes_as_text_as_csv_and_as_a_page(trained: Trained, digits: LabelledSet) -> None:
    sheet, picture = made(digits, "column of numbers", seed=5)
    content = encoded(picture)

    answers = {
        kind: trained.client.post("/predict?digits=many", content=content, headers=PNG | {"Accept": kind}).text
        for kind in ("text/plain", "text/csv", "text/html")
    }

    assert len(answers["text/plain"].splitlines()) == len(sheet.lines)
    rows = list(csv.DictReader(io.StringIO(answers["text/csv"])))
    assert len(rows) == len(sheet.labels)
    assert {"line", "number", "class", "confidence", "verdict", "touching", "left", "top"} <= rows[0].keys()
    assert answers["text/html"].count("<i class=") == len(rows)


def test_probabilities_and_what_was_seen_are_told_where_they_are_wanted(trained: Trained, digits: LabelledSet) -> None:
    _, picture = made(digits, "postcode", seed=5)

    wanted = "/predict?digits=many&top=2&seen=true"
    full = trained.client.post(wanted, content=encoded(picture), headers=PNG).json()["digits"][0]
    bare = trained.client.post("/predict?digits=many&probabilities=false", content=encoded(picture), headers=PNG).json()

    assert len(full["probabilities"]) == 2
    assert full["seen"].startswith("data:image/png;base64,")
    assert not {"probabilities", "seen"} & bare["digits"][0].keys()


def test_several_pictures_are_answered_in_their_order(trained: Trained, digits: LabelledSet) -> None:
    files = [("file", (f"{seed}.png", encoded(made(digits, "postcode", seed)[1]))) for seed in (1, 2)]

    answer = trained.client.post("/predict?digits=many", files=files).json()

    assert [one["filename"] for one in answer["pictures"]] == ["1.png", "2.png"]
    assert all(len(one["digits"]) > 3 for one in answer["pictures"])


def test_one_digit_is_a_page_too(trained: Trained, seven: Image.Image) -> None:
    large = seven.resize((200, 200), Image.Resampling.BICUBIC)

    answer = trained.client.post("/predict?digits=many", content=encoded(large), headers=PNG).json()

    assert answer["text"] == "7"


@pytest.mark.parametrize("what", ["noise", "checkerboard", "stripes", "text", "black", "one line", "long"])
def test_what_is_no_page_of_digits_is_answered_or_refused_clearly(trained: Trained, what: str) -> None:
    rng = np.random.default_rng(3)
    side = 1200
    match what:
        case "noise":
            values = rng.integers(0, 256, (side, side))
        case "checkerboard":
            values = 255 * (np.add.outer(np.arange(side) // 12, np.arange(side) // 12) % 2)
        case "stripes":
            values = np.tile(255 * (np.arange(side) // 10 % 2), (side, 1))
        case "black":
            values = np.zeros((side, side))
        case "one line":
            values = np.full((side, side), 255)
            values[600:604] = 0
        case "long":
            values = np.full((20, 5000), 255)
            values[5:15, ::20] = 0
        case _:
            sheet = Image.new("L", (side, side), 255)
            text = "\n".join("The quick brown fox jumps over the lazy dog" for _ in range(30))
            ImageDraw.Draw(sheet).text((20, 20), text, fill=0, font=ImageFont.load_default(30))
            values = np.asarray(sheet)
    picture = Image.fromarray(np.asarray(values, np.uint8))

    reply = trained.client.post("/predict?digits=many", content=encoded(picture), headers=PNG)

    if reply.status_code != 200:
        assert reply.status_code == 422
        assert reply.json()["type"] in {"/problems/crowded-image", "/problems/blank-image"}


def test_other_values_and_other_models_are_refused(trained: Trained, seven: Image.Image) -> None:
    reply = trained.client.post("/predict?digits=several", content=encoded(seven), headers=PNG)

    assert reply.status_code == 422
    assert reply.json()["errors"][0]["pointer"] == "digits"


def test_blank_paper_is_refused_and_says_which_of_several_it_is(trained: Trained, digits: LabelledSet) -> None:
    files = [
        ("file", ("page.png", encoded(made(digits, "postcode", 1)[1]))),
        ("file", ("blank.png", encoded(Image.new("L", (300, 200), 250)))),
    ]

    reply = trained.client.post("/predict?digits=many", files=files)

    assert (reply.status_code, reply.json()["type"]) == (422, "/problems/blank-image")
    assert "blank.png" in reply.json()["detail"]
