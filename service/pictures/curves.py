"""Accuracy and loss, epoch by epoch, on the training images and on those kept aside; where the learning rate was lowered."""

from collections.abc import Sequence
from dataclasses import dataclass
from math import isfinite
from typing import TYPE_CHECKING, Final, Literal

from service.pictures import fonts, style
from service.pictures.drawings import Drawing, drawing
from service.pictures.paper import Paper
from service.pictures.style import Format, points

if TYPE_CHECKING:
    from matplotlib.axes import Axes

# ruff: noqa: PLC0415 - see `service.pictures.style`

WIDTH: Final = 1040.0
HEIGHT: Final = 430.0
MARGIN: Final = 22.0
PLOT: Final = (112.0, 262.0)  # top and height
STRIP: Final = 74.0  # the learning rate's own plot, where it moves too often to be marked
MOST_MARKS: Final = 8
MOST_DOTS: Final = 60
_LINES: Final[dict[str, Literal["-", "--", ":"]]] = {"-": "-", "--": "--", ":": ":"}


@dataclass(frozen=True)
class EpochPoint:
    """The figures of one epoch; the validation's are None where nothing was kept aside."""

    epoch: int
    loss: float
    accuracy: float
    val_loss: float | None
    val_accuracy: float | None
    learning_rate: float


@dataclass(frozen=True)
class RateStep:
    """From this epoch on the learning rate is another one."""

    epoch: int
    learning_rate: float


@dataclass(frozen=True)
class Curves:
    """The epochs so far, in order; `best_epoch` is marked."""

    title: str
    subtitle: str
    epochs: tuple[EpochPoint, ...]
    steps: tuple[RateStep, ...]
    best_epoch: int | None

    @property
    def alternative(self) -> str:
        """In words, what is to be seen."""
        if not self.epochs:
            return f"{self.title}: no epoch has ended yet."
        last = self.epochs[-1]
        validation = "" if last.val_accuracy is None else f", {last.val_accuracy:.4f} on validation"
        return (
            f"{self.title}. After epoch {last.epoch}: accuracy {last.accuracy:.4f}{validation}; loss {last.loss:.4f}."
        )

    def drawn_as(self, format_: Format) -> Drawing:
        """Return the picture in a format."""
        return drawing(f"curves.{format_}", self, lambda: _draw(self, format_))


def _draw(picture: Curves, format_: Format) -> bytes:
    has_strip = len(picture.steps) > MOST_MARKS
    height = HEIGHT + (STRIP + 34 if has_strip else 0)
    top, tall = PLOT
    with style.canvas(WIDTH, height) as figure:
        paper = Paper(figure, WIDTH, height)
        paper.heading(MARGIN, picture.title, picture.subtitle)
        if not picture.epochs:
            paper.text(WIDTH / 2, HEIGHT / 2, "No epoch has ended yet", 16, colour=style.MUTED, at=("center", "center"))
            return style.rendered(figure, format_, picture.alternative)
        _legend(paper, picture)
        wide = (WIDTH - 2 * MARGIN - 36 - 66) / 2
        for column, name in enumerate(("accuracy", "loss")):
            left = MARGIN + 36 + column * (wide + 66)
            paper.text(left, top - 16, name, 13, is_bold=True)
            axes = paper.axes(left, top, wide, tall)
            _curve(axes, picture, name)
            _dress(axes, picture, name)
            if not has_strip:
                _mark_steps(axes, picture)
            if has_strip:
                _strip(paper.axes(left, top + tall + 44, wide, STRIP), picture)
            paper.text(left + wide / 2, height - 14, "epoch", 12, colour=style.MUTED, at=("center", "baseline"))
        return style.rendered(figure, format_, picture.alternative)


def _series(picture: Curves, name: str) -> list[tuple[str, str, str, list[tuple[int, float]]]]:
    """Return label, colour, line style and finite points of each curve of a plot."""
    kinds = (("training", name, style.BLUE, "-"), ("validation", f"val_{name}", style.VERMILLION, "--"))
    found = []
    for label, field, colour, line in kinds:
        values = [(one.epoch, getattr(one, field)) for one in picture.epochs]
        known = [(epoch, value) for epoch, value in values if value is not None and isfinite(value)]
        if known:
            found.append((label, colour, line, known))
    return found


