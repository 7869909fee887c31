"""What a network saw, as a picture that people can look at."""

import base64
import io

import numpy as np
from numpy.typing import NDArray
from PIL import Image


def as_picture(image: NDArray[np.float32]) -> Image.Image:
    """Return the picture of a network's input: `(height, width, 1 or 3)` float32 in 0..1."""
    pixels = np.rint(np.clip(image, 0, 1) * 255).astype(np.uint8)
    return Image.fromarray(pixels[:, :, 0] if pixels.shape[2] == 1 else pixels)


def as_png(picture: Image.Image) -> bytes:
    """Return a picture as a PNG file."""
    content = io.BytesIO()
    picture.save(content, "PNG")
    return content.getvalue()


def as_data_url(png: bytes) -> str:
    """Return a PNG file as an address that holds it (RFC 2397)."""
    return "data:image/png;base64," + base64.b64encode(png).decode()
