"""Zips, honest and hostile, made in memory."""

import io
import zipfile
from collections.abc import Mapping
from pathlib import Path


def packed(path: Path, files: Mapping[str, bytes], method: int = zipfile.ZIP_DEFLATED) -> Path:
    """Write a zip of files."""
    with zipfile.ZipFile(path, "w", method) as archive:
        for name, content in files.items():
            archive.writestr(name, content)
    return path


def linked(path: Path) -> Path:
    """Write a zip with a symbolic link."""
    info = zipfile.ZipInfo("cat/1.png")
    info.create_system, info.external_attr = 3, 0o120777 << 16
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr(info, "/etc/passwd")
    return path


def altered(path: Path, before: bytes, after: bytes) -> Path:
    """Replace bytes of a file, wherever they are."""
    content = path.read_bytes()
    assert before in content
    path.write_bytes(content.replace(before, after))
    return path


def overlapping(path: Path) -> Path:
    """Write a zip whose second member lies on top of its first, as in a bomb without nesting (Fifield 2019)."""
    packed(path, {"a/1.png": b"x" * 100, "a/2.png": b"x" * 100}, zipfile.ZIP_STORED)
    content = bytearray(path.read_bytes())
    directory = content.rindex(b"PK\x01\x02")
    content[directory + 42 : directory + 46] = (10).to_bytes(4, "little")  # where its local header is
    path.write_bytes(content)
    return path


def in_memory(files: Mapping[str, bytes]) -> bytes:
    """Return a zip of files."""
    target = io.BytesIO()
    with zipfile.ZipFile(target, "w") as archive:
        for name, content in files.items():
            archive.writestr(name, content)
    return target.getvalue()
