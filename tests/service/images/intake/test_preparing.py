"""From what somebody sends to four arrays: sizes, colours, classes and splits."""

import gzip
import io
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from service.errors import ArchiveTooLarge, RefusedDataset
from service.images.archives.limits import ArchiveLimits
from service.images.expectation import Expectation, fitted
from service.images.intake.options import IntakeLimits, Options
from service.images.sets.store import content_sha256
from tests.service.images.archives.test_arrays import as_idx, saved
from tests.service.images.intake.sets import arrays_in, folders, picture, prepared, prepared_from


def test_folders_become_classes_and_a_stratified_split_is_made(tmp_path: Path) -> None:
    found = prepared(tmp_path, folders("cat", "dog", each=20))

    assert (found.classes, found.made_split) == (("cat", "dog"), True)
    assert (found.train_per_class, found.test_per_class) == ((16, 16), (4, 4))
    arrays = arrays_in(tmp_path)
    assert arrays["x_train"].shape == (32, 16, 16, 1)
    assert arrays["y_test"].tolist() == [0] * 4 + [1] * 4
    assert "split-made" in {each.rule for each in found.findings}


def test_the_same_bytes_and_seed_make_the_same_set_and_another_seed_another(tmp_path: Path) -> None:
    files = folders("cat", "dog", each=20)

    hashes = [prepared(tmp_path, files, Options(seed=seed)).sha256 for seed in (1, 1, 2)]

    assert hashes[0] == hashes[1] != hashes[2]


@pytest.mark.parametrize("root", ["", "letters/", "a/b/"])
def test_train_and_test_folders_are_kept_apart_whatever_is_around_them(tmp_path: Path, root: str) -> None:
    files = folders(f"{root}train/a", f"{root}train/b") | folders(f"{root}Test/a", f"{root}Test/b", each=3, base=100)

    found = prepared(tmp_path, files)

    assert (found.train_per_class, found.test_per_class, found.made_split) == ((12, 12), (3, 3), False)


def test_a_validation_folder_is_tested_with_where_there_is_no_other(tmp_path: Path) -> None:
    found = prepared(tmp_path, folders("train/a", "train/b") | folders("val/a", "val/b", each=2, base=100))

    assert found.test_per_class == (2, 2)
    assert "val/ is what the set is tested with" in found.findings[0].finding


def test_classes_that_are_numbers_are_in_their_order(tmp_path: Path) -> None:
    assert prepared(tmp_path, folders("10", "9", "2")).classes == ("2", "9", "10")


def test_colour_is_noticed_and_pictures_that_are_only_stored_in_colour_are_grey(tmp_path: Path) -> None:
    grey = Image.open(io.BytesIO(picture(1))).convert("RGB")
    content = io.BytesIO()
    grey.save(content, "PNG")

    assert prepared(tmp_path, folders("a", "b", mode="RGB")).expects.channels == 3
    assert prepared(tmp_path, folders("a", "b") | {"a/x.png": content.getvalue()}).expects.channels == 1
    assert prepared(tmp_path, folders("a", "b", mode="RGB"), Options(colour="grey")).expects.channels == 1


def test_the_size_is_that_of_most_pictures_and_can_be_asked_for(tmp_path: Path) -> None:
    files = folders("a", "b", size=(24, 20)) | {"a/odd.png": picture(9, (50, 60))}

    assert prepared(tmp_path, files).expects == Expectation(20, 24, 1, handwriting=False)
    assert prepared(tmp_path, files, Options(size=(32, 16))).expects == Expectation(32, 16, 1, handwriting=False)
    assert prepared(tmp_path, folders("a", "b", size=(200, 100))).expects == Expectation(32, 64, 1, handwriting=False)


def test_pictures_become_what_a_network_is_given_to_predict(tmp_path: Path) -> None:
    files = folders("a", "b", size=(50, 30), each=3)
    found = prepared(tmp_path, files, Options(size=(16, 16)))

    first = Image.open(io.BytesIO(files["a/00.png"]))

    arrays = arrays_in(tmp_path)
    every = [*arrays["x_train"], *arrays["x_test"]]
    assert any(np.array_equal(each, fitted(first, found.expects)) for each in every)


def test_handwriting_is_laid_out_as_in_mnist(tmp_path: Path) -> None:
    page = Image.new("L", (60, 80), 255)
    page.paste(20, (25, 10, 32, 70))
    content = io.BytesIO()
    page.save(content, "PNG")
    other = page.transpose(Image.Transpose.ROTATE_90)
    lying = io.BytesIO()
    other.save(lying, "PNG")
    files = {"1/a.png": content.getvalue(), "1/b.png": content.getvalue()}
    files |= {"7/a.png": lying.getvalue(), "7/b.png": lying.getvalue()}

    found = prepared(
        tmp_path,
        {f"{split}/{name}": file for split in ("train", "test") for name, file in files.items()},
        Options(handwriting=True),
    )

    assert found.expects == Expectation(28, 28, 1, handwriting=True)
    assert arrays_in(tmp_path)["x_train"][0, 0, 0, 0] == 0  # light on dark


