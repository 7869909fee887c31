"""POST /predict: every form in which a picture comes, and every picture that is none."""

import io
from typing import Any

import numpy as np
import pytest
from fastapi.testclient import TestClient
from PIL import Image
from starlette.types import Message

from service.images.sets.opening import open_set
from tests.pictures import drawn_digit, encoded, png_header_only, png_of_16_bit_grey
from tests.trained import Trained


def on_paper(digit: Image.Image, mode: str = "L") -> Image.Image:
    """Return the digit dark on a large white sheet."""
    sheet = Image.new("L", (300, 400), 255)
    sheet.paste(Image.eval(digit.resize((200, 200), Image.Resampling.BICUBIC), lambda level: 255 - level), (40, 120))
    return sheet.convert(mode)


def post(trained: Trained, content: bytes, **headers: str) -> Any:
    return trained.client.post("/predict", content=content, headers=headers)


@pytest.mark.parametrize("field", ["file", "image", "data", "image_file"])
def test_a_form_is_answered_whatever_the_field_is_called(trained: Trained, seven: Image.Image, field: str) -> None:
    reply = trained.client.post("/predict", files={field: ("digit.png", encoded(seven), "image/png")})

    answer = reply.json()
    assert reply.status_code == 200
    assert (answer["digit"], answer["label"], answer["filename"]) == (7, "7", "digit.png")
    assert answer["confidence"] == max(answer["probabilities"].values())
    assert sum(answer["probabilities"].values()) == pytest.approx(1, abs=1e-4)
    assert answer["model"] == {"name": "default", "version": 1}
    assert (reply.headers["x-model"], reply.headers["x-model-version"]) == ("default", "1")


@pytest.mark.parametrize(
    "content_type", ["image/png", "application/octet-stream", "application/x-www-form-urlencoded", ""]
)
def test_a_raw_body_is_answered_whatever_it_says_it_is(trained: Trained, seven: Image.Image, content_type: str) -> None:
    reply = post(trained, encoded(seven), **({"Content-Type": content_type} if content_type else {}))

    assert reply.json()["digit"] == 7


def test_several_pictures_are_answered_in_their_order(trained: Trained, seven: Image.Image) -> None:
    found = open_set("mnist-5k", trained.settings.home, None)
    one = Image.fromarray(found.x_test[np.flatnonzero(found.y_test == 1)[0], :, :, 0])
    files = [
        ("file", ("a.png", encoded(seven))),
        ("file", ("b.png", encoded(one))),
        ("image", ("c.png", encoded(seven))),
    ]

    predictions = trained.client.post("/predict", files=files).json()["predictions"]
    text = trained.client.post("/predict", files=files, headers={"Accept": "text/plain"}).text

    assert [(one["filename"], one["digit"]) for one in predictions] == [("a.png", 7), ("b.png", 1), ("c.png", 7)]
    assert text == "7\n1\n7\n"


def test_the_k_most_probable_come_best_first(trained: Trained, seven: Image.Image) -> None:
    probabilities = trained.client.post("/predict?top=3", files={"file": encoded(seven)}).json()["probabilities"]

    assert len(probabilities) == 3
    assert next(iter(probabilities)) == "7"
    assert list(probabilities.values()) == sorted(probabilities.values(), reverse=True)


def test_plain_text_is_the_digit_alone(trained: Trained, seven: Image.Image) -> None:
    reply = post(trained, encoded(seven), Accept="text/plain")

    assert reply.text == "7\n"
    assert reply.headers["content-type"].startswith("text/plain")


