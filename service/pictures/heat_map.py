"""A confusion matrix as a heat map: what was right in blue, what was wrong in orange, so that a single error stands out.

Two ramps instead of one: the diagonal holds nearly everything, and on a common scale the errors would all look like zero.
The errors' ramp follows the root of their number, so that one error is seen beside a hundred.
"""

from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from service.pictures import fonts, style
from service.pictures.drawings import Drawing, drawing
from service.pictures.paper import Paper
from service.pictures.stamps import Across, Down, Tile
from service.pictures.style import Format

# ruff: noqa: PLC0415 - see `service.pictures.style`

TOP: Final = 84
KEY: Final = 112  # pixels for the colours' key, on the right
MARGIN: Final = 22
MOST_DETAILED: Final = 30  # classes; with more, not every cell has a number and a shape of its own
MOST_ANNOTATED: Final = 160  # cells that get a number then: the worst errors
LONGEST_LABEL: Final = 170

Colours = NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class HeatMap:
    """k classes, and a (k, k) float64 matrix: rows are true classes, columns predicted ones.

    With `is_share` its values are fractions and shown in percent, else they are counts.
    """

    title: str
    subtitle: str
    classes: tuple[str, ...]
    values: NDArray[np.float64]
    is_share: bool

    @property
    def alternative(self) -> str:
        """In words, what is to be seen."""
        return f"{self.title} of {len(self.classes)} classes. {self.subtitle}"

    def drawn_as(self, format_: Format) -> Drawing:
        """Return the picture in a format."""
        return drawing(f"heat-map.{format_}", self, lambda: _draw(self, format_))


@dataclass(frozen=True)
class Layout:
    """Where everything is, in pixels."""

    cell: float
    font: int  # of the numbers
    label_font: int
    turn: int  # of the labels below, degrees
    left: float
    side: float
    width: float
    height: float


def layout(picture: HeatMap) -> Layout:
    """Return a layout in which all labels have room."""
    count = max(1, len(picture.classes))
    cell = _cell(count)
    label_font = 12 if count <= 40 else max(7, min(11, round(cell * 0.62)))
    widest = min(LONGEST_LABEL, max((fonts.width(name, label_font) for name in picture.classes), default=0))
    turn = 0 if widest <= cell - 6 else 45 if count <= 20 else 90
    below = {0: label_font + 8, 45: widest * 0.72 + 20, 90: widest + 12}[turn]
    left, side = MARGIN + widest + 36, cell * count
    heading = max(fonts.width(picture.title, 19, "-Bold"), fonts.width(picture.subtitle, 12)) + 2 * MARGIN
    return Layout(
        cell=cell,
        font=int(min(15, cell * 0.30)) if count <= MOST_DETAILED else int(cell * 0.5),
        label_font=label_font,
        turn=turn,
        left=left,
        side=side,
        width=max(left + side + KEY, heading),
        height=TOP + side + below + 36,
    )


def _cell(count: int) -> float:
    if count <= 10:
        return min(120, 590 / count)
    if count <= 20:
        return 42
    if count <= 40:
        return 28
    return 18 if count <= 120 else 10


def _draw(picture: HeatMap, format_: Format) -> bytes:
    place = layout(picture)
    is_large = len(picture.classes) > MOST_DETAILED
    tiles: list[Tile] = []
    with style.canvas(place.width, place.height) as figure:
        paper = Paper(figure, place.width, place.height, is_stamped=is_large)
        paper.heading(MARGIN, picture.title, picture.subtitle)
        colours = _colours(picture.values)
        if is_large:
            tile = _cells_as_image(paper, picture, colours, place)
            if format_ in style.PIXELS:
                tiles.append(tile)
            else:
                _tile(paper, tile)
        else:
            _cells(paper, picture, colours, place)
        _numbers(paper, picture, colours, place)
        _labels(paper, picture, place)
        _key(paper, picture, place)
        sharpness = style.SHARPNESS if len(picture.classes) <= 40 else 1.0
        return style.rendered(
            figure, format_, picture.alternative, sharpness=sharpness, tiles=tiles, stamps=paper.stamps
        )


def _ramp(stops: tuple[str, ...], where: NDArray[np.float64]) -> Colours:
    """Return the colours (…, 4) at places of a ramp, 0..1."""
    from matplotlib.colors import to_rgba

    known = np.array([to_rgba(stop) for stop in stops])
    at = np.linspace(0, 1, len(stops))
    return np.stack([np.interp(where, at, known[:, part]) for part in range(4)], axis=-1)


def _greatest(values: NDArray[np.float64]) -> tuple[float, float]:
    """Return the greatest value on the diagonal, and the greatest off it."""
    diagonal = np.eye(len(values), dtype=bool)
    return float(values[diagonal].max(initial=0)), float(values[~diagonal].max(initial=0))


def _colours(values: NDArray[np.float64]) -> Colours:
    """Return (k, k, 4): the colour of each cell."""
    best, worst = _greatest(values)
    right = _ramp(style.RIGHT_RAMP, values / (best or 1))
    wrong = _ramp(style.WRONG_RAMP, np.sqrt(values / (worst or 1)))
    return np.where(np.eye(len(values), dtype=bool)[:, :, None], right, wrong)


def _cells(paper: Paper, picture: HeatMap, colours: Colours, place: Layout) -> None:
    count = len(picture.classes)
    rows, columns = np.indices((count, count))
    gap = 1
    boxes = np.stack(
        [
            place.left + columns * place.cell + gap,
            TOP + rows * place.cell + gap,
            np.full((count, count), place.cell - 2 * gap),
            np.full((count, count), place.cell - 2 * gap),
        ],
        axis=-1,
    )
    is_empty = picture.values == 0
    paper.rectangles(boxes[is_empty], style.EMPTY)
    paper.rectangles(boxes[~is_empty], colours[~is_empty])


