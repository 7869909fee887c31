"""Curves over each other, for whatever there is."""

import io
import re

import pytest
from PIL import Image

from service.comparisons.drawing import STYLES, Curve, draw


def curve(number: int, epochs: int, *, validated: bool = True) -> Curve:
    loss = tuple(2.3 * 0.8**epoch for epoch in range(epochs))
    accuracy = tuple(1 - each / 2.5 for each in loss)
    nothing = (None,) * epochs
    return Curve(
        name=f"network-{number}",
        dataset="mnist",
        epochs=tuple(range(1, epochs + 1)),
        loss=loss,
        accuracy=accuracy,
        val_loss=loss if validated else nothing,
        val_accuracy=accuracy if validated else nothing,
    )


def test_eight_trainings_each_have_a_colour_a_dash_and_a_marker_of_their_own() -> None:
    assert len({colour for colour, _, _ in STYLES}) == len({marker for _, _, marker in STYLES}) == len(STYLES) == 8
    assert len({str(dashes) for _, dashes, _ in STYLES}) == 8

    picture = Image.open(io.BytesIO(draw(tuple(curve(n, 5 + 4 * n) for n in range(8)), "png"))).convert("RGB")

    drawn = {f"#{r:02X}{g:02X}{b:02X}" for _, (r, g, b) in picture.getcolors(1 << 24) or ()}
    assert {colour for colour, _, _ in STYLES} <= drawn


@pytest.mark.parametrize(
    "curves",
    [
        (curve(1, 0), curve(2, 0)),
        (curve(1, 1), curve(2, 0)),
        (curve(1, 3, validated=False), curve(2, 400, validated=False)),
        (curve(1, 3), curve(2, 3, validated=False)),
    ],
)
def test_one_epoch_none_many_and_no_validation_can_be_drawn(curves: tuple[Curve, ...]) -> None:
    assert Image.open(io.BytesIO(draw(curves, "png"))).width > 600


def test_a_name_is_drawn_as_it_is_written() -> None:
    odd = Curve("$x_1$ <&> 50%", "mnist", (1,), (1.0,), (0.5,), (1.0,), (0.5,))

    svg = draw((odd, curve(1, 2)), "svg").decode()

    assert re.search(r"<!-- \\?\$x_1\\?\$ ", svg)


def test_what_was_drawn_is_not_drawn_again() -> None:
    curves = (curve(3, 4), curve(4, 5))

    assert draw(curves, "png") is draw(curves, "png")