def good_pictures(seven: Image.Image) -> dict[str, bytes]:
    paper = on_paper(seven)
    frames = [paper, Image.new("L", paper.size, 255)]
    turned = paper.rotate(-90, expand=True)  # as a camera stores it that was turned to the left
    exif = Image.Exif()
    exif[0x0112] = 8
    transparent = Image.new("RGBA", paper.size, (0, 0, 0, 0))
    transparent.putalpha(Image.eval(paper, lambda level: 255 - level))
    sixteen = np.asarray(paper).astype(np.uint16) * 257
    animated = io.BytesIO()
    frames[0].save(animated, "GIF", save_all=True, append_images=frames[1:])
    return {
        "paper.png": encoded(paper),
        "colour.jpg": encoded(on_paper(seven, "RGB"), "JPEG"),
        "palette.png": encoded(on_paper(seven, "P")),
        "cmyk.jpg": encoded(on_paper(seven, "CMYK"), "JPEG"),
        "transparent.png": encoded(transparent),
        "sixteen.png": png_of_16_bit_grey(sixteen),
        "one-bit.png": encoded(on_paper(seven, "1")),
        "animated.gif": animated.getvalue(),
        "turned.jpg": encoded(turned, "JPEG", exif=exif),
        "paper.webp": encoded(paper, "WEBP"),
        "paper.bmp": encoded(paper, "BMP"),
        "paper.tiff": encoded(paper, "TIFF"),
        "photo.heic": encoded(on_paper(seven, "RGB"), "HEIF"),
        "turned.heic": encoded(turned, "HEIF", exif=exif.tobytes()),
        "photo.avif": encoded(on_paper(seven, "RGB"), "AVIF"),
        "turned.avif": encoded(turned, "AVIF", exif=exif),
        "inverted.png": encoded(Image.eval(paper, lambda level: 255 - level)),
    }


@pytest.mark.parametrize(
    "name",
    [
        *("paper.png", "colour.jpg", "palette.png", "cmyk.jpg", "transparent.png", "sixteen.png", "one-bit.png"),
        *("animated.gif", "turned.jpg", "paper.webp", "paper.bmp", "paper.tiff", "inverted.png"),
        *("photo.heic", "turned.heic", "photo.avif", "turned.avif"),
    ],
)
def test_a_seven_is_a_seven_in_every_kind_of_picture(trained: Trained, seven: Image.Image, name: str) -> None:
    reply = post(trained, good_pictures(seven)[name])

    assert reply.status_code == 200, reply.text
    assert reply.json()["digit"] == 7


@pytest.mark.parametrize(
    ("content", "status", "kind", "hint"),
    [
        (b"", 422, "no-image", "empty body"),
        (b"hello, I am a text", 422, "unreadable-image", ""),
        (b"<svg xmlns='http://www.w3.org/2000/svg'/>", 422, "unreadable-image", "SVG"),
        (encoded(drawn_digit())[:300], 422, "unreadable-image", ""),
        (encoded(drawn_digit(), "JPEG")[:200], 422, "unreadable-image", ""),
        (png_header_only(30_000, 30_000), 422, "image-too-large", "30,000"),
        (encoded(Image.new("L", (1, 1))), 422, "unreadable-image", "1 x 1"),
        (encoded(Image.new("L", (300, 300), 255)), 422, "blank-image", ""),
        (encoded(Image.new("L", (28, 28), 0)), 422, "blank-image", ""),
        (encoded(Image.new("RGBA", (64, 64), (0, 0, 0, 0))), 422, "blank-image", ""),
    ],
)
def test_what_is_no_picture_of_a_digit_gets_a_problem_that_says_so(
    trained: Trained, content: bytes, status: int, kind: str, hint: str
) -> None:
    for reply in (
        post(trained, content, **{"Content-Type": "image/png"}),
        trained.client.post("/predict", files={"file": ("digit.png", content, "image/png")}),
    ):
        problem = reply.json()
        assert reply.status_code == status, reply.text
        assert reply.headers["content-type"] == "application/problem+json"
        if content:  # an empty file in a form is an image that cannot be read; an empty body is none
            assert problem["type"] == f"/problems/{kind}"
            assert hint in problem["detail"]


def test_a_form_that_never_ends_is_refused_while_it_arrives(trained: Trained) -> None:
    taken = 0
    replies: list[Message] = []
    scope = {
        "type": "http",
        "method": "POST",
        "path": "/predict",
        "query_string": b"",
        "headers": [(b"content-type", b"multipart/form-data; boundary=x")],
    }

    async def receive() -> Message:
        nonlocal taken
        taken += 1
        head = b'--x\r\nContent-Disposition: form-data; name="file"; filename="a.png"\r\n\r\n' if taken == 1 else b""
        return {"type": "http.request", "body": head + bytes(1 << 20), "more_body": True}

    async def send(message: Message) -> None:
        replies.append(message)

    assert trained.client.portal is not None
    trained.client.portal.call(trained.client.app, scope, receive, send)

    assert replies[0]["status"] == 413
    assert (b"content-type", b"application/problem+json") in replies[0]["headers"]
    assert taken <= 18  # megabytes, of the 16 that are allowed


