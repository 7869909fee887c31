"""Texts and rectangles at pixels of a figure, counted from its upper left corner.

The plotting library's axes make a handful of objects for each tick, which takes seconds for the labels of 100 classes; these
are placed one by one instead.
"""

from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from service.pictures import style
from service.pictures.stamps import Across, Down, Stamp
from service.pictures.style import points

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

# ruff: noqa: PLC0415 - see `service.pictures.style`


class Paper:
    """A figure of `style.canvas`, `width` pixels wide and `height` pixels tall.

    `is_stamped` makes stamps of its texts, where there are hundreds of them, for `style.rendered` to put on top.
    """

    def __init__(self, figure: "Figure", width: float, height: float, *, is_stamped: bool = False) -> None:
        from matplotlib.transforms import Affine2D

        self.figure = figure
        self.width, self.height = width, height
        self.stamps: list[Stamp] = []
        self._is_stamped = is_stamped
        inch = style.PIXELS_AN_INCH
        to_inches = Affine2D().scale(1 / inch, -1 / inch).translate(0, height / inch)
        self._transform = to_inches + figure.dpi_scale_trans

    def text(
        self,
        x: float,
        y: float,
        text: str,
        size: float,
        *,
        colour: str = style.INK,
        at: tuple[Across, Down] = ("left", "baseline"),
        turn: int = 0,
        is_bold: bool = False,
    ) -> None:
        """Write `text` at a height of `size` pixels; `at` says which of its points lies at (x, y) when it has been turned."""
        if self._is_stamped and turn in {0, 90}:
            self.stamps.append(Stamp(x, y, text, size, colour, at, is_upright=turn == 90, is_bold=is_bold))
            return
        self.figure.text(
            x / self.width,
            1 - y / self.height,
            text,
            fontsize=points(size),
            color=colour,
            ha=at[0],
            va=at[1],
            rotation=turn,
            rotation_mode="anchor" if turn == 45 else "default",
            fontweight="bold" if is_bold else "normal",
        )

    def rectangles(self, boxes: NDArray[np.float64], colours: NDArray[np.float64] | str) -> None:
        """Fill (n, 4) boxes, left, top, width and height of each, with one colour or with (n, 4) colours."""
        from matplotlib.collections import PolyCollection

        left, top, wide, tall = np.asarray(boxes, np.float64).reshape(-1, 4).T
        corners = [(left, top), (left + wide, top), (left + wide, top + tall), (left, top + tall)]
        squares = np.stack([np.stack(corner, axis=1) for corner in corners], axis=1)
        self.figure.add_artist(
            PolyCollection(
                list(squares),
                facecolors=colours if isinstance(colours, str) else [tuple(colour) for colour in colours],
                edgecolors="none",
                transform=self._transform,
            ),
            clip=False,
        )

    def axes(self, left: float, top: float, wide: float, tall: float) -> "Axes":
        """Return axes that cover a box."""
        bottom = self.height - top - tall
        return self.figure.add_axes((left / self.width, bottom / self.height, wide / self.width, tall / self.height))

    def heading(self, left: float, title: str, subtitle: str) -> None:
        """Write the title and a line below it."""
        self.text(left, 34, title, 19, is_bold=True)
        self.text(left, 57, subtitle, 12, colour=style.MUTED)
