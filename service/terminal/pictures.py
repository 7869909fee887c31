"""A small picture in characters."""

from io import BytesIO

import numpy as np
from PIL import Image

SHADES = " ░▒▓█"


def in_characters(png: bytes, columns: int = 28) -> str:
    """Return lines of `columns` characters, the brighter the fuller; a character is twice as high as wide."""
    with Image.open(BytesIO(png)) as image:
        grey = image.convert("L")
        rows = max(1, round(columns * grey.height / grey.width / 2))
        shrunk = np.asarray(grey.resize((columns, rows), Image.Resampling.BOX), dtype=np.float32) / 255
    shades = np.minimum((shrunk * len(SHADES)).astype(int), len(SHADES) - 1)
    return "\n".join("".join(SHADES[shade] for shade in row) for row in shades)
