"""What a layer makes of a picture: its channels as pictures, its units as bars or as cells."""

from collections.abc import Sequence
from typing import Final

import numpy as np
from numpy.typing import NDArray

from service.explanations.drawing.figures import INK, QUIET, VIRIDIS, blank, png, shortened
from service.explanations.drawing.tiles import MOST_TILES, coloured, sheet
from service.images.showing import as_png

MOST_BARS: Final = 64
MOST_NAMED: Final = 20
_BAR: Final = "#3b528b"  # viridis' blue


def activations_png(values: NDArray[np.float32], layer: str, names: Sequence[str] | None) -> bytes:
    """Return a layer's output for one image, everything on one scale.

    Args:
        values: `(height, width, channels)` or `(units,)`, finite.
        layer: the name of the layer.
        names: of the units, where they are the classes.
    """
    if values.ndim == 1 and len(values) <= MOST_BARS:
        return _bars(values, layer, names)
    lowest, highest = float(values.min()), float(values.max())
    colours = viridis()
    if values.ndim == 1:
        tiles, what = values[:, np.newaxis, np.newaxis], "units"
    else:
        tiles, what = np.moveaxis(values, -1, 0), f"channels of {values.shape[0]}x{values.shape[1]}"
    shown = f"the first {MOST_TILES} of {len(tiles)}" if len(tiles) > MOST_TILES else f"{len(tiles)}"
    painted = coloured(tiles[:MOST_TILES], lowest, highest, colours)
    ends = f"{lowest:.3g}", f"{highest:.3g}" if highest > lowest else "all the same"
    return as_png(sheet(painted, f"{layer}: {shown} {what}, one scale for all", colours, ends))


def viridis() -> NDArray[np.uint8]:
    """Return viridis' 256 colours, `(256, 3)`."""
    colours: NDArray[np.uint8] = np.rint(VIRIDIS(np.arange(256))[:, :3] * 255).astype(np.uint8)
    return colours


def _bars(values: NDArray[np.float32], layer: str, names: Sequence[str] | None) -> bytes:
    figure = blank(6.0, 3.2)
    axes = figure.add_axes((0.11, 0.2, 0.865, 0.66))
    axes.bar(range(len(values)), values, color=_BAR, width=0.8)
    axes.axhline(0, color=QUIET, linewidth=0.8)
    axes.set_title(f"{layer}: {len(values)} units", size=13, color=INK, weight="bold", loc="left")
    axes.tick_params(labelsize=11, colors=INK)
    axes.set_xlim(-0.6, len(values) - 0.4)
    if names is not None and len(names) <= MOST_NAMED:
        turned = max(map(len, names)) > 2
        axes.set_xticks(range(len(names)), [shortened(name, 11) for name in names])
        axes.tick_params(axis="x", labelsize=10 if turned else 12, labelrotation=30 if turned else 0)
    else:
        axes.set_xlabel("unit", size=12, color=INK)
    for side in ("top", "right"):
        axes.spines[side].set_visible(False)
    return png(figure)
