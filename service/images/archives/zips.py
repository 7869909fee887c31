"""The files in a zip from a stranger: all of its directory is judged before any of them is unpacked.

What Python's zipfile does on its own: it never unpacks more than a member's directory entry says, checks CRCs, and refuses a
local header that names another file. What it does not: all of the rest below.
"""

import io
import stat
import zipfile
import zlib
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import BinaryIO, Final

from service.errors import ArchiveTooLarge, RefusedArchive, UnreadableArchive
from service.images.archives.limits import ArchiveLimits, mebibytes, shown

_ENTRY: Final = b"PK\x01\x02"  # with which each entry of the directory begins
_MOST_DIRECTORY_BYTES: Final = 64 << 20
_BLOCK: Final = 1 << 20
_LOCAL_HEADER_BYTES: Final = 30
_RATIO_COUNTS_FROM: Final = 32 << 20  # a few blank pictures shrink as much as any bomb, and harm nobody

_ENCRYPTED: Final = 0x1 | 0x40 | 0x2000
_METHODS: Final = frozenset({zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED})
_NESTED: Final = frozenset(
    (
        ".zip",
        ".npz",
        ".tar",
        ".gz",
        ".tgz",
        ".bz2",
        ".tbz2",
        ".xz",
        ".txz",
        ".zst",
        ".7z",
        ".rar",
        ".jar",
        ".iso",
        ".cab",
    )
)
_RUBBISH: Final = frozenset({"__macosx", "thumbs.db", "desktop.ini", "ehthumbs.db"})
_BROKEN: Final = (zipfile.BadZipFile, zlib.error, EOFError, OSError, ValueError, NotImplementedError, RuntimeError)


@dataclass(frozen=True)
class Member:
    """One file in a zip: its name, with `/` between folders, and how many bytes it unpacks to."""

    name: str
    size: int

    @property
    def parts(self) -> tuple[str, ...]:
        """The folders that it lies in, and its own name."""
        return PurePosixPath(self.name).parts


class SafeZip:
    """A zip whose directory has been judged. `members` are its files in the order of their names, without what systems add;
    `folders` are those that have an entry of their own, with or without files.
    """

    def __init__(self, archive: zipfile.ZipFile, entries: dict[str, zipfile.ZipInfo], folders: Sequence[str]) -> None:
        self._archive = archive
        self._entries = entries
        self.folders = folders
        self.members: Sequence[Member] = tuple(Member(name, entries[name].file_size) for name in sorted(entries))

    def read(self, member: Member) -> bytes:
        """Unpack one file, of at most `member.size` bytes; threads may do so side by side.

        Raises UnreadableArchive, which names it, if it is damaged.
        """
        try:
            return self._archive.read(self._entries[member.name])
        except _BROKEN as error:
            raise UnreadableArchive(f"{shown(member.name)} is damaged in the zip: {error}") from error

    @contextmanager
    def open(self, member: Member) -> Iterator[BinaryIO]:
        """Give a file that is unpacked as it is read; what reading it raises is told as by `read`."""
        try:
            with self._archive.open(self._entries[member.name]) as stream:
                yield stream  # type: ignore[misc] # an IO[bytes]
        except _BROKEN as error:
            raise UnreadableArchive(f"{shown(member.name)} is damaged in the zip: {error}") from error

    def __iter__(self) -> Iterator[tuple[str, bytes]]:
        """Give the name and the bytes of each file, one in memory at a time; raise UnreadableArchive at a damaged one."""
        for member in self.members:
            yield member.name, self.read(member)


@contextmanager
def opened(file: Path, limits: ArchiveLimits) -> Iterator[SafeZip]:
    """Open a zip and judge its directory. The members of an npz may be as large as all together, and may shrink a lot.

    Raises:
        UnreadableArchive: it is no zip, or damaged.
        RefusedArchive: it holds what is not unpacked: paths that lead elsewhere, links, devices, archives, encrypted or twice
            named or overlapping members.
        ArchiveTooLarge: it holds more than `limits` allow.
    """
    size = file.stat().st_size
    _refuse_many_entries(file, limits)
    with _Guarded(io.FileIO(file)) as guarded:
        try:
            archive = zipfile.ZipFile(guarded)
        except _BROKEN as error:
            raise UnreadableArchive(f"The zip cannot be read: {error}. Was it sent whole?") from error
        with archive:
            entries, folders = _judged(archive.infolist(), limits)
            found = SafeZip(archive, entries, folders)
            _refuse_overflow(archive.infolist(), size, limits)
            if not is_npz(found):
                _refuse_bombs(archive.infolist(), size, limits)
            yield found


def is_npz(archive: SafeZip) -> bool:
    """Whether all members are arrays of NumPy, at the top: an npz is such a zip."""
    return bool(archive.members) and all(
        len(member.parts) == 1 and member.name.endswith(".npy") for member in archive.members
    )


class _Guarded(io.BufferedReader):
    """zipfile reads the whole directory at once, as long as the archive says it is: no longer than this."""

    def read(self, size: int | None = -1, /) -> bytes:
        if size is not None and size > _MOST_DIRECTORY_BYTES:
            raise ArchiveTooLarge(
                f"The zip's directory takes {mebibytes(size)}; at most {mebibytes(_MOST_DIRECTORY_BYTES)} are read."
            )
        return super().read(_MOST_DIRECTORY_BYTES if size is None or size < 0 else size)


