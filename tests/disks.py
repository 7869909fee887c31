"""Small disks that can be filled: a memory file system of a few megabytes, mounted for one test."""

import errno
import os
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import psycopg

from tests import requirements

BLOCK = 1 << 16
PAGE = 4096


@dataclass(frozen=True)
class SmallDisk:
    """A disk mounted at `path`."""

    path: Path

    @property
    def filler(self) -> Path:
        """The file that fills it."""
        return self.path / "filler"

    def free_bytes(self) -> int:
        """Return how much can still be written."""
        return shutil.disk_usage(self.path).free

    def fill(self, *, leave_bytes: int = 0) -> None:
        """Write until no more than `leave_bytes`, and less than a page, can be written."""
        with self.filler.open("ab", buffering=0) as filler:
            for block in (BLOCK, PAGE):
                with suppress_full():
                    while self.free_bytes() >= leave_bytes + block:
                        filler.write(b"\0" * block)

    def empty(self) -> None:
        """Give back what `fill` took."""
        self.filler.unlink(missing_ok=True)


@contextmanager
def suppress_full() -> Iterator[None]:
    """Go on after the block when it found no room."""
    try:
        yield
    except OSError as error:
        if error.errno != errno.ENOSPC:
            raise


@contextmanager
def small_disk(megabytes: int, *, owner: int = 0) -> Iterator[SmallDisk]:
    """Give an empty disk that the user with the id `owner` may write to; skip the test where none can be mounted.

    CYFRA_TEST_SMALL_DISK names a folder on a small disk of the user's own, to be used instead.
    """
    given = os.environ.get("CYFRA_TEST_SMALL_DISK")
    if given:
        with tempfile.TemporaryDirectory(dir=given) as inside:
            yield SmallDisk(Path(inside))
        return
    folder = Path(tempfile.mkdtemp(prefix="cyfra-disk-"))
    try:
        _mount(folder, f"size={megabytes}m,mode=0755,uid={owner}")
        try:
            yield SmallDisk(folder)
        finally:
            subprocess.run(["umount", "--lazy", str(folder)], check=True)
    finally:
        folder.rmdir()


def _mount(folder: Path, options: str) -> None:
    if shutil.which("mount") is None:
        requirements.missing("mount command", "CYFRA_TEST_SMALL_DISK")
    command = ["mount", "-t", "tmpfs", "-o", options, "tmpfs", str(folder)]
    mounted = subprocess.run(command, capture_output=True, text=True, check=False)
    if mounted.returncode != 0:
        requirements.missing(f"right to mount a small disk ({mounted.stderr.strip()})", "CYFRA_TEST_SMALL_DISK")


@contextmanager
def postgresql_on_small_disk(megabytes: int, template: str) -> Iterator[tuple[str, SmallDisk]]:
    """Give the URL of a copy of the PostgreSQL database `template` whose trainings are on a small disk, and that disk.

    The server must run here, and its user be known by the folder of its data; else the test is skipped.
    """
    with requirements.postgresql_database(template) as url:
        with psycopg.connect(requirements.POSTGRES, autocommit=True) as server:
            (folder,) = server.execute("SHOW data_directory").fetchone() or ("",)
        try:
            owner = Path(folder).stat().st_uid
        except OSError:
            requirements.missing("PostgreSQL on this machine", "CYFRA_TEST_POSTGRES_URL")
        with small_disk(megabytes, owner=owner) as disk, _tablespace(disk) as name:
            with psycopg.connect(url, autocommit=True) as connection:
                connection.execute(f"ALTER TABLE trainings SET TABLESPACE {name}")
            try:
                yield url, disk
            finally:
                disk.empty()
                with psycopg.connect(url, autocommit=True) as connection:
                    connection.execute("ALTER TABLE trainings SET TABLESPACE pg_default")


@contextmanager
def _tablespace(disk: SmallDisk) -> Iterator[str]:
    name = f"cyfra_{disk.path.name.replace('-', '_')}".lower()
    with psycopg.connect(requirements.POSTGRES, autocommit=True) as server:
        try:
            server.execute(f"CREATE TABLESPACE {name} LOCATION '{disk.path}'")
        except psycopg.errors.InsufficientPrivilege:
            requirements.missing("superuser of PostgreSQL", "CYFRA_TEST_POSTGRES_URL")
        try:
            yield name
        finally:
            server.execute(f"DROP TABLESPACE {name}")
