"""Files that a killed process left behind in the home."""

import time
from pathlib import Path

from service.retention import leftovers

HOUR = 3600.0


def written(path: Path, size: int = 10) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(b"\0" * size)
    return path


def a_home(folder: Path) -> Path:
    """A home with every kind of leftover, beside what must stay."""
    messages, datasets = folder / "broker" / "messages", folder / "datasets"
    written(messages / ".1.cyfra.msg.part")
    written(messages / ".2.cyfra.msg.taken", 20)
    written(messages / "3.cyfra.msg")
    written(datasets / ".mnist-ab12cd34" / "set" / "x_train.npy", 100)
    written(datasets / ".mnist-ab12cd34" / "set" / "y_train.npy", 50)
    written(folder / "uploads" / "upload-ab12cd34" / "body", 70)
    written(datasets / "mnist" / "x_train.npy")
    written(datasets / "fashion-mnist" / "x_train.npy")
    return folder


def test_half_prepared_data_sets_and_torn_messages_go_and_whole_ones_stay(tmp_path: Path) -> None:
    home = a_home(tmp_path)

    found = leftovers.find(home, 0)

    assert {each.path.name: each.size for each in found} == {
        ".1.cyfra.msg.part": 10,
        ".2.cyfra.msg.taken": 20,
        ".mnist-ab12cd34": 150,
        "upload-ab12cd34": 70,
    }
    assert all(leftovers.remove(each) for each in found)
    assert sorted(path.name for path in (home / "datasets").iterdir()) == ["fashion-mnist", "mnist"]
    assert [path.name for path in (home / "broker" / "messages").iterdir()] == ["3.cyfra.msg"]
    assert leftovers.find(home, 0) == []


def test_what_somebody_is_just_writing_stays(tmp_path: Path) -> None:
    assert leftovers.find(a_home(tmp_path), HOUR) == []


def test_a_folder_is_as_young_as_the_youngest_file_in_it(tmp_path: Path) -> None:
    home = a_home(tmp_path)
    began = time.time()
    written(home / "datasets" / ".mnist-ab12cd34" / "set" / "x_train.npy")

    found = leftovers.find(home, time.time() - began + 0.001)

    assert ".mnist-ab12cd34" not in [each.path.name for each in found]


def test_a_link_is_not_followed_out_of_the_home(tmp_path: Path) -> None:
    outside = written(tmp_path / "outside" / "precious").parent
    (tmp_path / "home" / "datasets").mkdir(parents=True)
    (tmp_path / "home" / "datasets" / ".mnist-ab12cd34").symlink_to(outside)

    assert leftovers.find(tmp_path / "home", 0) == []


def test_a_home_that_has_none_of_these_folders_has_no_leftovers(tmp_path: Path) -> None:
    assert leftovers.find(tmp_path / "nothing", 0) == []
