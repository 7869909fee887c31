"""What an uploaded file is, told by its first bytes; its name and content type are guesses of the client."""

from enum import StrEnum
from typing import Final

HEAD_BYTES: Final = 64
"""So many first bytes tell the kind."""


class Kind(StrEnum):
    """The kinds of file that hold many pictures."""

    ZIP = "zip"  # also an npz: `zips.is_npz` tells by the names of its members
    IDX = "idx"
    GZIP = "gzip"  # of an IDX file, if it is of any use here


def kind_of(head: bytes) -> Kind | None:
    """Return the kind of a file whose first bytes are `head`; None for any other."""
    if head.startswith((b"PK\x03\x04", b"PK\x05\x06")):
        return Kind.ZIP
    if head.startswith(b"\x1f\x8b"):
        return Kind.GZIP
    # IDX: two zeros, the type of the numbers (0x08 to 0x0E), the number of dimensions.
    if len(head) >= 4 and head[:2] == b"\x00\x00" and 0x08 <= head[2] <= 0x0E and 1 <= head[3] <= 4:
        return Kind.IDX
    return None
