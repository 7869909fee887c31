"""Things that are no digits."""

import numpy as np

from worker.calibrating.imposters import KINDS, imposters
from worker.calibrating.photos import pieces


def test_every_kind_is_there_laid_out_as_digits_are_and_no_two_are_alike() -> None:
    found = imposters(12, 5)

    assert set(found) == set(KINDS)
    for kind, pictures in found.items():
        assert pictures.shape == (12, 28, 28, 1), kind
        assert pictures.dtype == np.uint8
        assert (pictures.max(axis=(1, 2, 3)) > 200).all(), f"{kind}: something is empty"
        assert len({picture.tobytes() for picture in pictures}) > 6, kind


def test_the_same_seed_gives_the_same_and_another_others() -> None:
    first = imposters(3, 8)
    imposters.cache_clear()
    again, other = imposters(3, 8), imposters(3, 9)

    assert all(np.array_equal(first[kind], again[kind]) for kind in KINDS)
    assert not any(np.array_equal(first[kind], other[kind]) for kind in KINDS)


def test_pieces_of_photos_are_pictures_too() -> None:
    found = pieces(5, 3)

    assert found.shape == (5, 28, 28, 1)
    assert (found.max(axis=(1, 2, 3)) > 200).all()