def _cells_as_image(paper: Paper, picture: HeatMap, colours: Colours, place: Layout) -> Tile:
    """Draw the empty matrix, and return a pixel for each cell: ten thousand shapes would be a large file."""
    shown = np.round(255 * colours).astype(np.uint8)
    shown[picture.values == 0, 3] = 0
    _ground(paper, place)
    return Tile(place.left, TOP, place.side, place.side, shown)


def _tile(paper: Paper, tile: Tile) -> None:
    axes = paper.axes(tile.left, tile.top, tile.wide, tile.tall)
    axes.set_axis_off()
    axes.set_zorder(2)  # above the ground
    axes.imshow(tile.pixels, interpolation="none", aspect="auto")


def _ground(paper: Paper, place: Layout) -> None:
    """Draw the empty matrix, with a line at each tenth class to guide the eye."""
    paper.rectangles(np.array([[place.left, TOP, place.side, place.side]]), style.EMPTY)
    at = np.arange(10 * place.cell, place.side - 1, 10 * place.cell)
    one, all_ = np.ones_like(at), np.full_like(at, place.side)
    paper.rectangles(np.stack([place.left + at, TOP * one, one, all_], axis=1), style.LINE)
    paper.rectangles(np.stack([place.left * one, TOP + at, all_, one], axis=1), style.LINE)


def _numbers(paper: Paper, picture: HeatMap, colours: Colours, place: Layout) -> None:
    values, count = picture.values, len(picture.classes)
    shown = values > 0 if count <= MOST_DETAILED else _worst(values)
    if place.font < 8:
        return
    for row, column in np.argwhere(shown):
        red, green, blue, _ = colours[row, column]
        paper.text(
            place.left + (column + 0.5) * place.cell,
            TOP + (row + 0.5) * place.cell,
            number(values[row, column], picture.is_share, is_short=count > 12),
            place.font,
            colour=style.ink_on(red, green, blue),
            at=("center", "center"),
            is_bold=bool(row != column) and count <= MOST_DETAILED,
        )


def _worst(values: NDArray[np.float64]) -> NDArray[np.bool_]:
    """Return which errors are the most frequent ones; none of many equals."""
    errors = values * (1 - np.eye(len(values)))
    if np.count_nonzero(errors) <= MOST_ANNOTATED:
        return errors > 0
    threshold = np.sort(errors, axis=None)[-MOST_ANNOTATED]
    are_too_many = np.count_nonzero(errors >= threshold) > 1.25 * MOST_ANNOTATED
    worst: NDArray[np.bool_] = errors > threshold if are_too_many else errors >= threshold
    return worst


def number(value: float, is_share: bool, *, is_short: bool) -> str:
    """Return a cell's text: a count, or a percentage with a decimal unless it must be short."""
    if not is_share:
        return f"{value:,.0f}" if value < 100_000 else f"{value / 1000:,.0f}k"
    percent = 100 * value
    if is_short or percent >= 99.95:
        return f"{percent:.0f}" if percent >= 0.5 else "<1"
    return f"{percent:.1f}" if percent >= 0.05 else "<.1"


def _labels(paper: Paper, picture: HeatMap, place: Layout) -> None:
    below: dict[int, tuple[Across, Down]] = {0: ("center", "top"), 45: ("right", "center"), 90: ("center", "top")}
    bottom = TOP + place.side
    for index, name in enumerate(picture.classes):
        label = fonts.shortened(name, place.label_font, LONGEST_LABEL)
        middle = (index + 0.5) * place.cell
        paper.text(place.left - 7, TOP + middle, label, place.label_font, at=("right", "center"))
        paper.text(place.left + middle, bottom + 7, label, place.label_font, at=below[place.turn], turn=place.turn)
    paper.text(
        place.left + place.side / 2,
        place.height - 15,
        "predicted class",
        13,
        colour=style.MUTED,
        at=("center", "center"),
    )
    paper.text(MARGIN - 4, TOP + place.side / 2, "true class", 13, colour=style.MUTED, at=("center", "center"), turn=90)


def _key(paper: Paper, picture: HeatMap, place: Layout) -> None:
    """Draw both ramps beside the matrix, each from its least to its greatest value."""
    tall = min(150.0, place.side * 0.36)
    left = place.left + place.side + 26
    steps = 48
    best, worst = _greatest(picture.values)
    for row, (name, ramp, greatest) in enumerate(
        (("right", style.RIGHT_RAMP, best), ("wrong", style.WRONG_RAMP, worst))
    ):
        top = TOP + 24 + row * (tall + 52)
        paper.text(left, top - 10, f"{name} %" if picture.is_share else name, 12, colour=style.MUTED)
        if greatest == 0:
            paper.text(left, top + 10, "none", 11)
            continue
        least = 0.0 if picture.is_share else min(1.0, greatest)
        values = np.linspace(greatest, least, steps) / greatest
        height = tall / steps
        boxes = np.stack(
            [np.full(steps, left), top + np.arange(steps) * height, np.full(steps, 14.0), np.full(steps, height + 1.0)],
            axis=1,
        )
        paper.rectangles(boxes, _ramp(ramp, np.sqrt(values) if name == "wrong" else values))
        for value, y in ((greatest, top + 1), (least, top + tall - 1)):
            text = "0" if value == 0 else number(value, picture.is_share, is_short=False)
            paper.text(left + 20, y, text, 11, at=("left", "center"))
