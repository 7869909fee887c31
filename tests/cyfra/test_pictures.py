"""Anything that holds a picture becomes an image file."""

import io
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from cyfra import BadPicture
from cyfra.pictures import file_of, files_of, is_one

GREY = np.arange(12, dtype=np.uint8).reshape(3, 4) * 20
COLOUR = np.arange(36, dtype=np.uint8).reshape(3, 4, 3) * 7


def pixels(picture: object) -> np.ndarray:
    """The pixels of the file that a picture becomes."""
    _, content = file_of(picture)  # type: ignore[arg-type]
    return np.asarray(Image.open(io.BytesIO(content)))


@pytest.mark.parametrize(
    ("picture", "expected"),
    [
        (GREY, GREY),
        (GREY[..., np.newaxis], GREY),
        (COLOUR, COLOUR),
        (np.asfortranarray(COLOUR), COLOUR),
        (GREY.astype(np.int64), GREY),
        (GREY / 255, GREY),
        ((GREY / 255).astype(np.float32), GREY),
        (GREY > 100, np.where(GREY > 100, 255, 0)),
        (Image.fromarray(GREY), GREY),
        (Image.fromarray(COLOUR), COLOUR),
    ],
)
def test_arrays_and_pillow_images_keep_every_pixel(picture: object, expected: np.ndarray) -> None:
    assert np.array_equal(pixels(picture), expected)


def test_a_picture_in_print_colours_can_be_sent() -> None:
    assert pixels(Image.fromarray(COLOUR).convert("CMYK")).shape == (3, 4, 4)


@pytest.mark.parametrize("given", [str, Path, Path.read_bytes, lambda path: path.open("rb")])
def test_a_path_bytes_or_an_open_file_are_sent_as_they_are(given: Callable[[Path], object], tmp_path: Path) -> None:
    path = tmp_path / "seven.png"
    path.write_bytes(b"\x89PNG, or what its owner takes for it")

    name, content = file_of(given(path))  # type: ignore[arg-type]

    assert content == path.read_bytes()
    assert name in {"seven.png", "picture"}


@pytest.mark.parametrize(
    ("picture", "says"),
    [
        (np.zeros((5, 28, 28, 1)), r"shape \(5, 28, 28, 1\).*as a list"),
        (np.zeros(784), r"shape \(784,\)"),
        (np.zeros((0, 28)), r"shape \(0, 28\)"),
        (GREY.astype(float), r"between 0 and 220; floats of a picture lie in 0\.\.1"),
        (np.full((2, 2), np.nan), "float64 between nan"),
        (np.full((2, 2), 256), r"0\.\.255"),
        (np.zeros((2, 2), dtype=complex), "complex"),
        (7, "Received a int"),
        (io.StringIO("text"), "open as text"),
    ],
)
def test_what_is_no_picture_says_what_would_be(picture: object, says: str) -> None:
    with pytest.raises(BadPicture, match=says):
        file_of(picture)  # type: ignore[arg-type]


def test_a_list_is_several_and_everything_else_is_one() -> None:
    assert all(is_one(each) for each in ("a.png", b"bytes", Path("a"), GREY, Image.fromarray(GREY), io.BytesIO(b"")))
    assert not any(is_one(each) for each in (["a.png"], (GREY, GREY), iter([GREY]), []))
    with pytest.raises(BadPicture, match="no picture at all"):
        files_of([])