@pytest.mark.parametrize("text", ["digit.png", "a caption", ""])
def test_text_beside_a_file_is_not_taken_for_a_picture(trained: Trained, seven: Image.Image, text: str) -> None:
    reply = trained.client.post("/predict", files={"file": ("a.png", encoded(seven))}, data={"data": text})

    assert (reply.status_code, reply.json()["filename"]) == (200, "a.png")


def test_the_one_bad_picture_of_many_is_named(trained: Trained, seven: Image.Image) -> None:
    files = [("file", ("good.png", encoded(seven))), ("file", ("bad.png", b"text"))]

    reply = trained.client.post("/predict", files=files)

    assert reply.status_code == 422
    assert "Image 2 ('bad.png')" in reply.json()["detail"]


def test_twenty_megabytes_are_refused_while_they_arrive(trained: Trained) -> None:
    sent = 0

    def chunks() -> Any:
        nonlocal sent
        for _ in range(20):
            sent += 1
            yield bytes(1 << 20)

    reply = trained.client.post("/predict", content=chunks())

    assert reply.status_code == 413
    assert str(16 << 20) in reply.json()["detail"]


def test_a_picture_that_is_too_large_by_its_own_account_is_a_problem_like_others(trained: Trained) -> None:
    reply = trained.client.post("/predict", files={"file": bytes(17 << 20)})

    assert (reply.status_code, reply.headers["content-type"]) == (413, "application/problem+json")
    assert f"at most {16 << 20}" in reply.json()["detail"]


@pytest.mark.parametrize(
    ("form", "hint"),
    [
        ({"files": {"picture": ("a.png", b"x")}}, "'picture'"),
        ({"data": {"file": "digit.png"}, "files": {"other": b""}}, "with the @"),
    ],
)
def test_a_form_without_a_picture_says_which_fields_it_had(trained: Trained, form: dict[str, Any], hint: str) -> None:
    reply = trained.client.post("/predict", **form)

    assert reply.status_code == 422
    assert hint in reply.json()["detail"]


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"--x",
        b"--x\r\n\r\n",
        b'--x\r\nContent-Disposition: form-data; name="file"; filename="a"\r\n\r\n',
        b"--x\r\nContent-Disposition: \xff\r\n\r\n1\r\n--x--\r\n",
    ],
)
def test_a_broken_form_gets_a_4xx_problem(trained: Trained, body: bytes) -> None:
    reply = post(trained, body, **{"Content-Type": "multipart/form-data; boundary=x"})

    assert 400 <= reply.status_code < 500, reply.text
    assert reply.headers["content-type"] == "application/problem+json"


@pytest.mark.parametrize("charset", ["undefined", "punycode", "raw_unicode_escape", "nonsense"])
def test_a_form_with_a_strange_charset_is_no_fault_of_ours(trained: Trained, charset: str) -> None:
    body = (
        b'--x\r\nContent-Disposition: form-data; name="file"; filename="\\ud800\xff.png"\r\n\r\n'
        + encoded(drawn_digit())
        + b"\r\n--x--\r\n"
    )

    reply = post(trained, body, **{"Content-Type": f"multipart/form-data; boundary=x; charset={charset}"})

    assert reply.status_code < 500, reply.text


def test_a_form_with_too_many_pictures_is_refused(trained: Trained, seven: Image.Image) -> None:
    reply = trained.client.post("/predict", files=[("file", ("a.png", encoded(seven)))] * 10_000)

    assert 400 <= reply.status_code < 500
    assert "64" in reply.json()["detail"]
    assert reply.headers["content-type"] == "application/problem+json"


@pytest.mark.parametrize(
    ("path", "status"),
    [
        ("/predict?top=0", 422),
        ("/predict?tpo=3", 422),
        ("/predict?version=99", 404),
        ("/predict?version=latest", 200),
        ("/v1/models/default/predict", 200),
        ("/v1/models/defualt/predict", 404),
        ("/v1/models/%00/predict", 404),
    ],
)
def test_the_model_and_its_version_can_be_chosen(trained: Trained, seven: Image.Image, path: str, status: int) -> None:
    assert trained.client.post(path, files={"file": encoded(seven)}).status_code == status


def test_without_any_model_the_answer_says_how_to_get_one(client: TestClient) -> None:
    reply = client.post("/predict", files={"file": encoded(drawn_digit())})

    assert reply.status_code == 409
    assert reply.json()["type"] == "/problems/no-model-yet"
    assert '{"preset": "quickstart"}' in reply.json()["detail"]
