"""Zips from strangers: the safe ones are read, the others refused by name before anything is unpacked."""

import zipfile
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from service.errors import ArchiveTooLarge, RefusedArchive, UnreadableArchive
from service.images.archives import zips
from service.images.archives.limits import ArchiveLimits
from tests.service.images.archives.packing import altered, in_memory, linked, overlapping, packed

LIMITS = ArchiveLimits(max_members=50, max_member_bytes=1 << 20, max_total_bytes=64 << 20)


def read(path: Path, limits: ArchiveLimits = LIMITS) -> dict[str, bytes]:
    with zips.opened(path, limits) as archive:
        return dict(archive)


def test_files_come_in_the_order_of_their_names(tmp_path: Path) -> None:
    path = packed(tmp_path / "a.zip", {"dog/1.png": b"d", "cat/2.png": b"c", "cat/": b""})

    assert list(read(path).items()) == [("cat/2.png", b"c"), ("dog/1.png", b"d")]


def test_what_systems_put_beside_pictures_is_left_out(tmp_path: Path) -> None:
    rubbish = ("__MACOSX/cat/._1.png", "cat/.DS_Store", "cat/Thumbs.db", ".git/a.png", "cat/desktop.ini")
    path = packed(tmp_path / "a.zip", {"cat/1.png": b"c"} | dict.fromkeys(rubbish, b"?"))

    assert read(path) == {"cat/1.png": b"c"}


def test_folders_that_windows_programs_write_with_backslashes_are_folders(tmp_path: Path) -> None:
    path = packed(tmp_path / "a.zip", {"train\\cat\\1.png": b"c"})

    with zips.opened(path, LIMITS) as archive:
        assert archive.members[0].parts == ("train", "cat", "1.png")


@pytest.mark.parametrize("name", ["../1.png", "cat/../../1.png", "/etc/1.png", "C:/1.png", "..\\1.png"])
def test_names_that_lead_elsewhere_are_refused(tmp_path: Path, name: str) -> None:
    with pytest.raises(RefusedArchive, match="leads out of its folder"):
        read(packed(tmp_path / "a.zip", {"cat/1.png": b"", name: b""}))


@pytest.mark.parametrize(
    ("make", "said"),
    [
        (linked, "'cat/1.png' in the zip is a link"),
        (overlapping, "a zip bomb"),
        (lambda path: packed(path, {"cat/more.zip": in_memory({"1.png": b""})}), "'cat/more.zip' .* is an archive"),
        (lambda path: packed(path, {"a/1.png": b"x"}, zipfile.ZIP_LZMA), "packed by method 14"),
        (lambda path: altered(packed(path, {"a/1.png": b"x", "a/2.png": b"y"}), b"a/2.png", b"a/1.png"), "twice"),
    ],
)
def test_what_is_not_unpacked_is_named(tmp_path: Path, make: Callable[[Path], Path], said: str) -> None:
    with pytest.raises(RefusedArchive, match=said):
        read(make(tmp_path / "a.zip"))


def test_an_encrypted_member_is_named(tmp_path: Path) -> None:
    path = packed(tmp_path / "a.zip", {"a/1.png": b"x"})
    content = bytearray(path.read_bytes())
    content[content.index(b"PK\x01\x02") + 8] |= 1
    path.write_bytes(content)

    with pytest.raises(RefusedArchive, match=r"'a/1\.png' in the zip is encrypted"):
        read(path)


def test_a_bomb_is_refused_by_its_directory(tmp_path: Path) -> None:
    path = packed(tmp_path / "a.zip", {f"a/{number}.png": bytes(1 << 20) for number in range(40)})

    with pytest.raises(RefusedArchive, match="zip bomb"):
        read(path)


@pytest.mark.parametrize(
    ("limits", "said"),
    [
        (ArchiveLimits(max_members=2), "more than 2 members"),
        (ArchiveLimits(max_member_bytes=99), r"'a/0\.png' unpacks to 1 MiB; a file may"),
        (ArchiveLimits(max_total_bytes=299), "unpacks to 1 MiB; at most"),
    ],
)
def test_what_is_over_a_limit_is_said(tmp_path: Path, limits: ArchiveLimits, said: str) -> None:
    path = packed(tmp_path / "a.zip", {f"a/{number}.png": bytes(100) for number in range(3)})

    with pytest.raises(ArchiveTooLarge, match=said):
        read(path, limits)


def test_a_member_that_unpacks_to_more_than_it_says_is_damaged(tmp_path: Path) -> None:
    path = packed(tmp_path / "a.zip", {"a/1.png": b"x" * 5000})
    altered(path, (5000).to_bytes(4, "little"), (50).to_bytes(4, "little"))

    with pytest.raises(UnreadableArchive, match=r"'a/1\.png' is damaged"):
        read(path)


def test_a_zip_that_was_cut_short_is_unreadable(tmp_path: Path) -> None:
    path = packed(tmp_path / "a.zip", {"a/1.png": b"x" * 100})
    path.write_bytes(path.read_bytes()[:-30])

    with pytest.raises(UnreadableArchive, match="Was it sent whole"):
        read(path)


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(places=st.lists(st.tuples(st.integers(0, 400), st.integers(0, 255)), min_size=1, max_size=12))
def test_a_damaged_zip_is_read_or_refused(tmp_path: Path, places: list[tuple[int, int]]) -> None:
    path = packed(tmp_path / "a.zip", {"cat/1.png": b"x" * 50, "dog/2.png": b"y" * 50})
    content = bytearray(path.read_bytes())
    for place, value in places:
        content[place % len(content)] = value
    path.write_bytes(content)

    with suppress(UnreadableArchive, RefusedArchive, ArchiveTooLarge):
        assert all(".." not in name for name in read(path))
