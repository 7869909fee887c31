"""All digits on a picture as JSON, text, CSV, and a page with the picture and their boxes."""

import io
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from typing import Final

from jinja2 import ChoiceLoader, Environment, PackageLoader, StrictUndefined, Template
from PIL import Image

from service.images.showing import as_data_url
from service.predictions.digits.schemas import PageReply, Pages
from service.reports.renderings.tables import harmless, written

CSV_HEADER: Final = (
    *("name", "line", "number", "class", "confidence", "verdict", "touching"),
    *("left", "top", "width", "height"),
)
SHOWN_SIDE: Final = 1200


@dataclass(frozen=True, eq=False)
class Shown:
    """A page's answer, and its picture."""

    reply: PageReply
    picture: Image.Image


def as_json(pages: Sequence[Shown]) -> str:
    """Return the one answer by itself, several as a list."""
    replies = [page.reply for page in pages]
    return (replies[0] if len(replies) == 1 else Pages(pictures=replies)).model_dump_json()


def as_text(pages: Sequence[Shown]) -> str:
    """Return the text of each page; an empty line between two."""
    return "\n".join(f"{page.reply.text}\n" for page in pages)


def as_csv(pages: Sequence[Shown]) -> str:
    """Return a line a digit below the header."""
    rows = (
        (
            *(harmless(page.reply.filename or ""), str(one.line), str(one.number), harmless(one.label or "")),
            "" if one.confidence is None else f"{one.confidence:.6f}",
            *(one.verdict or "", "true" if one.touching else "false"),
            *(str(side) for side in (one.box.left, one.box.top, one.box.width, one.box.height)),
        )
        for page in pages
        for one in page.reply.digits
    )
    return written(CSV_HEADER, rows)


def as_html(pages: Sequence[Shown]) -> str:
    """Return a page with each picture, its digits framed, and what they say."""
    return _template().render(pages=[(page.reply, _small(page.picture)) for page in pages])


def _small(picture: Image.Image) -> str:
    copy = picture.convert("RGB")
    copy.thumbnail((SHOWN_SIDE, SHOWN_SIDE))
    content = io.BytesIO()
    copy.save(content, "PNG")
    return as_data_url(content.getvalue())


@cache
def _template() -> Template:
    loader = ChoiceLoader([PackageLoader("service.predictions"), PackageLoader("service.reports")])
    environment = Environment(
        loader=loader, autoescape=True, undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True
    )
    return environment.get_template("digits.html.j2")
