"""Pictures in JSON: what is read, and what is refused in which words."""

import base64
import json
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from fastapi.exceptions import RequestValidationError
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from service.errors import CyfraError, InvalidFields
from service.images.expectation import Expectation
from service.inference.pictures import Picture, Pixels, Sent
from service.predictions import bodies
from tests.pictures import drawn_digit, encoded

GREY = Expectation(3, 2, 1, handwriting=False)
COLOUR = Expectation(2, 2, 3, handwriting=False)
PNG = encoded(drawn_digit())
WRITTEN = base64.b64encode(PNG).decode()
LEVELS = [[0, 128], [255, 0], [1, 2]]


def read(body: object, expects: Expectation = GREY, most: int = 4) -> list[Sent]:
    return list(bodies.read(json.dumps(body).encode(), expects, most))


def values(sent: Sent) -> Any:
    assert isinstance(sent, Pixels)
    return sent.values[:, :, 0].tolist()


def fault(body: object, expects: Expectation = GREY) -> tuple[str, str]:
    with pytest.raises(InvalidFields) as raised:
        read(body, expects)
    found = raised.value.faults
    return (found[0].pointer, found[0].detail) if found else ("", raised.value.detail)


@pytest.mark.parametrize("text", [WRITTEN, f"data:image/png;base64,{WRITTEN}"])
def test_a_file_comes_as_base64_or_as_a_data_url(text: str) -> None:
    assert read({"image": text, "filename": "seven.png"}) == [Picture(PNG, "seven.png", "/image")]


def test_several_pictures_keep_their_order_their_kinds_and_their_names() -> None:
    found = read({"images": [WRITTEN, LEVELS, {"image": WRITTEN, "filename": "b.png"}, {"pixels": LEVELS}]})

    assert found[0] == Picture(PNG, None, "/images/0")
    assert found[2] == Picture(PNG, "b.png", "/images/2/image")
    assert values(found[1]) == values(found[3]) == LEVELS
    assert [one.pointer for one in found] == ["/images/0", "/images/1", "/images/2/image", "/images/3/pixels"]


@pytest.mark.parametrize(
    "pixels",
    [LEVELS, [[[level] for level in row] for row in LEVELS], [level for row in LEVELS for level in row]],
)
def test_grey_pixels_come_as_rows_with_or_without_a_channel_or_all_in_one_row(pixels: list[Any]) -> None:
    [one] = read({"pixels": pixels})
    several = read({"pixels": [pixels, pixels]})

    assert values(one) == LEVELS
    assert [values(each) for each in several] == [LEVELS, LEVELS]


def test_colour_pixels_have_three_channels() -> None:
    pixels = np.arange(12).reshape(2, 2, 3).tolist()

    [one] = read({"pixels": pixels}, COLOUR)

    assert isinstance(one, Pixels)
    assert one.values.tolist() == pixels


@pytest.mark.parametrize(
    ("row", "said", "expected"),
    [
        ([0, 1, 0.5], None, [0, 255, 128]),
        ([0, 1, 2], None, [0, 1, 2]),
        ([0, 1, 1], "0..255", [0, 1, 1]),
        ([0, 1, 1], "0..1", [0, 255, 255]),
        ([0.0, 254.6, 255.0], None, [0, 255, 255]),
    ],
)
def test_numbers_above_one_are_in_0_to_255_unless_the_range_is_said(
    row: list[float], said: str | None, expected: list[int]
) -> None:
    body = {"pixels": [row, row]} | ({"range": said} if said else {})

    [one] = read(body, Expectation(2, 3, 1, handwriting=False))

    assert values(one) == [expected, expected]


@pytest.mark.parametrize(
    ("pixels", "pointer", "detail"),
    [
        (
            [[1, 2], [3, 4]],
            "/pixels",
            "received the shape [2, 2]; the model expects [6], [3, 2] or [3, 2, 1], numbers in 0..255",
        ),
        ([[0, 0], [0, 256], [0, 0]], "/pixels", "received values from 0 to 256; numbers in 0..255 are expected"),
        ([[0, 0], [0, -1], [0, 0]], "/pixels", "received values from -1 to 0; "),
        ([[0, 0], [0, "7"], [0, 0]], "/pixels/1/1", "received '7'; a number is expected"),
        ([[0, 0], [0, None], [0, 0]], "/pixels/1/1", "received None; a number is expected"),
        ([[0, 0], [0, True], [0, 0]], "/pixels/1/1", "received True; a number is expected"),
        ([[0, 0], [0], [0, 0]], "/pixels", "the lists are of different lengths"),
        ([[0, 0], [0, {"a": 1}], [0, 0]], "/pixels/1/1", "received {'a': 1}; a number"),
        ([[0, 0], [0, 10**400], [0, 0]], "/pixels", "hundreds of digits"),
        ([], "/pixels", "no numbers at all"),
        ([[]], "/pixels", "no numbers at all"),
    ],
)
def test_pixels_of_another_shape_range_or_type_are_told_what_was_expected(
    pixels: object, pointer: str, detail: str
) -> None:
    found = fault({"pixels": pixels})
    in_a_list = fault({"images": [LEVELS, {"pixels": pixels}]})

    assert found[0] == pointer
    assert detail in found[1]
    assert in_a_list[0] == f"/images/1{pointer}"


