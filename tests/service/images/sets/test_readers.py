"""The files in which data sets come: read when they are whole, refused by name when they are not."""

import dataclasses
import io
import pickle
import tarfile
import zipfile
from pathlib import Path

import numpy as np
import pytest

from service.errors import DatasetUnavailable
from service.images.sets import batches, readers, store
from service.images.sets.catalogue import CIFAR10, MNIST
from service.images.sets.opening import open_set
from tests.pictures import encoded, quarters

SMALL = dataclasses.replace(CIFAR10, train_count=50, test_count=10)


def batch(count: int, first: int = 0) -> dict[bytes, object]:
    """One batch of CIFAR-10 as its author writes it: rows of reds, greens and blues."""
    rows = np.random.default_rng(first).integers(0, 256, (count, 3072), dtype=np.uint8)
    return {b"data": rows, b"labels": [number % 10 for number in range(count)], b"filenames": [b"a.png"] * count}


def tar_of(folder: Path, contents: dict[str, bytes]) -> Path:
    source = folder / "cifar-10-python.tar.gz"
    with tarfile.open(source, "w:gz") as archive:
        for name, content in contents.items():
            member = tarfile.TarInfo(f"cifar-10-batches-py/{name}")
            member.size = len(content)
            archive.addfile(member, io.BytesIO(content))
    return source


def batches_of(**changed: bytes) -> dict[str, bytes]:
    names = [*(f"data_batch_{number}" for number in range(1, 6)), "test_batch"]
    return {name: pickle.dumps(batch(10, number), protocol=2) for number, name in enumerate(names)} | changed


def zip_of(folder: Path, train: int = 5, test: int = 1, **changed: bytes) -> Path:
    """A zip of class folders, its members in no order."""
    source = folder / "cifar10-jpeg.zip"
    picture = encoded(quarters(), "JPEG", quality=95)
    members = {
        f"{split}/{name}/{number:04}.jpg": picture
        for split, count in (("train", train), ("test", test))
        for name in reversed(SMALL.classes)
        for number in reversed(range(count))
    }
    with zipfile.ZipFile(source, "w") as archive:
        for name, content in (members | changed).items():
            archive.writestr(name, content)
    return source


def test_the_batches_of_cifar10s_author_are_read(tmp_path: Path):
    batches.read_batches(SMALL, tmp_path, tar_of(tmp_path, batches_of()))

    found = store.load(SMALL, tmp_path)
    first = batch(10, 0)[b"data"][0].reshape(3, 32, 32)
    assert found.x_train.shape == (50, 32, 32, 3)
    assert np.array_equal(found.x_train[0, :, :, 1], first[1])
    assert found.y_test.tolist() == list(range(10))


class Malicious:
    """Unpickled by an ordinary unpickler, it would write a file."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def __reduce__(self) -> tuple[object, tuple[str]]:
        return Path.touch, (self.path,)


def test_a_pickle_that_runs_code_runs_nothing(tmp_path: Path):
    trace = tmp_path / "trace"
    source = tar_of(tmp_path, batches_of(data_batch_3=pickle.dumps(Malicious(trace), protocol=2)))

    with pytest.raises(DatasetUnavailable, match="it asks for"):
        batches.read_batches(SMALL, tmp_path, source)

    assert not trace.exists()


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"no pickle",
        pickle.dumps({b"data": 1, b"labels": [1]}),
        pickle.dumps({}),
        pickle.dumps([1]),
        pickle.dumps(batch(9)),
        pickle.dumps(batch(11)),
    ],
)
def test_a_broken_batch_is_refused(tmp_path: Path, content: bytes):
    with pytest.raises(DatasetUnavailable, match=r"cifar-10-python.tar.gz"):
        batches.read_batches(SMALL, tmp_path, tar_of(tmp_path, batches_of(data_batch_2=content)))

    assert store.load(SMALL, tmp_path) is None


def test_a_zip_of_class_folders_is_read_in_the_order_of_names(tmp_path: Path):
    readers.read_class_folders(SMALL, tmp_path, zip_of(tmp_path))

    found = store.load(SMALL, tmp_path)
    assert found.y_train.tolist() == sorted(found.y_train.tolist())
    assert np.bincount(found.y_train).tolist() == [5] * 10
    assert np.abs(found.x_train[7, 4, 4].astype(int) - [255, 0, 0]).max() < 10


@pytest.mark.parametrize(
    ("build", "told"),
    [
        ({"train": 4}, "40 pictures in train/, expected 50"),
        ({"train/cat/0001.jpg": b"no picture"}, "cannot be read"),
        ({"train/cat/0001.jpg": encoded(quarters(16), "JPEG")}, "train/cat/0001.jpg is 16x16"),
        ({"train": 5, "test": 0, **{f"test/lion/{n}.jpg": b"" for n in range(10)}}, "test/lion/0.jpg is in no class"),
    ],
)
def test_a_zip_with_something_wrong_says_what(tmp_path: Path, build: dict[str, object], told: str):
    with pytest.raises(DatasetUnavailable, match=told):
        readers.read_class_folders(SMALL, tmp_path, zip_of(tmp_path, **build))

    assert store.load(SMALL, tmp_path) is None


@pytest.mark.parametrize("content", [b"", b"no zip at all", b"PK\x03\x04 cut short"])
@pytest.mark.parametrize("read", [readers.read_npz, readers.read_class_folders, batches.read_batches])
def test_a_file_that_is_something_else_is_named(tmp_path: Path, read: object, content: bytes):
    source = tmp_path / "given"
    source.write_bytes(content)

    with pytest.raises(DatasetUnavailable, match=f"{source} cannot be read"):
        read(SMALL, tmp_path, source)


def test_an_npz_that_lacks_an_array_is_refused(tmp_path: Path):
    source = tmp_path / "mnist.npz"
    np.savez(source, x_train=np.zeros(3))

    with pytest.raises(DatasetUnavailable, match=r"mnist\.npz"):
        open_set("mnist", tmp_path, tmp_path)


def test_an_npz_with_pickled_objects_is_refused(tmp_path: Path):
    source = tmp_path / "mnist.npz"
    np.savez(source, **dict.fromkeys(store.ARRAYS, np.array([{}], dtype=object)))

    with pytest.raises(DatasetUnavailable, match=r"mnist\.npz"):
        open_set("mnist", tmp_path, tmp_path)


def test_full_mnist_is_the_original(datasets: Path, tmp_path: Path):
    if not (datasets / "mnist.npz").exists():
        pytest.skip(f"there is no mnist.npz in {datasets}")

    found = open_set("mnist", tmp_path, datasets)

    assert found.sha256 == MNIST.sha256
    assert found.y_test[:5].tolist() == [7, 2, 1, 0, 4]
    assert (found.x_train.shape, found.x_test.shape) == ((60_000, 28, 28, 1), (10_000, 28, 28, 1))
