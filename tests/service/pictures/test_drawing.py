"""What pictures promise: names that follow the content, readable inks, text that is text, and each drawn once."""

import threading
from pathlib import Path

import numpy as np
import pytest

from service.pictures import fonts, style
from service.pictures.contact_sheet import ContactSheet
from service.pictures.contact_sheet import layout as sheet_layout
from service.pictures.curves import Curves, EpochPoint
from service.pictures.drawings import Drawing, drawing
from service.pictures.heat_map import HeatMap, layout
from service.pictures.keeping import Kept


def heat_map(names: tuple[str, ...], subtitle: str = "") -> HeatMap:
    return HeatMap("Confusion matrix", subtitle, names, np.eye(len(names)) * 9, False)


def point(epoch: int, loss: float = 1.0, val: float | None = None) -> EpochPoint:
    return EpochPoint(epoch, loss, 0.5, val, val, 0.1)


def test_a_drawings_key_follows_all_that_it_shows() -> None:
    key = heat_map(("a", "b")).drawn_as("png").key

    assert heat_map(("a", "b")).drawn_as("png").key == key
    assert heat_map(("a", "b")).drawn_as("svg").key != key
    assert heat_map(("a", "c")).drawn_as("png").key != key
    assert heat_map(("a", "b"), "more").drawn_as("png").key != key
    assert drawing("x", ("ab", "c"), bytes).key != drawing("x", ("a", "bc"), bytes).key


def test_ink_has_at_least_the_contrast_that_wcag_wants_on_every_colour_of_the_ramps() -> None:
    for ramp in (style.RIGHT_RAMP, style.WRONG_RAMP):
        for stop in ramp:
            parts = [int(stop[at : at + 2], 16) / 255 for at in (1, 3, 5)]
            linear = [p / 12.92 if p <= 0.04045 else ((p + 0.055) / 1.055) ** 2.4 for p in parts]
            luminance = float(np.dot(linear, (0.2126, 0.7152, 0.0722)))
            white = style.ink_on(parts[0], parts[1], parts[2]) == "#ffffff"
            assert (1.05 / (luminance + 0.05) if white else (luminance + 0.05) / 0.05) >= 4.5


@pytest.mark.parametrize("count", [2, 10, 40, 100])
def test_labels_of_any_number_of_classes_have_room(count: int) -> None:
    picture = heat_map(tuple(f"klasa żółwi {index}" for index in range(count)))
    place = layout(picture)

    widest = max(fonts.width(name, place.label_font) for name in picture.classes)
    assert place.label_font >= 11
    assert place.label_font <= place.cell
    assert place.left > widest
    assert max(place.width, place.height) < 2400


@pytest.mark.parametrize("name", ["<script>alert(1)</script>", "$x_1$", "a & b", "\\frac", "żółw", "", "🐢", "x" * 200])
def test_no_class_name_breaks_a_picture(name: str) -> None:
    picture = heat_map((name, "b"))

    assert picture.drawn_as("png").draw().startswith(b"\x89PNG")
    svg = picture.drawn_as("svg").draw().decode()
    assert "<script" not in svg
    assert 'role="img"' in svg


def test_text_in_svg_is_text_and_inline_svg_takes_the_pages_colours() -> None:
    picture = heat_map(("żółw", "b"))

    assert ">żółw</text>" in picture.drawn_as("svg").draw().decode()
    inline = picture.drawn_as("inline").draw().decode()
    assert inline.startswith("<svg ")
    assert "var(--ink)" in inline
    assert style.INK not in inline


@pytest.mark.parametrize(
    "epochs",
    [
        (),
        (point(1),),
        (point(1, float("nan")), point(2, float("inf"))),
        tuple(point(e, 1 / e, 0.5) for e in range(1, 200)),
    ],
)
def test_any_history_has_curves(epochs: tuple[EpochPoint, ...]) -> None:
    picture = Curves("Learning curves", "", epochs, (), None)

    for format_ in ("png", "print", "svg", "inline"):
        assert picture.drawn_as(format_).draw()


@pytest.mark.parametrize("shape", [(0, 28, 28, 1), (1, 28, 28, 1), (7, 32, 32, 3), (3, 300, 200, 3)])
def test_sheets_of_any_pictures_are_bounded(shape: tuple[int, int, int, int]) -> None:
    pixels = np.zeros(shape, np.uint8)
    sheet = ContactSheet("Title", "", pixels, tuple("airplane:automobile" for _ in range(shape[0])), 10, "None.")

    assert sheet.as_png().draw().startswith(b"\x89PNG")


def test_captions_that_are_too_wide_are_broken_at_the_colon() -> None:
    pixels = np.zeros((2, 32, 32, 3), np.uint8)

    assert sheet_layout(ContactSheet("", "", pixels, ("7:1", "2:3"), 10)).lines == 1
    assert sheet_layout(ContactSheet("", "", pixels, ("airplane:automobile", "cat:dog"), 10)).lines == 2


def test_two_requests_at_the_same_moment_draw_once() -> None:
    kept, drawn, both = Kept(), [], threading.Barrier(2)

    def draw() -> bytes:
        drawn.append(1)
        return b"picture"

    def ask() -> None:
        both.wait()
        assert kept.get(Drawing("key", draw)) == b"picture"

    threads = [threading.Thread(target=ask) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert drawn == [1]


def test_what_is_kept_stays_below_its_limit_and_the_last_used_stays_longest() -> None:
    kept, drawn = Kept(limit_bytes=100), []

    def a_picture(name: str, size: int) -> Drawing:
        return Drawing(name, lambda: drawn.append(name) or bytes(size))

    for name in ("a", "b", "c", "d"):
        kept.get(a_picture(name, 25))
    kept.get(a_picture("a", 25))
    kept.get(a_picture("e", 25))
    kept.get(a_picture("a", 25))
    kept.get(a_picture("huge", 60))

    assert kept.size == 100
    assert drawn == ["a", "b", "c", "d", "e", "huge"]
    kept.get(a_picture("b", 25))
    assert drawn[-1] == "b"


def test_a_picture_whose_drawing_fails_is_drawn_again_next_time() -> None:
    kept = Kept()

    def fail() -> bytes:
        raise OSError("disk")

    with pytest.raises(OSError, match="disk"):
        kept.get(Drawing("key", fail))

    assert kept.get(Drawing("key", lambda: b"picture")) == b"picture"


def test_the_typeface_is_there_without_the_library() -> None:
    assert isinstance(fonts.path("-Bold"), Path)
    assert fonts.path("-Bold").is_file()
    assert fonts.shortened("a very long name", 12, 40).endswith("…")
