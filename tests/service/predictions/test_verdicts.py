"""The service says when it does not know."""

import io

import numpy as np
import pytest
from PIL import Image, ImageDraw, ImageFont

from service.images.sets.opening import open_set
from service.inference.engine import open_session
from tests.trained import Trained

PNG = {"Content-Type": "image/png"}


def png(picture: Image.Image) -> bytes:
    content = io.BytesIO()
    picture.save(content, "PNG")
    return content.getvalue()


def sheet(draw: str) -> Image.Image:
    """Return white paper with something on it that is no digit."""
    picture = Image.new("L", (200, 200), 245)
    pen = ImageDraw.Draw(picture)
    match draw:
        case "letters":
            pen.text((100, 100), "WAR", fill=30, font=ImageFont.load_default(64), anchor="mm")
        case "scribble":
            points = np.random.default_rng(4).uniform(30, 170, (14, 2))
            pen.line([tuple(point) for point in points], fill=30, width=9)
        case "star":
            for angle in np.arange(7) * 2 * np.pi / 7:
                pen.line((100, 100, 100 + 70 * np.cos(angle), 100 + 70 * np.sin(angle)), fill=30, width=9)
        case "photo":
            noise = np.random.default_rng(2).integers(0, 255, (16, 16)).astype(np.uint8)
            picture = Image.fromarray(noise).resize((200, 200), Image.Resampling.BICUBIC)
    return picture


def test_what_is_no_digit_is_called_so(trained: Trained) -> None:
    files = [("file", (f"{what}.png", png(sheet(what)))) for what in ("letters", "scribble", "star", "photo")]

    answers = trained.client.post("/predict", files=files).json()["predictions"]

    verdicts = [answer["verdict"] for answer in answers]
    assert "sure" not in verdicts
    assert verdicts.count("not-a-digit") >= 3


def test_blank_paper_is_its_own_answer(trained: Trained) -> None:
    reply = trained.client.post("/predict", content=png(Image.new("L", (200, 200), 245)), headers=PNG)

    assert (reply.status_code, reply.json()["type"]) == (422, "/problems/blank-image")


def test_most_digits_are_sure_and_those_are_right(trained: Trained) -> None:
    data = open_set("mnist-5k", trained.settings.home, None)
    verdicts, wrong = [], 0
    for start in range(0, 300, 50):
        files = [
            ("file", (f"{n}.png", png(Image.fromarray(data.x_test[n, :, :, 0])))) for n in range(start, start + 50)
        ]
        for number, one in enumerate(trained.client.post("/predict", files=files).json()["predictions"], start):
            verdicts.append(one["verdict"])
            wrong += one["verdict"] == "sure" and one["label"] != str(data.y_test[number])

    assert verdicts.count("sure") > 240
    assert verdicts.count("not-a-digit") < 15
    assert wrong < 6


def test_text_csv_and_the_page_say_it_too(trained: Trained) -> None:
    content = png(sheet("star"))

    answers = {
        kind: trained.client.post("/predict", content=content, headers=PNG | {"Accept": kind}).text
        for kind in ("text/plain", "text/csv", "text/html")
    }

    assert answers["text/plain"] == "not-a-digit\n"
    assert answers["text/csv"].splitlines()[0] == "name,class,confidence,verdict"
    assert answers["text/csv"].splitlines()[1].endswith(",not-a-digit")
    assert "<h2>not a digit</h2>" in answers["text/html"]


def test_probabilities_are_those_of_the_exported_network_at_its_temperature(trained: Trained) -> None:
    data = open_set("mnist-5k", trained.settings.home, None)
    image = data.x_test[:1].astype(float) / 255
    exported = trained.client.get(f"/v1/trainings/{trained.training_id}/model.onnx").content

    (raw,) = open_session(exported).run(["probabilities"], {"images": image.astype(np.float32)})
    calibrated = trained.client.post("/predict", json={"pixels": image[0, :, :, 0].tolist()}).json()["probabilities"]

    temperature = trained.client.get(f"/v1/trainings/{trained.training_id}/report.json").json()["confidence"][
        "temperature"
    ]
    powers = raw[0] ** (1 / temperature)
    assert list(calibrated.values()) == pytest.approx((powers / powers.sum()).tolist(), abs=1e-4)


def test_the_report_says_how_far_the_verdicts_can_be_trusted(trained: Trained) -> None:
    found = trained.client.get(f"/v1/trainings/{trained.training_id}/report.json").json()["confidence"]

    assert found["reason"] is None
    assert found["expected_error"]["after"] < 0.05
    assert sum(one["count"] for one in found["verdicts"].values()) == found["test_count"]
    risks = [point["risk"] for point in found["risk_coverage"]]
    assert risks[-1] <= risks[0]
    assert {"letters", "scribbles", "photos"} <= found["refused"].keys()
    refused = [one["not-a-digit"] + one["unsure"] for one in found["refused"].values()]
    assert np.mean(refused) > 0.8
    page = trained.client.get(f"/v1/trainings/{trained.training_id}/report.html").text
    assert "What its answers are worth" in page


def test_a_training_that_validates_on_the_test_set_has_no_verdicts_and_says_why(trained: Trained) -> None:
    training_id = trained.submit(
        preset="quickstart", recipe={"epochs": 1}, validation={"from": "test"}, register_as="uncalibrated"
    )
    trained.work()

    report = trained.client.get(f"/v1/trainings/{training_id}/report.json").json()["confidence"]
    reply = trained.client.post("/v1/models/uncalibrated/predict", content=png(sheet("star")), headers=PNG).json()

    assert "Nothing was held out" in report["reason"]
    assert reply["verdict"] is None
