"""A network as a diagram: SVG drawn by hand, text that is text, colours that follow the reader's light or dark mode.

A box for each layer with its name, its class, the shape that comes out and its parameters; an arrow for each connection. A
layer stands one row below the lowest of its inputs, so branches stand side by side.
"""

from collections import defaultdict
from dataclasses import dataclass
from html import escape
from typing import Final

from service.networks.naming import IMAGES
from service.networks.schemas import Summary, SummaryRow

WIDTH: Final = 236
HEIGHT: Final = 58
GAP_ACROSS: Final = 28
GAP_DOWN: Final = 34
MARGIN: Final = 24
TITLE: Final = 56

FAMILIES: Final = {
    "Conv2D": "convolution",
    "DepthwiseConv2D": "convolution",
    "SeparableConv2D": "convolution",
    "Conv2DTranspose": "convolution",
    "MaxPooling2D": "pooling",
    "AveragePooling2D": "pooling",
    "GlobalAveragePooling2D": "pooling",
    "GlobalMaxPooling2D": "pooling",
    "Dense": "dense",
    "SimpleRNN": "sequence",
    "GRU": "sequence",
    "LSTM": "sequence",
    "MultiHeadAttention": "sequence",
    "Add": "merging",
    "Multiply": "merging",
    "Average": "merging",
    "Concatenate": "merging",
}
"""What stands out by a colour at the left edge (Okabe and Ito's palette); everything else is grey."""

STYLE: Final = """
  svg { color-scheme: light dark; font-family: system-ui, "Segoe UI", Roboto, "DejaVu Sans", sans-serif; }
  .page { fill: #ffffff } .box { fill: #f6f7f9; stroke: #c9ced6 } .edge { fill: none; stroke: #6b7280; stroke-width: 1.5 }
  .head { fill: #6b7280 } .name { fill: #111827; font-size: 14px; font-weight: 600 } .title { fill: #111827; font-size: 18px;
  font-weight: 600 } .note { fill: #4b5563; font-size: 12px } .other, .images { fill: #8a919c } .convolution { fill: #0072b2 }
  .pooling { fill: #009e73 } .dense { fill: #d55e00 } .sequence { fill: #cc79a7 } .merging { fill: #e69f00 }
  @media (prefers-color-scheme: dark) {
    .page { fill: #14171c } .box { fill: #1f242c; stroke: #414955 } .edge { stroke: #9aa3b0 } .head { fill: #9aa3b0 }
    .name, .title { fill: #f3f4f6 } .note { fill: #b6bdc8 } .convolution { fill: #56b4e9 }
  }
"""


@dataclass(frozen=True)
class _Box:
    """A layer's place: its left upper corner."""

    x: float
    y: float

    @property
    def middle(self) -> float:
        return self.x + WIDTH / 2


def svg(summary: Summary) -> str:
    """Return the diagram."""
    boxes = _places(summary)
    across = max(box.x for box in boxes.values()) + WIDTH + MARGIN
    down = max(box.y for box in boxes.values()) + HEIGHT + MARGIN
    right = max(across, 360.0)
    title = summary.name or "A network of its own layers"
    about = f"{summary.parameters:,} parameters · {summary.flops / 1e6:,.2f} MFLOP an image"
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{right:g}" height="{down:g}" viewBox="0 0 {right:g} {down:g}" '
        f'role="img" aria-label="{escape(f"{title}: {about}")}">',
        f"<title>{escape(title)}</title><style>{STYLE}</style>",
        '<defs><marker id="arrow" viewBox="0 0 8 8" refX="7" refY="4" markerWidth="7" markerHeight="7" orient="auto">'
        '<path class="head" d="M0 0 8 4 0 8z"/></marker></defs>',
        f'<rect class="page" width="{right:g}" height="{down:g}"/>',
        f'<text class="title" x="{MARGIN}" y="{MARGIN + 8}">{escape(title)}</text>',
        f'<text class="note" x="{MARGIN}" y="{MARGIN + 28}">{escape(about)}</text>',
    ]
    for row in summary.layers:
        parts += [_edge(boxes[name], boxes[row.name], boxes) for name in dict.fromkeys(row.inputs)]
    parts.append(_box(boxes[IMAGES], "images", "Images", _shape(summary.input_shape), "images"))
    parts += [_layer(row, boxes[row.name]) for row in summary.layers]
    return "\n".join([*parts, "</svg>", ""])


