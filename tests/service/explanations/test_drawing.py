"""The drawings are honest, and stand names and numbers of every kind."""

import io

import numpy as np
import pytest
from PIL import Image

from service.explanations.drawing import shades
from service.explanations.drawing.activations import activations_png
from service.explanations.drawing.explanation import Explained, explanation_png, percent
from service.explanations.drawing.weights import filters_png

RNG = np.random.default_rng(6)


def opened(png: bytes) -> Image.Image:
    return Image.open(io.BytesIO(png))


def test_a_flat_map_looks_flat_and_one_spot_stands_out():
    faint = RNG.normal(size=(28, 28)).astype(np.float32) / 200
    spot = faint.copy()
    spot[10:14, 10:14] = 4

    assert np.asarray(shades.map_picture(faint)).min() > 235
    assert np.asarray(shades.map_picture(spot)).min() < 60


def test_for_is_warm_and_against_is_blue():
    evidence = np.zeros((28, 28), np.float32)
    evidence[4:10, 4:10], evidence[18:24, 18:24] = 3, -3

    pixels = np.asarray(shades.map_picture(evidence)).astype(int)

    red, _, blue = pixels[70, 70]
    assert red > blue + 100
    red, _, blue = pixels[210, 210]
    assert blue > red + 100


@pytest.mark.parametrize(
    "name", ["7", "automobile", "T-shirt/top", r"$x_{", "a very long name of a class, really", "żółw"]
)
@pytest.mark.parametrize("shape", [(28, 28, 1), (32, 32, 3), (8, 40, 3)])
def test_the_figure_stands_any_name_and_any_shape(name: str, shape: tuple[int, int, int]):
    likeliest = [(name, 0.9), *((f"{name} {number}", 0.02) for number in range(5))]
    evidence = RNG.normal(size=shape[:2]).astype(np.float32)

    figure = opened(explanation_png(Explained(RNG.random(shape, dtype=np.float32), evidence, name, name, likeliest)))

    assert figure.width == 900


@pytest.mark.parametrize("value", [0.99949, 0.9999, 0.99999])
def test_what_is_not_certain_never_reads_as_certain(value: float):
    assert percent(value) == "99.9 %"
    assert percent(1.0) == "100.0 %"
    assert percent(1 - value) in {"<0.1 %", "0.1 %"}


@pytest.mark.parametrize("shape", [(1,), (10,), (65,), (4096,), (1, 1, 512), (26, 26, 32), (3, 3, 2000), (28, 100, 3)])
@pytest.mark.parametrize("flat", [True, False])
def test_activations_of_any_shape_are_drawn(shape: tuple[int, ...], flat: bool):
    values = np.zeros(shape, np.float32) if flat else RNG.normal(size=shape).astype(np.float32)

    assert opened(activations_png(values, "layer", None)).width == 900


@pytest.mark.parametrize("shape", [(16, 5, 5, 1), (64, 3, 3, 3), (4096, 1, 1, 1), (32, 28, 28, 1), (1, 64, 64, 3)])
def test_filters_of_any_shape_are_drawn(shape: tuple[int, int, int, int]):
    weights = RNG.normal(size=shape).astype(np.float32)

    assert opened(filters_png(weights, "conv2d", whole=False)).width == 900