def test_an_npz_of_keras_keeps_its_pixels_order_and_split(tmp_path: Path) -> None:
    rng = np.random.default_rng(1)
    given = {"x_train": rng.integers(0, 256, (40, 12, 10), dtype=np.uint8), "y_train": np.arange(40) % 4}
    given |= {"x_test": rng.integers(0, 256, (8, 12, 10), dtype=np.uint8), "y_test": np.arange(8)[:, np.newaxis] % 4}

    found = prepared_from({"file": saved(tmp_path / "sent.npz", **given)}, tmp_path)

    arrays = arrays_in(tmp_path)
    assert (found.classes, found.made_split) == (("0", "1", "2", "3"), False)
    assert np.array_equal(arrays["x_train"][..., 0], given["x_train"])
    assert np.array_equal(arrays["y_test"], given["y_test"][:, 0])
    assert found.sha256 == content_sha256(arrays)


def test_an_npz_without_a_test_part_is_split_and_its_classes_can_be_named(tmp_path: Path) -> None:
    images = np.random.default_rng(1).integers(0, 256, (40, 12, 10, 3), dtype=np.uint8)
    file = saved(tmp_path / "sent.npz", images=images, labels=np.arange(40) % 2)

    found = prepared_from({"file": file}, tmp_path, Options(classes=("no", "yes")))

    assert (found.classes, found.test_per_class) == (("no", "yes"), (4, 4))


def test_labels_that_begin_at_one_are_closed_up(tmp_path: Path) -> None:
    images = np.random.default_rng(1).integers(0, 256, (30, 9, 9), dtype=np.uint8)
    file = saved(tmp_path / "sent.npz", x_train=images, y_train=np.array([1, 5, 7] * 10))

    found = prepared_from({"file": file}, tmp_path)

    assert found.classes == ("1", "5", "7")
    assert set(arrays_in(tmp_path)["y_train"].tolist()) == {0, 1, 2}


def test_an_idx_pair_is_read_gzipped_or_not(tmp_path: Path) -> None:
    images = np.random.default_rng(1).integers(0, 256, (30, 28, 28), dtype=np.uint8)
    (tmp_path / "images").write_bytes(gzip.compress(as_idx(images)))
    (tmp_path / "labels").write_bytes(as_idx((np.arange(30) % 3).astype(np.uint8)))

    found = prepared_from({"images": tmp_path / "images", "labels": tmp_path / "labels"}, tmp_path)

    assert (found.classes, sum(found.train_per_class)) == (("0", "1", "2"), 24)


def test_more_than_256_classes_have_labels_of_two_bytes(tmp_path: Path) -> None:
    images = np.random.default_rng(1).integers(0, 256, (900, 8, 8), dtype=np.uint8)
    prepared_from({"file": saved(tmp_path / "s.npz", x_train=images, y_train=np.arange(900) % 300)}, tmp_path)

    labels = arrays_in(tmp_path)["y_train"]
    assert (labels.dtype, labels.max()) == (np.uint16, 299)


@pytest.mark.parametrize(
    ("files", "rule"),
    [
        (folders("cat"), "one-class"),
        ({"1.png": picture(1), "2.png": picture(2)}, "no-pictures"),
        ({}, "no-pictures"),
        (folders("cat", "dog") | {"bird/": b""}, "empty-class"),
        (folders("train/cat", "train/dog", "test/cat", "test/bird"), "empty-class"),
        (folders("cat", "dog") | {f"bird/{at}.png": b"no picture" for at in range(3)}, "empty-class"),
        (folders("cat", "dog") | {f"cat/x{at}.png": b"no picture" for at in range(3)}, "too-many-unreadable"),
        ({f"{name}/1.png": picture(name) for name in range(1001)}, "too-many-classes"),
        (folders("cat", "d\x01g"), "class-name"),
    ],
)
def test_what_cannot_become_a_set_is_refused_with_a_reason(tmp_path: Path, files: dict[str, bytes], rule: str) -> None:
    with pytest.raises(RefusedDataset) as refused:
        prepared(tmp_path, files)

    assert refused.value.rule == rule
    assert all(name in f"{refused.value.detail} {refused.value.files}" for name in ("bird",) if rule == "empty-class")


def test_a_set_that_would_take_too_much_is_refused_before_it_is_decoded(tmp_path: Path) -> None:
    with pytest.raises(ArchiveTooLarge, match="Ask for a smaller size"):
        prepared(tmp_path, folders("a", "b"), limits=IntakeLimits(ArchiveLimits(), prepared_bytes=1000))