def _places(summary: Summary) -> dict[str, _Box]:
    """Return where each layer stands: a row for each depth, the layers of a row centred above those of the next."""
    depth = {IMAGES: 0}
    waiting = list(summary.layers)
    while waiting:  # a list may name a layer before it describes it
        ready = [row for row in waiting if all(name in depth for name in row.inputs)]
        for row in ready:
            depth[row.name] = 1 + max(depth[name] for name in row.inputs)
        waiting = [row for row in waiting if row.name not in depth]
        if not ready:
            break
    rows: dict[int, list[str]] = defaultdict(list)
    for name, at in depth.items():
        rows[at].append(name)
    widest = max(len(names) for names in rows.values())
    whole = widest * WIDTH + (widest - 1) * GAP_ACROSS
    boxes = {}
    for at, names in rows.items():
        own = len(names) * WIDTH + (len(names) - 1) * GAP_ACROSS
        left = MARGIN + _LANE + (whole - own) / 2
        for place, name in enumerate(names):
            boxes[name] = _Box(left + place * (WIDTH + GAP_ACROSS), MARGIN + TITLE + at * (HEIGHT + GAP_DOWN))
    return boxes


_LANE: Final = 22  # at the left, where long connections pass by


def _edge(start: _Box, end: _Box, boxes: dict[str, _Box]) -> str:
    """Draw an arrow; one that passes other rows goes round them on the left."""
    top, bottom = start.y + HEIGHT, end.y - 2
    is_next = end.y - start.y < 1.5 * (HEIGHT + GAP_DOWN)
    if is_next:
        half = (top + bottom) / 2
        path = f"M{start.middle:g} {top:g}C{start.middle:g} {half:g} {end.middle:g} {half:g} {end.middle:g} {bottom:g}"
    else:
        between = [box for box in boxes.values() if start.y < box.y < end.y]
        lane = min(box.x for box in [*between, start, end]) - _LANE / 2
        path = (
            f"M{start.middle - 40:g} {top:g}C{start.middle - 40:g} {top + 26:g} {lane:g} {top + 4:g} {lane:g} {top + 34:g}"
            f"V{bottom - 32:g}C{lane:g} {bottom - 2:g} {end.middle - 40:g} {bottom - 28:g} {end.middle - 40:g} {bottom:g}"
        )
    return f'<path class="edge" d="{path}" marker-end="url(#arrow)"/>'


def _layer(row: SummaryRow, box: _Box) -> str:
    counted = f"{_shape(row.output_shape)}" + (f" · {row.parameters:,} parameters" if row.parameters else "")
    return _box(box, row.name, row.layer, counted, FAMILIES.get(row.layer, "other"))


def _box(box: _Box, name: str, kind: str, note: str, family: str) -> str:
    said = name if len(name) <= 26 else f"{name[:25]}…"
    called = f"{kind} {said}" if kind.lower() not in said.replace("_", "").lower() else kind
    called = called if len(called) <= 28 else f"{called[:27]}…"
    return (
        f'<g><rect class="box" x="{box.x:g}" y="{box.y:g}" width="{WIDTH}" height="{HEIGHT}" rx="8"/>'
        f'<rect class="{family}" x="{box.x:g}" y="{box.y:g}" width="6" height="{HEIGHT}" rx="3"/>'
        f'<text class="name" x="{box.x + 18:g}" y="{box.y + 24:g}">{escape(called)}</text>'
        f'<text class="note" x="{box.x + 18:g}" y="{box.y + 44:g}">{escape(note)}</text></g>'
    )


def _shape(shape: list[int]) -> str:
    return " × ".join(str(side) for side in shape)  # noqa: RUF001 - shapes are written with a times sign
