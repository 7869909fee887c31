"""Small sets of pictures, made from a seed."""

import io
from collections.abc import Mapping
from pathlib import Path

import numpy as np
from PIL import Image

from service.images.intake import collecting, preparing
from service.images.intake.options import IntakeLimits, Options
from service.images.intake.preparing import Prepared
from tests.service.images.archives.packing import packed

LIMITS = IntakeLimits()
AS_IT_IS = Options()


def picture(seed: int, size: tuple[int, int] = (16, 16), mode: str = "L", form: str = "PNG", base: int = 0) -> bytes:
    """Return a picture's file: noise of 64 levels above `base`, `size` is (width, height)."""
    shape = (size[1], size[0]) if mode == "L" else (size[1], size[0], 3)
    pixels = np.random.default_rng(seed).integers(base, base + 64, shape, dtype=np.uint8)
    if mode == "RGB":
        pixels[..., 0] += 128
    content = io.BytesIO()
    Image.fromarray(pixels).save(content, form)
    return content.getvalue()


def folders(*names: str, each: int = 12, **look: object) -> dict[str, bytes]:
    """Return the files of some folders of pictures, each picture another."""
    return {
        f"{name}/{number:02d}.png": picture(1000 * place + number, **look)  # type: ignore[arg-type]
        for place, name in enumerate(names)
        for number in range(each)
    }


def prepared(
    folder: Path, files: Mapping[str, bytes], options: Options = AS_IT_IS, limits: IntakeLimits = LIMITS
) -> Prepared:
    """Pack files into a zip and prepare a set of it, in `folder`."""
    return prepared_from({"file": packed(folder / "sent.zip", files)}, folder, options, limits)


def prepared_from(
    files: Mapping[str, Path], folder: Path, options: Options = AS_IT_IS, limits: IntakeLimits = LIMITS
) -> Prepared:
    """Prepare a set of what was sent, in `folder`."""
    with collecting.collected(files, options, limits) as found:
        return preparing.prepare(found, options, limits, folder, 2, lambda *_: None)


def arrays_in(folder: Path) -> dict[str, np.ndarray]:
    """Return the four arrays of a prepared set."""
    return {name: np.load(folder / f"{name}.npy") for name in ("x_train", "y_train", "x_test", "y_test")}