def test_a_number_that_overflows_is_out_of_range() -> None:
    with pytest.raises(InvalidFields, match="from 0 to inf"):
        bodies.read(b'{"pixels": [0, 1e999, 0, 0, 0, 0]}', GREY, 4)


def test_pixels_outside_of_the_range_that_is_said_are_refused() -> None:
    assert "from 0 to 255; range says 0..1" in fault({"pixels": LEVELS, "range": "0..1"})[1]


@pytest.mark.parametrize(
    ("body", "pointer", "detail"),
    [
        ({}, "", "received none of them; exactly one of image, images or pixels"),
        ({"image": WRITTEN, "pixels": LEVELS}, "", "received both"),
        ({"image": WRITTEN, "images": [WRITTEN]}, "", "received images and image"),
        ({"images": [{}]}, "/images/0", "received none of them; exactly one of image or pixels"),
        ({"images": []}, "/images", "received 0 pictures; 1 to 4"),
        ({"images": [WRITTEN] * 5}, "/images", "received 5 pictures; 1 to 4"),
        ({"pixels": [LEVELS] * 5}, "/pixels", "received 5 pictures; 1 to 4"),
        (
            {"image": "hello, world"},
            "/image",
            'neither base64 nor a data URL. Received text that begins with "hello, world"',
        ),
        ({"image": "abcde"}, "/image", "cut short"),
        ({"image": ""}, "/image", "an empty picture"),
        ({"images": [WRITTEN, "digit.png"]}, "/images/1", "neither base64 nor a data URL"),
        ([WRITTEN], "", "JSON that is not an object"),
        ("text", "", "JSON that is not an object"),
        (None, "", "JSON that is not an object"),
    ],
)
def test_a_body_that_holds_no_picture_is_told_why(body: object, pointer: str, detail: str) -> None:
    found = fault(body)

    assert found[0] == pointer
    assert detail in found[1]


def test_more_numbers_than_pictures_may_have_are_refused_before_they_are_read() -> None:
    with pytest.raises(InvalidFields, match="more than 24 numbers; at most 4 pictures"):
        bodies.read(b'{"pixels": [' + b"0," * 1000 + b"0]}", GREY, 4)


LEAVES = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(-(10**25), 10**25) | st.integers(0, 255),
    st.floats(),
    st.text(max_size=8),
    st.just(WRITTEN),
)
KEYS = st.sampled_from(["image", "images", "pixels", "range", "filename", "imgae", "\ud800"]) | st.text(max_size=4)
ANY = st.recursive(
    LEAVES, lambda inner: st.lists(inner, max_size=5) | st.dictionaries(KEYS, inner, max_size=4), max_leaves=25
)
ROWS = st.lists(
    st.lists(st.integers(0, 255) | st.floats(0, 1) | LEAVES, min_size=2, max_size=2), min_size=3, max_size=3
)
ALMOST_RIGHT = st.fixed_dictionaries(
    {},
    optional={"pixels": ROWS | ANY, "images": st.lists(ROWS | ANY, max_size=3), "range": st.sampled_from(["0..1", 1])},
)


@settings(max_examples=400, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(found=ANY | st.dictionaries(KEYS, ANY, max_size=4) | ALMOST_RIGHT)
def test_any_json_is_read_or_refused(found: object) -> None:
    sent = read_or_refused(lambda: read(found))

    assert len(sent) <= 4
    for one in sent:
        assert isinstance(one, Picture) or (one.values.shape == (3, 2, 1) and one.values.dtype == np.uint8)


@settings(max_examples=300, deadline=None)
@given(st.binary(max_size=60) | st.binary(max_size=40).map(lambda tail: b'{"pixels": [' + tail))
def test_any_bytes_are_read_or_refused(body: bytes) -> None:
    read_or_refused(lambda: list(bodies.read(body, GREY, 4)))


def read_or_refused(attempt: Callable[[], list[Sent]]) -> list[Sent]:
    """Return what was read; nothing for what was refused in our own words."""
    try:
        return attempt()
    except RequestValidationError:
        return []
    except CyfraError as error:
        refused = error
    assert 400 <= refused.status < 500
    assert refused.detail.encode()
    return []
