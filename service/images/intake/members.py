"""The pictures in a zip, as a collection."""

from collections.abc import Iterator
from pathlib import PurePosixPath
from typing import Final

import numpy as np
from numpy.typing import NDArray

from service.errors import CyfraError
from service.images import decoding, sniffing
from service.images.archives.zips import Member, SafeZip
from service.images.intake.collection import Collection, Decode, Taken
from service.images.intake.folders import Arrangement

AT_ONCE: Final = 64
_SAID_BY_SUFFIX: Final = {
    ".png": "a PNG",
    ".jpg": "a JPEG",
    ".jpeg": "a JPEG",
    ".gif": "a GIF",
    ".bmp": "a BMP",
    ".tif": "a TIFF",
    ".tiff": "a TIFF",
    ".webp": "a WEBP",
}


def collection(archive: SafeZip, arrangement: Arrangement, limits: decoding.Limits) -> Collection:
    """Return the pictures of an open zip; it must stay open while they are read."""
    pictures = arrangement.pictures
    index = {name: number for number, name in enumerate(arrangement.classes)}
    told = [each.is_test for each in pictures]

    def decoder(some: NDArray[np.int64]) -> Decode:
        return lambda: [taken(archive, pictures[at].member, limits) for at in some.tolist()]

    def batches(indices: NDArray[np.int64]) -> Iterator[tuple[NDArray[np.int64], Decode]]:
        for start in range(0, len(indices), AT_ONCE):
            some = indices[start : start + AT_ONCE]
            yield some, decoder(some)

    return Collection(
        classes=arrangement.classes,
        labels=np.array([index[each.class_name] for each in pictures], np.int64),
        is_test=None if None in told else np.array(told, bool),
        name=lambda at: pictures[at].member.name,
        batches=batches,
        findings=arrangement.findings,
    )


def taken(archive: SafeZip, member: Member, limits: decoding.Limits) -> Taken:
    """Return the picture of a file, or what is wrong with it."""
    try:
        content = archive.read(member)
        picture = decoding.decode(content, limits)
    except CyfraError as error:
        return Taken(None, error.detail)
    return Taken(picture, lie=_lie(member.name, content))


def _lie(name: str, content: bytes) -> str | None:
    """Return what a file is if its name says another format."""
    said = _SAID_BY_SUFFIX.get(PurePosixPath(name).suffix.lower())
    found = sniffing.kind(content)
    return None if said is None or found == said else found
