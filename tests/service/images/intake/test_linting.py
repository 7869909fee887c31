"""What is odd about a set is told, with the names of the files."""

import io
from pathlib import Path

import numpy as np
from PIL import Image

from service.images.intake.findings import Finding
from service.images.intake.options import Options
from tests.service.images.intake.sets import AS_IT_IS, folders, picture, prepared


def findings(tmp_path: Path, files: dict[str, bytes], options: Options = AS_IT_IS) -> dict[str, Finding]:
    return {each.rule: each for each in prepared(tmp_path, files, options).findings}


def apart(train: dict[str, bytes], test: dict[str, bytes]) -> dict[str, bytes]:
    return {f"train/{name}": file for name, file in train.items()} | {
        f"test/{name}": file for name, file in test.items()
    }


def test_a_set_without_faults_has_no_findings(tmp_path: Path) -> None:
    found = findings(tmp_path, apart(folders("a", "b"), folders("a", "b", each=3, base=50)))

    assert found == {}


def test_files_that_cannot_be_read_are_named_with_the_reason(tmp_path: Path) -> None:
    found = findings(tmp_path, folders("a", "b") | {"a/broken.png": picture(1)[:60], "b/text.jpg": b"hello"})

    assert found["unreadable"].count == 2
    assert found["unreadable"].files[0].startswith("a/broken.png: Received a PNG")
    assert 'text that begins with "hello"' in found["unreadable"].files[1]


def test_a_file_that_lies_about_its_format_is_named(tmp_path: Path) -> None:
    found = findings(tmp_path, folders("a", "b") | {"a/lie.png": picture(1, form="JPEG")})

    assert found["wrong-format"].files == ("a/lie.png is a JPEG",)


def test_files_that_are_no_pictures_and_those_outside_of_classes_are_left_out(tmp_path: Path) -> None:
    found = findings(tmp_path, folders("a", "b") | {"README.md": b"#", "a/notes.txt": b"-", "stray.png": picture(1)})

    assert found["not-pictures"].files == ("README.md", "a/notes.txt")
    assert found["outside-classes"].files == ("stray.png",)


def test_the_same_pixels_in_both_parts_are_told_whatever_the_file_format(tmp_path: Path) -> None:
    train = folders("a", "b")
    again = io.BytesIO()
    Image.open(io.BytesIO(train["a/03.png"])).save(again, "BMP")

    found = findings(tmp_path, apart(train, folders("a", "b", each=3, base=50) | {"a/again.bmp": again.getvalue()}))

    assert found["duplicates-across-splits"].files == ("test/a/again.bmp",)
    assert found["duplicates"].count == 1


def test_a_split_that_is_made_keeps_the_same_pixels_together(tmp_path: Path) -> None:
    files = folders("a", "b", each=10)
    doubled = files | {name.replace(".png", "-again.png"): file for name, file in files.items()}

    found = findings(tmp_path, doubled, Options(test_fraction=0.5))

    assert "duplicates-across-splits" not in found
    assert found["duplicates"].count == 20


def test_a_picture_in_two_classes_is_told(tmp_path: Path) -> None:
    files = folders("a", "b")

    found = findings(tmp_path, files | {"b/same.png": files["a/00.png"]})

    assert set(found["contradicting-labels"].files) == {"a/00.png", "b/same.png"}


def test_imbalance_names_the_classes_and_a_way_out(tmp_path: Path) -> None:
    found = findings(tmp_path, folders("many", each=60) | folders("x", "few", each=4))

    assert "'many' has 48 pictures" in found["imbalance"].finding
    assert '"class_weight": "balanced"' in found["imbalance"].finding
    assert found["few-pictures"].files == ("few: 3", "x: 3")


def test_a_few_pictures_of_the_other_polarity_are_named(tmp_path: Path) -> None:
    found = findings(tmp_path, folders("a", "b", each=20) | {"a/inverted.png": picture(5, base=192)})

    assert found["inverted-polarity"].files == ("a/inverted.png",)
    assert "dark on light, and most are light on dark" in found["inverted-polarity"].finding


def test_a_set_that_is_dark_on_light_is_told_so(tmp_path: Path) -> None:
    assert "dark-on-light" in findings(tmp_path, folders("a", "b", base=192))


def test_a_class_without_pictures_to_test_with_is_named(tmp_path: Path) -> None:
    found = findings(tmp_path, apart(folders("a", "b"), folders("a", each=3, base=50)))

    assert found["no-test-pictures"].files == ("b",)


def test_blank_pictures_are_named(tmp_path: Path) -> None:
    blank = io.BytesIO()
    Image.fromarray(np.full((16, 16), 7, np.uint8)).save(blank, "PNG")

    assert findings(tmp_path, folders("a", "b") | {"a/blank.png": blank.getvalue()})["blank"].files == ("a/blank.png",)


def test_other_sizes_are_told(tmp_path: Path) -> None:
    found = findings(tmp_path, folders("a", "b", each=20) | {"a/large.png": picture(5, (40, 30))})

    assert "from 16x16 to 30x40 (height x width)" in found["sizes"].finding
