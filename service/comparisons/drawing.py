"""Curves over each other: accuracy and loss, in validation and in training, a line for each training.

Eight trainings can be told apart without seeing colours: hues are Okabe and Ito's ("Color universal design", 2008), darkened
where white paper asks for it, and each has a dash pattern and a marker of its own.
"""

import io
import math
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

# Matplotlib is imported where it draws: the service starts without it.
# ruff: noqa: PLC0415

Dashes = tuple[float, tuple[float, ...] | None]

STYLES: Final[tuple[tuple[str, Dashes, str], ...]] = (
    ("#0072B2", (0, None), "o"),
    ("#D55E00", (0, (6, 2)), "s"),
    ("#009E73", (0, (2, 1.5)), "^"),
    ("#CC79A7", (0, (8, 2, 2, 2)), "D"),
    ("#B8860B", (0, (4, 1, 1, 1, 1, 1)), "v"),
    ("#56B4E9", (0, (10, 3)), "P"),
    ("#000000", (0, (1, 1)), "X"),
    ("#6A3D9A", (0, (5, 1)), "*"),
)
INK: Final = "#222222"
FAINT: Final = "#777777"
MARKED_EPOCHS: Final = 20
"""With more epochs than this markers are set on some of them only."""
NARROWEST: Final = 0.04
"""Less than this of the accuracy's scale is never shown: chance would look like a change."""
LOG_ABOVE: Final = 50
"""The losses are drawn on a logarithmic scale where the greatest is so many times the least."""
KEPT: Final = 64
"""Pictures that are not drawn again; some 100 KB each."""

Figures = tuple[float | None, ...]


@dataclass(frozen=True)
class Curve:
    """The figures of one training, one for each epoch that has ended; accuracies are fractions."""

    name: str
    dataset: str
    epochs: tuple[int, ...]
    loss: Figures
    accuracy: Figures
    val_loss: Figures
    val_accuracy: Figures


@dataclass(frozen=True)
class _Panel:
    title: str
    lines: tuple[Figures, ...]
    is_loss: bool


