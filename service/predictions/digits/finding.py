"""A picture -> what may be digits on it, each as the network expects it."""

from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from service.errors import CrowdedImage, Fault, InvalidFields, Unprocessable
from service.images.decoding import Limits, decode
from service.images.expectation import Expectation, scale
from service.images.handwriting import SIDE, lay_out_part
from service.images.segmentation import cuts, page, parts, rows
from service.images.segmentation.cuts import Wide
from service.images.segmentation.page import Page
from service.images.segmentation.parts import Part
from service.inference.pictures import Picture, Sent, as_picture, naming

MOST_PIECES: Final = 3000
LARGEST: Final = 160
_PAD: Final = 3


@dataclass(frozen=True, eq=False)
class Found:
    """What was found on a picture.

    picture: as a person sees it, turned as its EXIF says. page: its ink. height: how tall a digit is, in pixels of the page.
    rows: in reading order, each part with the pieces that it may consist of. images: (m, 28, 28, 1) float32 in 0..1 of all
    pieces, row by row, part by part, in the pieces' order.
    """

    picture: Image.Image
    page: Page
    height: float
    rows: list[list[Wide]]
    images: NDArray[np.float32]
    filename: str | None


def require_handwriting(expects: Expectation, model: str) -> None:
    """Raise InvalidFields for a model that does not read handwritten digits."""
    if not expects.handwriting or (expects.height, expects.width, expects.channels) != (SIDE, SIDE, 1):
        raise InvalidFields.of(
            [
                Fault(
                    "digits",
                    f"Received many. {model} does not read handwritten digits, so it cannot find them: leave it out.",
                )
            ]
        )


def find(sent: Sent, number: int, limits: Limits) -> Found:
    """Find what may be digits on the `number`th picture. Raise UnreadableImage, ImageTooLarge, BlankImage, CrowdedImage."""
    try:
        return _find(sent, limits)
    except Unprocessable as error:
        raise naming(error, sent, number) from error


def _find(sent: Sent, limits: Limits) -> Found:
    picture = decode(sent.content, limits) if isinstance(sent, Picture) else as_picture(sent.values)
    found = page.read(picture)
    whole, height = parts.parts(found)
    lines = [[cuts.cut(part, height) for part in row] for row in rows.rows(whole, height)]
    pieces = [piece.part for line in lines for wide in line for piece in wide.pieces]
    if len(pieces) > MOST_PIECES:
        raise CrowdedImage(
            f"Received a picture whose writing touches so much that it has {len(pieces):,} readings; {MOST_PIECES:,} are "
            "tried. "
            "Send a part of it."
        )
    images = np.stack([lay_out_part(*_alone(found, part)) for part in pieces])[..., None]
    return Found(picture, found, height, lines, scale(images), sent.filename)


def _alone(found: Page, part: Part) -> tuple[NDArray[np.float32], NDArray[np.bool_]]:
    """Return the ink around a part, without that of its neighbours, and the part's mask, with a margin of bare paper."""
    height, width = found.mask.shape
    top, bottom = max(part.top - _PAD, 0), min(part.bottom + _PAD, height)
    left, right = max(part.left - _PAD, 0), min(part.right + _PAD, width)
    mask = np.zeros((bottom - top, right - left), bool)
    mask[part.top - top : part.bottom - top, part.left - left : part.right - left] = part.mask
    ink = np.where(found.mask[top:bottom, left:right] & ~mask, 0, found.ink[top:bottom, left:right]).astype(np.float32)
    return _reduced(np.pad(ink, 1), np.pad(mask, 1))


def _reduced(ink: NDArray[np.float32], mask: NDArray[np.bool_]) -> tuple[NDArray[np.float32], NDArray[np.bool_]]:
    """Return both in at most `LARGEST` pixels a side: more do not show in 28x28, and thin strokes are widened at a price."""
    size = ink.shape[1], ink.shape[0]
    if max(size) <= LARGEST:
        return ink, mask
    smaller = tuple(max(3, round(side * LARGEST / max(size))) for side in size)
    box = Image.Resampling.BOX
    small_ink = np.asarray(Image.fromarray(ink).resize(smaller, box), np.float32)
    small_mask = np.asarray(Image.fromarray(mask.astype(np.float32)).resize(smaller, box)) > 0.4
    return (small_ink, small_mask) if small_mask.any() and not small_mask.all() else (ink, mask)
