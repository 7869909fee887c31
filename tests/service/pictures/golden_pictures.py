"""The golden pictures: fabricated figures, drawn, made small. To renew them after looking at what changed:

.venv/bin/python -m tests.service.pictures.golden_pictures
"""

import io
from collections.abc import Callable
from pathlib import Path

import numpy as np
from PIL import Image

from service.pictures.contact_sheet import ContactSheet
from service.pictures.curves import Curves, EpochPoint, RateStep
from service.pictures.heat_map import HeatMap

FOLDER = Path(__file__).parent / "golden"
WIDTH = 360


def matrix(classes: int) -> np.ndarray:
    """Counts that need no generator: errors go to the second and the fifth class after the true one."""
    found = np.diag(np.full(classes, 90.0))
    for row in range(classes):
        found[row, (row + 2) % classes] += 1 + row % 7
        found[row, (row + 5) % classes] += row % 3
    return found


def heat_map(classes: int, values: np.ndarray | None = None) -> bytes:
    """A heat map of classes with Polish names."""
    names = tuple(f"{('żółw', 'ćma', 'gęś')[index % 3]} {index}" for index in range(classes))
    counts = matrix(classes) if values is None else values
    return HeatMap("Confusion matrix", "fabricated", names, counts, False).drawn_as("png").draw()


def contact_sheet(shift: int = 0) -> bytes:
    """A sheet of 24 gradients, each turned a little further."""
    across, down = np.meshgrid(np.arange(28), np.arange(28))
    pixels = np.stack([(across * (index % 5) + down * 9 + shift) % 256 for index in range(24)]).astype(np.uint8)
    captions = tuple(f"{index % 10}:{(index + 3) % 10}" for index in range(24))
    return ContactSheet("true:predicted", "fabricated", pixels[..., None], captions, 8).as_png().draw()


def curves() -> bytes:
    """Twelve epochs, the rate halved once."""
    points = tuple(
        EpochPoint(epoch, 2 / epoch, 1 - 0.6 / epoch, 2.2 / epoch + 0.1, 0.95 - 0.6 / epoch, 1.0 if epoch < 7 else 0.5)
        for epoch in range(1, 13)
    )
    return Curves("Learning curves", "fabricated", points, (RateStep(7, 0.5),), 12).drawn_as("png").draw()


PICTURES: dict[str, Callable[[], bytes]] = {
    "heat-map-2": lambda: heat_map(2),
    "heat-map-10": lambda: heat_map(10),
    "heat-map-100": lambda: heat_map(100),
    "contact-sheet": contact_sheet,
    "curves": curves,
}


def small(content: bytes) -> Image.Image:
    """The picture, `WIDTH` pixels wide, in grey and colour as it is: fonts that are hinted otherwise look the same."""
    picture = Image.open(io.BytesIO(content)).convert("RGB")
    return picture.resize((WIDTH, round(picture.height * WIDTH / picture.width)), Image.Resampling.BOX)


def difference(one: Image.Image, other: Image.Image) -> float:
    """The greatest mean difference (0..255) over any block of 12 x 12 pixels; 255 if the sizes differ."""
    if one.size != other.size:
        return 255.0
    apart = np.abs(np.asarray(one, np.float64) - np.asarray(other, np.float64)).mean(axis=2)
    tall, wide = (side // 12 * 12 for side in apart.shape)
    return float(apart[:tall, :wide].reshape(tall // 12, 12, wide // 12, 12).mean(axis=(1, 3)).max())


if __name__ == "__main__":
    FOLDER.mkdir(exist_ok=True)
    for name, draw in PICTURES.items():
        small(draw()).quantize(64).save(FOLDER / f"{name}.png", optimize=True)
