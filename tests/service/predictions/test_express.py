"""A small PNG takes the short way; whoever asks cannot tell, but by the clock."""

import json
from typing import Any

import pytest
from PIL import Image

from service.predictions import express
from tests.pictures import encoded
from tests.trained import Trained

BOUNDARY = b"--------x"
FORM = "multipart/form-data; boundary=" + BOUNDARY.decode()


def form(content: bytes, name: str = "file", filename: str = "digit.png") -> bytes:
    head = f'Content-Disposition: form-data; name="{name}"; filename="{filename}"\r\nContent-Type: image/png\r\n\r\n'
    return b"--" + BOUNDARY + b"\r\n" + head.encode() + content + b"\r\n--" + BOUNDARY + b"--\r\n"


def is_taken(content_type: str, body: bytes) -> bool:
    """Whether the short way reads a picture in it."""
    kind = express._kind([(b"content-type", content_type.encode()), (b"content-length", b"%d" % len(body))])
    return kind is not None and express._picture(kind, body) is not None


def both_ways(trained: Trained, path: str, body: bytes, content_type: str) -> tuple[Any, Any]:
    """Return what the short way answers, and what the long way does: a query is enough to be sent there."""
    sent = {"content": body, "headers": {"Content-Type": content_type}}
    return trained.client.post(path, **sent), trained.client.post(path + "?probabilities=true", **sent)


@pytest.mark.parametrize("path", ["/predict", "/v1/models/default/predict"])
@pytest.mark.parametrize("content_type", ["image/png", "application/octet-stream", FORM])
def test_both_ways_give_the_same_answer(trained: Trained, seven: Image.Image, path: str, content_type: str) -> None:
    body = form(encoded(seven)) if content_type == FORM else encoded(seven)
    assert is_taken(content_type, body)

    short, long = both_ways(trained, path, body, content_type)

    assert (short.status_code, long.status_code) == (200, 200)
    assert short.json() == long.json()
    different = {name for name in {*short.headers, *long.headers} if short.headers.get(name) != long.headers.get(name)}
    assert different == {"x-request-id"}


@pytest.mark.parametrize(
    ("content_type", "body"),
    [
        ("image/png", b""),
        ("image/png", b"no picture"),
        ("image/png", b"\x89PNG\r\n\x1a\n\x00\x00\x00\x0dIHDR\x00\x00\x00\x1c\x00\x00\x00\x1c\x08\x00\x00\x00\x00"),
        ("image/png", encoded(Image.new("L", (28, 28)))),
        (FORM, form(b"no picture")),
        (FORM, form(encoded(Image.new("L", (28, 28), 255)))),
        (FORM, form(encoded(Image.new("L", (28, 28))), name="other")),
        (FORM, b"--" + BOUNDARY + b"\r\n\r\n--" + BOUNDARY + b"--\r\n"),
        ("application/json", b"{"),
    ],
)
def test_both_ways_refuse_alike(trained: Trained, content_type: str, body: bytes) -> None:
    short, long = both_ways(trained, "/predict", body, content_type)

    assert 400 <= short.status_code < 500
    assert (short.status_code, short.json()) == (long.status_code, long.json())


@pytest.mark.parametrize(
    "body",
    [
        form(b"A" + form(b"B")),
        form(b"A") + b"epilogue",
        b"preamble\r\n" + form(b"A"),
        form(b"A", filename='d\\"igit.png'),
        form(b"A", filename="zi%22ffer.png"),
        form(b"A").replace(b"Content-Type: image/png", b"Content-Transfer-Encoding: base64"),
    ],
)
def test_forms_that_could_mean_something_else_go_the_long_way(body: bytes) -> None:
    assert not is_taken(FORM, body.replace(b"A", encoded(Image.new("L", (28, 28)))))


def test_large_pictures_and_large_bodies_go_the_long_way(seven: Image.Image) -> None:
    assert is_taken("image/png", encoded(seven))
    assert not is_taken("image/png", encoded(seven.resize((33, 28))))
    assert not is_taken("image/png", encoded(seven) + bytes(express.MOST_BYTES))


@pytest.mark.parametrize(
    "headers", [{"Accept": "text/plain"}, {"X-Model-Version": "1"}, {"Accept": "application/json;q=0, text/csv"}]
)
def test_wishes_are_met(trained: Trained, seven: Image.Image, headers: dict[str, str]) -> None:
    reply = trained.client.post("/predict", content=encoded(seven), headers={"Content-Type": "image/png", **headers})

    assert reply.status_code == 200
    assert reply.headers["content-type"].startswith("application/json") == ("X-Model-Version" in headers)


def test_a_body_in_many_pieces_is_put_together(trained: Trained, seven: Image.Image) -> None:
    content = encoded(seven)
    headers = {"Content-Type": "image/png", "Content-Length": str(len(content))}

    reply = trained.client.post("/predict", content=(content[i : i + 1] for i in range(len(content))), headers=headers)

    assert json.loads(reply.content)["digit"] == 7