@lru_cache(maxsize=KEPT)
def draw(curves: tuple[Curve, ...], suffix: str) -> bytes:
    """Return the picture of up to eight trainings as `png` or `svg`; what is drawn again looks the same."""
    from matplotlib.figure import Figure
    from matplotlib.layout_engine import ConstrainedLayoutEngine

    panels = _panels(curves)
    columns = len(panels) // 2
    legend_rows = -(-len(curves) // columns)
    spacing = ConstrainedLayoutEngine(w_pad=0.08, h_pad=0.08, hspace=0.04, wspace=0.04)
    figure = Figure(
        figsize=(5.2 * columns + (0.4 if columns > 1 else 1.6), 6.6 + 0.24 * legend_rows),
        facecolor="white",
        layout=spacing,
    )
    axes = figure.subplots(2, columns, squeeze=False, sharex=True, sharey="row")
    for row in range(2):
        for column in range(columns):
            _draw_panel(axes[row][column], panels[row * columns + column], curves)
    for axis in axes[1]:
        axis.set_xlabel("epoch", color=INK)
    _set_scale(axes[1], panels[columns:])
    _legend(figure, curves, columns)
    content = io.BytesIO()
    figure.savefig(content, format=suffix, dpi=110)
    return content.getvalue()


def _panels(curves: Sequence[Curve]) -> list[_Panel]:
    """Accuracy above loss, validation beside training; no validation where nobody has one."""
    of_training = (
        _Panel("Training accuracy", tuple(each.accuracy for each in curves), is_loss=False),
        _Panel("Training loss", tuple(each.loss for each in curves), is_loss=True),
    )
    is_validated = any(figure is not None for each in curves for figure in each.val_loss)
    if not is_validated:
        return list(of_training)
    of_validation = (
        _Panel("Validation accuracy", tuple(each.val_accuracy for each in curves), is_loss=False),
        _Panel("Validation loss", tuple(each.val_loss for each in curves), is_loss=True),
    )
    return [of_validation[0], of_training[0], of_validation[1], of_training[1]]


def _draw_panel(axis: "Axes", panel: _Panel, curves: Sequence[Curve]) -> None:
    from matplotlib.ticker import MaxNLocator, PercentFormatter

    axis.set_title(panel.title, fontsize=11, color=INK, loc="left", fontweight="bold")
    longest = max((len(each.epochs) for each in curves), default=0)
    every = max(1, math.ceil(longest / MARKED_EPOCHS))
    for place, (curve, figures) in enumerate(zip(curves, panel.lines, strict=True)):
        points = [(epoch, y) for epoch, y in zip(curve.epochs, figures, strict=True) if y is not None]
        if points:
            colour, dashes, marker = STYLES[place % len(STYLES)]
            x, y = zip(*points, strict=True)
            axis.plot(
                x, y, color=colour, linestyle=dashes, marker=marker, markevery=every, markersize=5.5, linewidth=1.8,
                markeredgecolor="white", markeredgewidth=0.5, zorder=2 + place / 10,
            )  # fmt: skip
    axis.grid(color="#e4e4e4", linewidth=0.8)
    axis.set_axisbelow(True)
    for side in ("top", "right"):
        axis.spines[side].set_visible(False)
    for side in ("left", "bottom"):
        axis.spines[side].set_color("#bbbbbb")
    axis.tick_params(colors=INK, labelsize=9, labelleft=True)
    axis.xaxis.set_major_locator(MaxNLocator(nbins="auto", integer=True, min_n_ticks=1))
    if not panel.is_loss:
        axis.yaxis.set_major_formatter(PercentFormatter(xmax=1, decimals=None))
        low, high = axis.get_ylim()
        if high - low < NARROWEST:
            axis.set_ylim(max(0.0, (low + high - NARROWEST) / 2), min(1.005, (low + high + NARROWEST) / 2))
    if not axis.lines:
        axis.set(xlim=(0.5, 1.5), ylim=(0, 1))
        axis.text(0.5, 0.5, "no epoch has ended yet", transform=axis.transAxes, ha="center", color=FAINT)


def _set_scale(axes: Sequence["Axes"], panels: Sequence[_Panel]) -> None:
    from matplotlib.ticker import LogLocator, NullLocator, StrMethodFormatter

    losses = [y for panel in panels for line in panel.lines for y in line if y is not None and y > 0]
    if losses and max(losses) > LOG_ABOVE * min(losses):
        for axis in axes:
            axis.set_yscale("log")
            axis.yaxis.set_major_locator(LogLocator(subs=(1, 2, 5)))
            axis.yaxis.set_minor_locator(NullLocator())
            axis.yaxis.set_major_formatter(StrMethodFormatter("{x:g}"))


def _legend(figure: "Figure", curves: Sequence[Curve], columns: int) -> None:
    from matplotlib.lines import Line2D

    is_one_dataset = len({each.dataset for each in curves}) == 1
    handles = []
    for place, curve in enumerate(curves):
        colour, dashes, marker = STYLES[place % len(STYLES)]
        label = curve.name if is_one_dataset else f"{curve.name} on {curve.dataset}"
        if not curve.epochs:
            label += " (no epoch has ended yet)"
        elif (last := curve.val_accuracy[-1]) is not None:
            label += f": {100 * last:.2f} % after {len(curve.epochs)}"
        handles.append(
            Line2D(
                [],
                [],
                color=colour,
                linestyle=dashes,  # type: ignore[arg-type] # None is a line without gaps
                marker=marker,
                linewidth=1.8,
                label=label.replace("$", r"\$"),
            )
        )
    figure.legend(
        handles=handles, loc="outside lower center", ncols=columns, frameon=False, fontsize=9.5,
        handlelength=4.2, labelcolor=INK,
    )  # fmt: skip
