"""Base64 and data URLs, as people and programs write them."""

import base64
from urllib.parse import quote

import pytest
from hypothesis import given
from hypothesis import strategies as st

from service.predictions import texts
from tests.pictures import drawn_digit, encoded

PNG = encoded(drawn_digit())
WRITTEN = base64.b64encode(PNG)


@pytest.mark.parametrize(
    "text",
    [
        WRITTEN,
        b"\n  " + WRITTEN + b"\r\n",
        base64.encodebytes(PNG),
        base64.urlsafe_b64encode(PNG),
        WRITTEN.rstrip(b"="),
        b"data:image/png;base64," + WRITTEN,
        b"DATA:;BASE64," + WRITTEN,
        b"data:image/png;name=a.png;base64," + base64.encodebytes(PNG),
        b"data:image/png;base64," + quote(WRITTEN).encode(),
        b"data:image/png," + quote(PNG).encode(),
    ],
)
def test_a_file_is_found_in_however_it_is_written(text: bytes) -> None:
    assert texts.decoded(text) == PNG
    assert texts.unwrapped(text) == PNG


@pytest.mark.parametrize(
    "text", [b"no base64 at all!", b"abcde", b"data:image/png;base64", b"data:;base64,&&&&", b"=AAA"]
)
def test_what_is_neither_is_refused_with_a_reason(text: bytes) -> None:
    with pytest.raises(ValueError, match=r"base64|comma"):
        texts.decoded(text)


@pytest.mark.parametrize(
    "content",
    [PNG, b"P1 2 2 1 0 0 1", b"abcd", b"hello", b"digit.png", b"", base64.b64encode(b"not a known kind of file")],
)
def test_a_file_or_a_text_that_is_no_written_file_stays_as_it_is(content: bytes) -> None:
    assert texts.unwrapped(content) is content


@given(st.binary(max_size=300))
def test_any_bytes_survive_being_written(content: bytes) -> None:
    assert texts.decoded(base64.b64encode(content)) == content
    assert texts.decoded(base64.urlsafe_b64encode(content).rstrip(b"=")) == content
    assert texts.decoded(b"data:," + quote(content).encode()) == content


@given(st.binary(max_size=60) | st.text(max_size=60).map(str.encode) | st.binary(max_size=40).map(base64.b64encode))
def test_any_text_is_decoded_or_refused(text: bytes) -> None:
    for read in (texts.decoded, texts.unwrapped):
        for written in (text, b"data:" + text, b"data:;base64," + text):
            try:
                assert isinstance(read(written), bytes)
            except ValueError:
                continue
