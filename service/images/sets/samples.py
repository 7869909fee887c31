"""Samples of a data set, as pictures: one by one, or many on a sheet with their classes."""

import io
from collections.abc import Sequence
from itertools import chain, zip_longest
from typing import Final

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw, ImageFont

from service.errors import UnknownSample
from service.images.sets.store import LabelledSet, Labels

LONGEST_SIDE: Final = 96
GAP: Final = 8
CAPTION_HEIGHT: Final = 20
CAPTION_SIZE: Final = 13
CAPTIONED_COLUMNS: Final = 10
PAPER, INK = "white", "#222222"


def spread(labels: Labels, count: int) -> list[int]:
    """Return the indices of `count` samples, the first ones of each class in turn: as many of each as can be."""
    of_each = [np.flatnonzero(labels == index)[:count].tolist() for index in np.unique(labels)]
    in_turn = chain.from_iterable(zip_longest(*of_each))
    return [index for index in in_turn if index is not None][:count]


def sample_png(found: LabelledSet, split: str, index: int) -> bytes:
    """Return one picture in its own size; raise UnknownSample."""
    images, _ = _split(found, split)
    return _png(_picture(images, split, index, found.name))


def contact_sheet_png(
    found: LabelledSet, split: str, indices: Sequence[int], captions: Sequence[str] | None = None
) -> bytes:
    """Return the given pictures on one sheet, each enlarged above its caption, or else above its class's name.

    A row is as wide as there are classes; with captions, ten pictures. Raise UnknownSample for a split or an index that the
    set does not have.
    """
    images, labels = _split(found, split)
    width_of_row = len(found.classes) if captions is None else CAPTIONED_COLUMNS
    # A whole factor: pixels stay squares of one size.
    factor = max(1, LONGEST_SIDE // max(found.shape[:2]))
    tall, wide = found.shape[0] * factor, found.shape[1] * factor
    columns = max(1, min(len(indices), width_of_row))
    rows = -(-len(indices) // columns)
    font = ImageFont.load_default(size=CAPTION_SIZE)
    widest = max(font.getlength(caption) for caption in captions or found.classes)
    width, height = max(wide, int(widest) + 4) + GAP, tall + CAPTION_HEIGHT + GAP
    sheet = Image.new("RGB", (columns * width + GAP, rows * height + GAP), PAPER)
    draw = ImageDraw.Draw(sheet)
    for place, index in enumerate(indices):
        left, top = GAP + place % columns * width, GAP + place // columns * height
        enlarged = _picture(images, split, index, found.name).resize((wide, tall), Image.Resampling.NEAREST)
        sheet.paste(enlarged, (left + (width - GAP - wide) // 2, top))
        middle = (left + (width - GAP) / 2, top + tall + 2)
        caption = captions[place] if captions else found.classes[int(labels[index])]
        draw.text(middle, caption, fill=INK, font=font, anchor="ma")
    return _png(sheet)


def _split(found: LabelledSet, split: str) -> tuple[NDArray[np.uint8], Labels]:
    splits = {"train": (found.x_train, found.y_train), "test": (found.x_test, found.y_test)}
    if split not in splits:
        raise UnknownSample(f"Received the split {split[:50]!r}; {found.name} has train and test.")
    return splits[split]


def _picture(images: NDArray[np.uint8], split: str, index: int, name: str) -> Image.Image:
    if not 0 <= index < len(images):
        raise UnknownSample(f"Received the index {index}; {name} has 0 to {len(images) - 1} in {split}.")
    pixels = images[index]
    return Image.fromarray(pixels[:, :, 0] if pixels.shape[2] == 1 else pixels)


def _png(picture: Image.Image) -> bytes:
    content = io.BytesIO()
    picture.save(content, "PNG")
    return content.getvalue()
