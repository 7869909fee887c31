"""Random affine warps of image batches: one vectorised NumPy pass, outside the network.

Augmentation stays outside the model so that it runs beside the training in a thread, follows from a seed, and is no
part of what is exported.

Convention. An output pixel at (x, y), measured from the image's centre in pixels, x to the right and y *down*, takes
the value of the input at

    [x_in]   [cos a  -sin a] [1  s] [x / zoom_x]   [shift_x]
    [y_in] = [sin a   cos a] [0  1] [y / zoom_y] - [shift_y]

so that, as seen on the screen, a positive angle `a` turns the picture counter-clockwise, a zoom above 1 makes it
larger, a positive shift moves it right or down (before it is turned), and a positive shear `s` moves its lower part to
the left.
Between pixels the value is bilinear, with positions rounded to 1/256 pixel; beyond the border the border pixel goes on
("nearest", as in Keras' ImageDataGenerator). With all parameters zero the warp is the identity. An elastic bend
(`worker.learning.bending`) moves [x_in, y_in] once more, within the same look-up. Before the warp come other schools' sevens
and ones (`worker.learning.variants`), after it the strokes' width (`worker.learning.pens`), flips, the brightness, and
cutout's black square.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from worker.learning.bending import bends, draw_knots
from worker.learning.pens import redraw
from worker.learning.recipes import AugmentationSpec
from worker.learning.variants import vary

_BLOCK_PIXELS = 1 << 16
"""Pixels warped at a time: what lies in a core's cache is warped about twice as fast."""


def augment(
    images: NDArray[np.uint8],
    spec: AugmentationSpec,
    rng: np.random.Generator,
    digits: NDArray[np.integer] | None = None,
) -> NDArray[np.uint8]:
    """Warp every image by its own random affine map.

    Args:
        images: (n, height, width, channels) uint8; not changed.
        spec: how far the maps may go. Each image draws, independently and uniformly: an angle in ±`rotation` degrees,
            a zoom for each axis in 1 ± `zoom`, a shift for each axis in ±`shift` times that side, a shear in ±`shear`
            (pixels sideways for each pixel down), with `elastic` a bend that moves no point by more than that share of the
            side, with `stroke_width` a growth of its bright strokes in ±`stroke_width` pixels, with `horizontal_flip` a
            flip of its left and right with probability 1/2, with `vertical_flip` one of top and bottom, a factor in
            1 ± `brightness` for its values, and with `cutout` the centre of a black square, anywhere on the image, with
            sides of `cutout` times the image's shorter side, of which only what lies on the image counts (DeVries & Taylor
            2017, arXiv:1708.04552).
            With `variants`, that share of the sevens first gets a bar, of the ones a flag.
        rng: where the draws come from, in a fixed order, nothing for what is zero or false but the warp: the same state
            gives the same images.
        digits: (n,), which digit each image shows; wanted where `variants` is above 0, and else not looked at.

    Returns:
        (n, height, width, channels) uint8.
    """
    if spec.variants:
        if digits is None:
            raise ValueError(f"digits must be given where variants is above 0. Received: variants={spec.variants}")
        images = vary(images, digits, spec.variants, rng)
    maps = draw(images.shape, spec, rng).maps()
    knots = draw_knots(images.shape, spec.elastic, rng) if spec.elastic else None
    warped = warp(images, maps, knots)
    if spec.stroke_width:
        growth = rng.uniform(-spec.stroke_width, spec.stroke_width, len(images))
        warped = redraw(warped, growth.astype(np.float32))
    if spec.horizontal_flip:
        flipped = rng.random(len(images)) < 0.5
        warped[flipped] = warped[flipped, :, ::-1]
    if spec.vertical_flip:
        flipped = rng.random(len(images)) < 0.5
        warped[flipped] = warped[flipped, ::-1]
    if spec.brightness:
        factors = rng.uniform(1 - spec.brightness, 1 + spec.brightness, len(images))
        warped = _brighten(warped, factors.astype(np.float32))
    if spec.cutout:
        _cut_out(warped, spec.cutout, rng)
    return warped


def _brighten(images: NDArray[np.uint8], factors: NDArray[np.float32]) -> NDArray[np.uint8]:
    """Each image times its factor, rounded, and white where it would be more."""
    levels = np.arange(256, dtype=np.float32)
    brightened = np.empty_like(images)
    for index, factor in enumerate(factors):  # a table of 256 values an image, and no image in float
        brightened[index] = np.minimum(np.rint(levels * factor), 255).astype(np.uint8)[images[index]]
    return brightened


def _cut_out(images: NDArray[np.uint8], cutout: float, rng: np.random.Generator) -> None:
    """Blacken a square of each image, in place."""
    count, height, width, _ = images.shape
    side = max(1, round(cutout * min(height, width)))
    tops = rng.integers(0, height, count) - side // 2
    lefts = rng.integers(0, width, count) - side // 2
    for image, top, left in zip(images, tops, lefts, strict=True):
        image[max(top, 0) : top + side, max(left, 0) : left + side] = 0


