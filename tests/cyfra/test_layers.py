"""What is inside a trained network, through the client."""

import io

import pytest
from PIL import Image

from cyfra import NotFound, Training, Unprocessable

pytestmark = pytest.mark.parametrize("trained", ["sqlite"], indirect=True, scope="session")


def test_the_first_layers_filters_show_themselves(training: Training) -> None:
    filters = training.filters

    assert (filters.count, filters.shape) == (16, (5, 5, 1))
    assert str(filters).startswith("conv2d: 16 filters of 5x5x1, weights up to 0.")
    assert Image.open(io.BytesIO(filters.png)).format == "PNG"
    assert "data:image/png;base64," in filters._repr_html_()


def test_the_activations_of_any_layer_show_themselves(training: Training) -> None:
    first = training.activations(0)
    last = training.activations(0, first.layers[-1])

    assert len(first.channels) == first.shape[-1] == 16
    assert first.highest == pytest.approx(max(channel.highest for channel in first.channels))
    assert last.shape == (10,)
    assert str(last).startswith(f"{last.layer}: 10, between ")
    assert "data:image/png;base64," in last._repr_html_()


def test_a_layer_or_a_picture_that_there_is_not_is_refused(training: Training) -> None:
    with pytest.raises(Unprocessable, match="conv2d"):
        training.activations(0, "conv3d")
    with pytest.raises(NotFound):
        training.activations(1_000_000)
