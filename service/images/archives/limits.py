"""How much an archive may hold."""

from dataclasses import dataclass
from typing import Final, Self

LONGEST_NAME: Final = 80


@dataclass(frozen=True)
class ArchiveLimits:
    """The most that is unpacked: files, bytes of one of them, and bytes of all together.

    `max_ratio` is how many times larger than the archive its contents may be: pictures hardly shrink in a zip, and deflate
    itself ends at 1,032 times.
    """

    max_members: int = 200_000
    max_member_bytes: int = 64 << 20
    max_total_bytes: int = 4 << 30
    max_ratio: float = 100.0

    @classmethod
    def of_batches(cls, most_pictures: int) -> Self:
        """Return the limits of batches of predictions: as many files again may lie beside the pictures."""
        return cls(max_members=2 * most_pictures + 100)


def shown(name: str) -> str:
    """Return a name of a file inside an archive as a message shows it: quoted, and not too long."""
    return repr(name) if len(name) <= LONGEST_NAME else f"{name[: LONGEST_NAME // 2]!r}…{name[-LONGEST_NAME // 2 :]!r}"


def mebibytes(size: int) -> str:
    """Return a number of bytes in MiB, rounded up."""
    return f"{-(-size >> 20):,} MiB"
