"""A picture of one handwritten digit -> what MNIST would have made of it.

MNIST's own normalisation (Y. LeCun, L. Bottou, Y. Bengio, P. Haffner, "Gradient-Based Learning Applied to Document
Recognition", 1998, section III.A): the ink is scaled, aspect kept and anti-aliased, into 20x20 pixels, and put into 28x28 so
that its centre of mass lies at the centre; light on dark. Measured on all 10,000 test images: the centre of mass lies in
[13.5, 14.5) pixels both ways, so the shift is a whole number of pixels and the centre is pixel 14.
"""

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from service.errors import BlankImage, UnreadableImage
from service.images.lighting import ink_on_paper
from service.images.ruling import without_lines
from service.images.sheet import without_table
from service.images.strokes import Mask, Plane, ink_mask, stroke_width, widened

Pixels = NDArray[np.uint8]

SIDE = 28
SMALLEST_SIDE = 8

_BOX = 20
_CENTRE = 14
# Pictures are looked at at this size: enough for a digit that fills a tenth of the page, and quick.
_WORKING_SIDE = 384
# A thinner pen than this, in pixels of the 20x20 box, would fade to grey when scaled down; MNIST's own are 2 to 3 wide.
_THINNEST_STROKE = 2.0
# Grey levels that 28x28 pictures must span to hold anything at all.
_LEAST_SPAN = 16


def normalise(picture: Image.Image) -> Pixels:
    """Find the ink and lay it out as MNIST does.

    Args:
        picture: mode "L" or "RGB", any size from 8x8, dark on light or light on dark.

    Returns:
        (28, 28) uint8, light on dark. A 28x28 picture keeps its pixels: as they are when light on dark, else inverted; where
        its paper is neither black nor white, that grey is taken off.

    Raises:
        UnreadableImage: a side is shorter than 8 pixels.
        BlankImage: nothing on the picture differs enough from the paper.
    """
    if picture.size == (SIDE, SIDE):
        return _light_on_dark(np.array(picture.convert("L")))
    return lay_out(picture)


def lay_out(picture: Image.Image) -> Pixels:
    """Do as `normalise` does, but let no size of a picture say that it was done before."""
    refuse_tiny(picture)
    grey = picture.convert("L")
    grey.thumbnail((_WORKING_SIDE, _WORKING_SIDE), Image.Resampling.BOX, reducing_gap=None)
    return lay_out_part(*_ink(np.asarray(grey, dtype=np.float32) / np.float32(255)))


def lay_out_part(ink: Plane, mask: Mask) -> Pixels:
    """Do as `lay_out` does with what the mask picks from a plane of ink, (h, w) each: something, and not everything."""
    return _centred(_boxed(_levelled(ink, mask), mask))


def lay_out_ink(ink: Plane) -> Pixels:
    """Do as `lay_out` does with what is known to be ink: (h, w) float32 in 0..1, 1 where there is all of it.

    Raise BlankImage where there is none.
    """
    mask = ink > 0.5
    if not mask.any():
        raise BlankImage("There is no ink.")
    return _centred(_boxed(ink, mask))


def _ink(grey: Plane) -> tuple[Plane, Mask]:
    """What is written, without table and lines; with them where without them there is nothing: a single line is a 1."""
    whole = ink_on_paper(grey)
    sheet = without_table(grey)
    ink, lines = without_lines(whole if sheet is grey else ink_on_paper(sheet))
    if ink is not whole:
        try:
            return ink, ink_mask(ink)
        except BlankImage:
            if lines > 1:
                raise
    return whole, ink_mask(whole)


def refuse_tiny(picture: Image.Image) -> None:
    """Raise UnreadableImage for a picture with a side under 8 pixels."""
    if min(picture.size) < SMALLEST_SIDE:
        raise UnreadableImage(
            f"Received an image of {picture.width} x {picture.height} pixels, too small to show anything. "
            f"Each side needs at least {SMALLEST_SIDE} pixels."
        )


def _light_on_dark(pixels: Pixels) -> Pixels:
    darkest, brightest = int(pixels.min()), int(pixels.max())
    if brightest - darkest < _LEAST_SPAN:
        raise BlankImage(
            f"Received a {SIDE} x {SIDE} picture whose grey levels all lie between {darkest} and {brightest}: "
            "there is nothing on it."
        )
    border = np.concatenate([pixels[0], pixels[-1], pixels[1:-1, 0], pixels[1:-1, -1]])
    paper = float(np.median(border))
    paper_is_light = paper > (darkest + brightest) / 2
    turned: Pixels = np.invert(pixels) if paper_is_light else pixels
    if paper_is_light:
        paper = 255 - paper
    if paper == 0:
        return turned
    levels = (turned.astype(np.float32) - paper) * (255 / max(int(turned.max()) - paper, 1))
    levelled: Pixels = np.clip(np.rint(levels), 0, 255).astype(np.uint8)
    return levelled


def _levelled(ink: Plane, mask: Mask) -> Plane:
    """Ink stays grey, up to one pixel beyond its edge: paper becomes 0, ink as strong as the stronger half of it 1."""
    bare, strong = float(np.median(ink[~mask])), float(np.median(ink[mask]))
    near = np.asarray(widened(Image.fromarray(mask).convert("L"), 2)) > 0
    levelled: Plane = np.where(near, np.clip((ink - bare) / max(strong - bare, 1e-6), 0, 1), 0).astype(np.float32)
    return levelled


def _boxed(ink: Plane, mask: Mask) -> Pixels:
    """Crop to the ink and scale it into 20x20: (h, w) uint8, the longer side 20."""
    rows, columns = np.flatnonzero(mask.any(axis=1)), np.flatnonzero(mask.any(axis=0))
    crop = np.s_[rows[0] : rows[-1] + 1, columns[0] : columns[-1] + 1]
    picture = Image.fromarray(np.rint(ink[crop] * 255).astype(np.uint8))
    shrink = _BOX / max(picture.size)
    picture = widened(picture, _THINNEST_STROKE / shrink - stroke_width(mask[crop]))
    size = max(1, round(picture.width * shrink)), max(1, round(picture.height * shrink))
    scaled = np.asarray(picture.resize(size, Image.Resampling.HAMMING), dtype=np.float32)
    brightened: Pixels = np.clip(np.rint(scaled * (255 / max(float(scaled.max()), 1.0))), 0, 255).astype(np.uint8)
    return brightened


def _centred(box: Pixels) -> Pixels:
    """Put the box into 28x28, its centre of mass as near to pixel 14 as whole pixels allow."""
    canvas = np.zeros((SIDE, SIDE), np.uint8)
    top, left = (_offset(box.sum(axis=other, dtype=np.float64)) for other in (1, 0))
    canvas[top : top + box.shape[0], left : left + box.shape[1]] = box
    return canvas


def _offset(profile: NDArray[np.float64]) -> int:
    """Where a side whose ink is distributed like `profile` has to begin."""
    centre_of_mass = float(profile @ np.arange(profile.size)) / float(profile.sum())
    return int(np.clip(round(_CENTRE - centre_of_mass), 0, SIDE - profile.size))