def _curve(axes: "Axes", picture: Curves, name: str) -> None:
    dots = len(picture.epochs) <= MOST_DOTS
    for label, colour, line, known in _series(picture, name):
        axes.plot(
            [epoch for epoch, _ in known],
            [value for _, value in known],
            color=colour,
            linestyle=line,
            linewidth=points(2.2),
            marker=("o" if label == "training" else "s") if dots else "",
            markersize=points(5),
            solid_capstyle="round",
        )
        best = [value for epoch, value in known if epoch == picture.best_epoch]
        if label == "validation" and best:
            axes.plot(
                [picture.best_epoch or 0],
                best,
                marker="o",
                markersize=points(14),
                markerfacecolor="none",
                markeredgecolor=style.GREEN,
                markeredgewidth=points(2.4),
                zorder=5,
            )


def _dress(axes: "Axes", picture: Curves, name: str = "") -> None:
    from matplotlib.ticker import MaxNLocator

    first, last = picture.epochs[0].epoch, picture.epochs[-1].epoch
    room = min(0.9, max(0.5, (last - first) * 0.03))
    axes.set_xlim(first - room, last + room)
    axes.xaxis.set_major_locator(MaxNLocator(nbins=8, steps=[1, 2, 5, 10], integer=True, min_n_ticks=1))
    axes.yaxis.set_major_locator(MaxNLocator(nbins=6, steps=[1, 2, 2.5, 5, 10]))
    low, high = axes.get_ylim()
    high += 0.06 * (high - low)  # room for the marks' texts
    axes.set_ylim(max(low, 0.0), min(high, 1.045) if name == "accuracy" else high)
    axes.grid(visible=True, axis="y", color=style.LINE, linewidth=points(1))
    axes.set_axisbelow(True)
    axes.set_facecolor("none")
    axes.tick_params(length=0, labelsize=points(11), pad=points(6))
    for side in ("top", "right", "left"):
        axes.spines[side].set_visible(False)


def _mark_steps(axes: "Axes", picture: Curves) -> None:
    span = max(1, picture.epochs[-1].epoch - picture.epochs[0].epoch)
    previous = -1.0
    for step in picture.steps:
        at = step.epoch - 0.5
        axes.axvline(at, color=style.MUTED, linestyle=":", linewidth=points(1.3))
        if (at - previous) / span > 0.09 or previous < 0:
            text = f" {step.learning_rate:.3g}"
            axes.text(
                at, 1.0, text, transform=axes.get_xaxis_transform(), fontsize=points(10), color=style.MUTED, va="top"
            )
            previous = at


def _strip(axes: "Axes", picture: Curves) -> None:
    axes.step(
        [one.epoch for one in picture.epochs],
        [one.learning_rate for one in picture.epochs],
        where="mid",
        color=style.MUTED,
        linewidth=points(1.6),
    )
    _dress(axes, picture)
    axes.set_ylim(bottom=0)
    from matplotlib.ticker import MaxNLocator

    axes.yaxis.set_major_locator(MaxNLocator(nbins=2))
    axes.set_title("learning rate", fontsize=points(11), color=style.MUTED, loc="left", pad=points(5))


def _legend(paper: Paper, picture: Curves) -> None:
    """Write what is what along the upper edge, from the right."""
    entries = [(label, colour, line) for label, colour, line, _ in _series(picture, "accuracy")]
    if picture.best_epoch is not None:
        entries.append((f"best epoch: {picture.best_epoch}", style.GREEN, "o"))
    if 0 < len(picture.steps) <= MOST_MARKS:
        entries.append(("learning rate changes", style.MUTED, ":"))
    x = WIDTH - MARGIN - sum(_entry_width(label) for label, _, _ in entries)
    for label, colour, line in entries:
        _sample(paper, x, colour, line)
        paper.text(x + 32, 76, label, 12)
        x += _entry_width(label)


def _entry_width(label: str) -> float:
    return fonts.width(label, 12) + 32 + 22


def _sample(paper: Paper, x: float, colour: str, line: str) -> None:
    from matplotlib.lines import Line2D

    xs: Sequence[float] = (x / paper.width, (x + 26) / paper.width)
    y = 1 - 72 / paper.height
    if line == "o":
        middle = sum(xs) / 2
        sample = Line2D([middle], [y], marker="o", markersize=points(12), markerfacecolor="none", linestyle="none")
        sample.set_markeredgecolor(colour)
        sample.set_markeredgewidth(points(2.2))
    else:
        sample = Line2D(xs, [y, y], color=colour, linestyle=_LINES[line], linewidth=points(2.2))
    sample.set_transform(paper.figure.transFigure)
    paper.figure.add_artist(sample)