def _refuse_many_entries(file: Path, limits: ArchiveLimits) -> None:
    """Count before zipfile makes an object of each. What looks like an entry in a picture's bytes comes once in 4 GiB."""
    count, end = 0, b""
    with file.open("rb") as opened_file:
        while block := opened_file.read(_BLOCK):
            count += (end + block).count(_ENTRY)
            end = block[-(len(_ENTRY) - 1) :]
            if count > limits.max_members:
                raise ArchiveTooLarge(f"The zip has more than {limits.max_members:,} members, which is the most.")


def _judged(
    infos: Sequence[zipfile.ZipInfo], limits: ArchiveLimits
) -> tuple[dict[str, zipfile.ZipInfo], Sequence[str]]:
    """Return the entries to read by name, and the folders; raise at the first that must not be read."""
    entries: dict[str, zipfile.ZipInfo] = {}
    folders: list[str] = []
    seen: set[str] = set()
    for info in infos:
        name = _safe_name(info)
        if name.endswith("/"):
            if not _is_rubbish(name.rstrip("/")):
                folders.append(name.rstrip("/"))
            continue
        if name in seen:
            raise RefusedArchive(f"{shown(name)} is in the zip twice; which one counts nobody can tell. Pack it anew.")
        seen.add(name)
        _refuse_unusual(info, name)
        if info.file_size > limits.max_total_bytes:
            raise ArchiveTooLarge(f"{shown(name)} unpacks to {mebibytes(info.file_size)}.")
        if not _is_rubbish(name):
            entries[name] = info
    return entries, folders


def _safe_name(info: zipfile.ZipInfo) -> str:
    """Return the name with `/` between folders; some Windows programs write `\\`."""
    name = info.orig_filename.replace("\\", "/")
    if "\x00" in name:
        raise RefusedArchive(f"The name {shown(name)} in the zip has a NUL in it.")
    parts = name.split("/")
    if name.startswith("/") or ".." in parts or (len(parts[0]) == 2 and parts[0][1] == ":"):
        raise RefusedArchive(f"{shown(name)} in the zip leads out of its folder. Pack names such as cat/1.png.")
    return "/".join(part for index, part in enumerate(parts) if part not in {"", "."} or index == len(parts) - 1)


def _refuse_unusual(info: zipfile.ZipInfo, name: str) -> None:
    mode = info.external_attr >> 16
    if stat.S_ISLNK(mode):
        raise RefusedArchive(f"{shown(name)} in the zip is a link. Pack the files themselves: zip -r, without -y.")
    if stat.S_IFMT(mode) not in {0, stat.S_IFREG, stat.S_IFDIR}:
        raise RefusedArchive(f"{shown(name)} in the zip is no file but a device, a pipe or a socket.")
    if info.flag_bits & _ENCRYPTED:
        raise RefusedArchive(f"{shown(name)} in the zip is encrypted. Pack it anew without a password.")
    if info.compress_type not in _METHODS:
        raise RefusedArchive(
            f"{shown(name)} is packed by method {info.compress_type}. Pack it with deflate, as zip does by itself."
        )
    suffix = PurePosixPath(name).suffix.lower()
    if suffix in _NESTED and not _is_rubbish(name):
        raise RefusedArchive(f"{shown(name)} in the zip is an archive itself. Pack the pictures, not archives of them.")


def _is_rubbish(name: str) -> bool:
    """Whether a system added it: what macOS and Windows put beside pictures, and hidden files."""
    return any(part.startswith(".") or part.lower() in _RUBBISH for part in name.split("/"))


def _refuse_overflow(infos: Sequence[zipfile.ZipInfo], size: int, limits: ArchiveLimits) -> None:
    total = sum(info.file_size for info in infos)
    if total > limits.max_total_bytes:
        raise ArchiveTooLarge(
            f"The zip unpacks to {mebibytes(total)}; at most {mebibytes(limits.max_total_bytes)} are taken."
        )
    end = 0
    for info in sorted(infos, key=lambda each: each.header_offset):
        if info.header_offset < end:
            raise RefusedArchive(f"{shown(info.orig_filename)} lies on top of another member of the zip: a zip bomb.")
        end = info.header_offset + _LOCAL_HEADER_BYTES + info.compress_size
    if end > size:
        raise UnreadableArchive("The zip is cut short: its directory names bytes behind its end. Send it whole.")


def _refuse_bombs(infos: Sequence[zipfile.ZipInfo], size: int, limits: ArchiveLimits) -> None:
    large = next((info for info in infos if info.file_size > limits.max_member_bytes), None)
    if large is not None:
        raise ArchiveTooLarge(
            f"{shown(large.orig_filename)} unpacks to {mebibytes(large.file_size)}; "
            f"a file may have {mebibytes(limits.max_member_bytes)}."
        )
    total = sum(info.file_size for info in infos)
    if total > _RATIO_COUNTS_FROM and total > limits.max_ratio * size:
        raise RefusedArchive(
            f"The zip has {size:,} bytes and unpacks to {total:,}, more than {limits.max_ratio:,.0f} times as much: "
            "a zip bomb. Pictures do not shrink so."
        )