@dataclass(frozen=True)
class Warps:
    """The parameters of n warps, (n,) float64 each: radians, factors, pixels, pixels per pixel."""

    angle: NDArray[np.float64]
    zoom_x: NDArray[np.float64]
    zoom_y: NDArray[np.float64]
    shift_x: NDArray[np.float64]
    shift_y: NDArray[np.float64]
    shear: NDArray[np.float64]

    def maps(self) -> NDArray[np.float32]:
        """(n, 2, 3): for each the map from output to input, by the module's formula."""
        cosine, sine = np.cos(self.angle), np.sin(self.angle)
        rows = [
            [cosine / self.zoom_x, (cosine * self.shear - sine) / self.zoom_y, -self.shift_x],
            [sine / self.zoom_x, (sine * self.shear + cosine) / self.zoom_y, -self.shift_y],
        ]
        return np.moveaxis(np.array(rows, np.float32), 2, 0)


def draw(shape: tuple[int, ...], spec: AugmentationSpec, rng: np.random.Generator) -> Warps:
    """Random warps for images of shape (n, height, width, channels), as `augment` says."""
    count, height, width, _ = shape
    angle = np.deg2rad(rng.uniform(-spec.rotation, spec.rotation, count))
    zoom_x, zoom_y = rng.uniform(1 - spec.zoom, 1 + spec.zoom, (2, count))
    shift_x, shift_y = rng.uniform(-spec.shift, spec.shift, (2, count)) * [[width], [height]]
    shear = rng.uniform(-spec.shear, spec.shear, count)
    return Warps(angle, zoom_x, zoom_y, shift_x, shift_y, shear)


def warp(
    images: NDArray[np.uint8], maps: NDArray[np.float32], knots: NDArray[np.float32] | None = None
) -> NDArray[np.uint8]:
    """Give every output pixel of image i the bilinear value of the input at `maps[i] @ [x, y, 1]`, plus the bend of `knots[i]`.

    Args:
        images: (n, height, width, channels) uint8.
        maps: (n, 2, 3) float32, in pixels from the image's centre.
        knots: (n, 2, 6, 6) float32, in pixels, of `worker.learning.bending`; None bends nothing.
    """
    count, height, width, _ = images.shape
    warped = np.empty_like(images)
    block = max(1, _BLOCK_PIXELS // (height * width))
    for start in range(0, count, block):
        stop = start + block
        bend = None if knots is None else bends(knots[start:stop], height, width)
        warped[start:stop] = _warp_block(images[start:stop], maps[start:stop], bend)
    return warped


def _warp_block(
    images: NDArray[np.uint8], maps: NDArray[np.float32], bend: NDArray[np.float32] | None
) -> NDArray[np.uint8]:
    count, height, width, channels = images.shape
    sideways, down = (None, None) if bend is None else (bend[:, 0], bend[:, 1])
    x_whole, x_part = _positions(maps[:, 0], height, width, width, sideways)
    y_whole, y_part = _positions(maps[:, 1], height, width, height, down)
    corner = y_whole * np.int32(width)
    corner += x_whole
    corner += np.arange(0, count * height * width, height * width, dtype=np.int32)[:, None, None]
    warped = np.empty_like(images)
    for channel in range(channels):
        warped[..., channel] = _blend(_quads(images[..., channel]).take(corner), x_part, y_part)
    return warped


def _positions(
    rows: NDArray[np.float32], height: int, width: int, side: int, bend: NDArray[np.float32] | None
) -> tuple[NDArray[np.int32], NDArray[np.uint32]]:
    """Where one coordinate of the input lies for every output pixel: whole pixels, and 256ths of one.

    rows: (n, 3), one row of each map. bend: (n, height, width), pixels to add. Returns two arrays (n, height, width).
    """
    scaled = rows * np.float32(256)
    x = np.arange(width, dtype=np.float32) - np.float32((width - 1) / 2)
    y = np.arange(height, dtype=np.float32) - np.float32((height - 1) / 2)
    along_x = scaled[:, :1] * x + scaled[:, 2:] + np.float32(256 * (side - 1) / 2)
    along_y = scaled[:, 1:2] * y
    fixed = along_x[:, None, :] + along_y[:, :, None]
    if bend is not None:
        fixed += bend * np.float32(256)
    np.rint(fixed, out=fixed)
    np.clip(fixed, 0, 256 * (side - 1), out=fixed)
    position = fixed.astype(np.int32)
    return position >> 8, (position & 255).astype(np.uint32)


def _quads(plane: NDArray[np.uint8]) -> NDArray[np.uint32]:
    """Each pixel and its right, lower and lower right neighbours as the bytes of one number, lowest first, so that
    a bilinear value needs a single look-up. (n, height, width) -> (n * height * width,). Neighbours beyond the border
    are 0, and always weigh nothing.
    """
    quads = plane.astype(np.uint32)
    quads[:, :-1] |= plane[:, 1:].astype(np.uint32) << np.uint32(16)
    quads[:, :, :-1] |= (quads[:, :, 1:] & np.uint32(0x00FF00FF)) << np.uint32(8)
    return quads.ravel()


def _blend(quads: NDArray[np.uint32], x_part: NDArray[np.uint32], y_part: NDArray[np.uint32]) -> NDArray[np.uint8]:
    """Bilinear mean of four bytes, weights in 256ths: upper and lower pair at once as two 16-bit halves of a number
    (255 * 256 still fits one), then the mean of the halves.
    """
    left = quads & np.uint32(0x00FF00FF)
    left *= np.uint32(256) - x_part
    right = (quads >> np.uint32(8)) & np.uint32(0x00FF00FF)
    right *= x_part
    left += right
    lower = left >> np.uint32(16)
    left &= np.uint32(0xFFFF)
    left *= np.uint32(256) - y_part
    lower *= y_part
    left += lower
    left += np.uint32(1 << 15)
    left >>= np.uint32(16)
    return left.astype(np.uint8)
