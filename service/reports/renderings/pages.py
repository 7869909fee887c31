"""Reports as pages: one file each, that loads nothing and runs nothing."""

import base64
import io
from functools import cache
from typing import Final

import numpy as np
from jinja2 import Environment, PackageLoader, StrictUndefined
from numpy.typing import NDArray
from PIL import Image

from service.pictures.drawings import Drawing, drawing
from service.pictures.heat_map import layout
from service.reports.documents import About, Document

CURVES_WIDTH: Final = 640  # CSS pixels; where the page is narrower, a picture is scrolled instead of shrunk


@cache
def _environment() -> Environment:
    loader = PackageLoader("service.reports")
    return Environment(loader=loader, autoescape=True, undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True)


def classification(about: About) -> Drawing:
    """Return the classification report as a page."""
    template = "classification.html.j2"
    return drawing(template, about, lambda: _environment().get_template(template).render(about=about).encode())


def report(document: Document) -> Drawing:
    """Return the whole report as a page."""
    return drawing("report.html", document, lambda: _draw(document), is_final=not document.missing)


def _draw(document: Document) -> bytes:
    matrix = document.heat_map
    pixels = document.pixels
    page = _environment().get_template("report.html.j2")
    return page.render(
        document=document,
        curves=_wide(document.curves.drawn_as("inline").draw(), CURVES_WIDTH),
        heat_map=_wide(matrix.drawn_as("inline").draw(), min(layout(matrix).width * 0.8, 1600)),
        pictures=None if pixels is None else [_data_url(one) for one in pixels],
    ).encode()


def _wide(svg: bytes, least: float) -> str:
    return svg.decode().replace("<svg ", f'<svg style="min-width: {least:.0f}px" ', 1)


def _data_url(pixels: NDArray[np.uint8]) -> str:
    content = io.BytesIO()
    Image.fromarray(pixels[:, :, 0] if pixels.shape[2] == 1 else pixels).save(content, "PNG")
    return f"data:image/png;base64,{base64.b64encode(content.getvalue()).decode()}"
