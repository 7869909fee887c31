"""What all figures share: a canvas without global state, and how a figure becomes a PNG."""

import io
from typing import Final

import matplotlib as mpl
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure

INK: Final = "#222222"
QUIET: Final = "#5f6368"
DOTS_PER_INCH: Final = 150
_LONGEST_NAME: Final = 14


def blank(width: float, height: float) -> Figure:
    """Return an empty white figure; `width` and `height` in inches."""
    figure = Figure(figsize=(width, height), dpi=DOTS_PER_INCH, facecolor="white")
    FigureCanvasAgg(figure)
    return figure


def png(figure: Figure) -> bytes:
    """Return the figure as a PNG, the same bytes each time."""
    content = io.BytesIO()
    figure.savefig(content, format="png", metadata={"Software": None})
    return content.getvalue()


def shortened(name: str, longest: int = _LONGEST_NAME) -> str:
    """Return a class's name so that it fits beside a bar, and so that matplotlib reads no formula into it."""
    kept = name if len(name) <= longest else name[: longest - 1] + "…"
    return kept.replace("$", r"\$")


VIRIDIS: Final = mpl.colormaps["viridis"]
