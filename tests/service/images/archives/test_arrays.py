"""npz and IDX files from strangers: their headers are checked before their numbers are read."""

import gzip
import io
from pathlib import Path

import numpy as np
import pytest

from service.errors import ArchiveTooLarge, CyfraError, RefusedArchive, UnreadableArchive
from service.images.archives import arrays, idx, npz
from service.images.archives.arrays import FileArray
from service.images.archives.limits import ArchiveLimits
from tests.service.images.archives.packing import packed

LIMITS = ArchiveLimits()
IMAGES = np.random.default_rng(1).integers(0, 256, (5, 4, 3), dtype=np.uint8)


def saved(path: Path, **given: object) -> Path:
    np.savez_compressed(path, **given)
    return path


def as_idx(array: np.ndarray, kind: int = 0x08) -> bytes:
    sides = b"".join(side.to_bytes(4) for side in array.shape)
    return bytes((0, 0, kind, array.ndim)) + sides + array.tobytes()


def pixels_of(array: FileArray) -> np.ndarray:
    return np.concatenate(list(arrays.pixels(array)))


def test_an_npz_gives_pictures_with_a_channel_and_labels(tmp_path: Path) -> None:
    with npz.opened(saved(tmp_path / "a.npz", x=IMAGES, y=np.array([[3], [0], [1], [1], [2]])), LIMITS) as found:
        assert np.array_equal(pixels_of(found["x"]), IMAGES[..., np.newaxis])
        assert arrays.labels(found["y"], 5).tolist() == [3, 0, 1, 1, 2]


@pytest.mark.parametrize("white", [1.0, 255.0])
def test_floats_of_either_usual_range_become_bytes(tmp_path: Path, white: float) -> None:
    given = (IMAGES / 255 * white).astype(np.float32)

    with npz.opened(saved(tmp_path / "a.npz", x=given), LIMITS) as found:
        assert np.array_equal(pixels_of(found["x"])[..., 0], IMAGES)


@pytest.mark.parametrize("values", [[-1.0, 2], [0, 300], [0, np.nan], [0, np.inf]])
def test_other_ranges_are_refused(tmp_path: Path, values: list[float]) -> None:
    given = np.resize(np.array(values, np.float32), (2, 4, 4))

    with (
        npz.opened(saved(tmp_path / "a.npz", x=given), LIMITS) as found,
        pytest.raises(UnreadableArchive, match="pixels are 0 to 255"),
    ):
        pixels_of(found["x"])


def test_pickled_objects_are_refused(tmp_path: Path) -> None:
    with (
        pytest.raises(RefusedArchive, match=r"'x\.npy' holds object"),
        npz.opened(saved(tmp_path / "a.npz", x=np.array([{}, []], object)), LIMITS),
    ):
        pass


def test_a_header_that_promises_more_than_the_file_holds_is_refused(tmp_path: Path) -> None:
    content = io.BytesIO()
    header = {"descr": "|u1", "fortran_order": False, "shape": (1000, 28, 28)}
    np.lib.format.write_array_header_1_0(content, header)
    path = packed(tmp_path / "a.npz", {"x.npy": content.getvalue() + bytes(10)})

    with pytest.raises(UnreadableArchive, match="784,000 bytes by its header, and holds 10"), npz.opened(path, LIMITS):
        pass


@pytest.mark.parametrize("is_gzipped", [False, True])
def test_idx_files_are_read_gzipped_or_not(tmp_path: Path, is_gzipped: bool) -> None:
    content = as_idx(IMAGES)
    path = tmp_path / "images"
    path.write_bytes(gzip.compress(content) if is_gzipped else content)

    assert np.array_equal(pixels_of(idx.opened(path, "images", LIMITS))[..., 0], IMAGES)


def test_an_idx_file_in_numbers_of_several_bytes_is_big_endian(tmp_path: Path) -> None:
    path = tmp_path / "labels"
    path.write_bytes(as_idx(np.array([1, 2, 300], ">i4"), 0x0C))

    assert arrays.labels(idx.opened(path, "labels", LIMITS), 3).tolist() == [1, 2, 300]


@pytest.mark.parametrize("is_gzipped", [False, True])
@pytest.mark.parametrize("change", [-1, 1])
def test_an_idx_file_of_another_length_than_it_says_is_refused(tmp_path: Path, is_gzipped: bool, change: int) -> None:
    content = as_idx(IMAGES)[:-1] if change < 0 else as_idx(IMAGES) + b"x"
    path = tmp_path / "images"
    path.write_bytes(gzip.compress(content) if is_gzipped else content)

    with pytest.raises(UnreadableArchive):
        pixels_of(idx.opened(path, "images", LIMITS))


def test_an_idx_file_that_promises_too_much_is_refused_by_its_header(tmp_path: Path) -> None:
    path = tmp_path / "images"
    path.write_bytes(gzip.compress(bytes((0, 0, 8, 3)) + b"\xff" * 12))

    with pytest.raises(ArchiveTooLarge):
        idx.opened(path, "images", LIMITS)


@pytest.mark.parametrize(
    "labels",
    [np.array([0.5, 1]), np.array([-1, 2]), np.array([1, 2, 3]), np.array([[1, 1], [0, 1]]), np.zeros((2, 2, 2))],
)
def test_labels_that_are_none_are_refused(tmp_path: Path, labels: np.ndarray) -> None:
    with npz.opened(saved(tmp_path / "a.npz", y=labels), LIMITS) as found, pytest.raises(CyfraError):
        arrays.labels(found["y"], 2)


def test_one_hot_labels_are_taken(tmp_path: Path) -> None:
    with npz.opened(saved(tmp_path / "a.npz", y=np.eye(3)[[2, 0]]), LIMITS) as found:
        assert arrays.labels(found["y"], 2).tolist() == [2, 0]
