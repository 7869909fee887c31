"""Pictures of a data set to look at."""

import io

import numpy as np
import pytest
from PIL import Image

from service.errors import UnknownSample
from service.images.sets.opening import LabelledSet
from service.images.sets.samples import contact_sheet_png, sample_png, spread


def test_a_sample_is_the_very_picture(mnist_5k: LabelledSet):
    found = Image.open(io.BytesIO(sample_png(mnist_5k, "test", 42)))

    assert np.array_equal(np.asarray(found), mnist_5k.x_test[42, :, :, 0])


@pytest.mark.parametrize("index", [-1, 1_000, 10**20])
def test_an_index_that_is_not_there_is_told_the_valid_ones(mnist_5k: LabelledSet, index: int):
    with pytest.raises(UnknownSample, match=f"index {index}; mnist-5k has 0 to 999 in test"):
        sample_png(mnist_5k, "test", index)


def test_a_split_that_is_not_there_is_told_the_valid_ones(mnist_5k: LabelledSet):
    with pytest.raises(UnknownSample, match="'validation'; mnist-5k has train and test"):
        sample_png(mnist_5k, "validation", 0)
    with pytest.raises(UnknownSample, match="train and test"):
        contact_sheet_png(mnist_5k, "validation", [0])


def test_samples_are_spread_over_the_classes(mnist_5k: LabelledSet):
    chosen = spread(mnist_5k.y_train, 25)

    assert np.bincount(mnist_5k.y_train[chosen]).tolist() == [3] * 5 + [2] * 5
    assert spread(mnist_5k.y_train, 10**9) != []
    assert spread(mnist_5k.y_train, 0) == []


def test_a_contact_sheet_holds_a_row_of_all_classes(mnist_5k: LabelledSet):
    two_rows = Image.open(io.BytesIO(contact_sheet_png(mnist_5k, "train", spread(mnist_5k.y_train, 20))))
    one_row = Image.open(io.BytesIO(contact_sheet_png(mnist_5k, "train", spread(mnist_5k.y_train, 10))))

    assert two_rows.width == one_row.width > 10 * 28
    assert two_rows.height > one_row.height


def test_an_empty_contact_sheet_is_white_paper(mnist_5k: LabelledSet):
    assert Image.open(io.BytesIO(contact_sheet_png(mnist_5k, "train", []))).format == "PNG"


def test_a_contact_sheet_of_samples_that_are_not_there_is_refused(mnist_5k: LabelledSet):
    with pytest.raises(UnknownSample, match="index 4000"):
        contact_sheet_png(mnist_5k, "train", [0, 4_000])
