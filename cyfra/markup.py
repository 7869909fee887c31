"""Pieces of HTML for notebooks. They take the page's own text colour, so that they read well in light and in dark.

Styles are attributes of the elements: Jupyter, Colab and VS Code keep those, and take style sheets away. Everything that comes
from a service is escaped.
"""

import base64
from collections.abc import Iterable, Sequence
from html import escape
from typing import Final, Literal

BLUE: Final = "0,114,178"  # Okabe and Ito's colours, which the colour-blind can tell apart
ORANGE: Final = "213,94,0"
GREEN: Final = "0,158,115"
GREY: Final = "128,128,128"
LINE: Final = "1px solid rgba(128,128,128,.35)"
FAINT: Final = "rgba(128,128,128,.18)"

Align = Literal["left", "right", "center"]


class Html(str):
    """Text that is HTML already, and must not be escaped again."""

    __slots__ = ()


def text(value: object) -> Html:
    """Return a value as HTML."""
    return value if isinstance(value, Html) else Html(escape(str(value)))


def block(*parts: object) -> Html:
    """Return parts below one another, as one object of ours."""
    inner = "".join(f"<div>{text(part)}</div>" for part in parts if part)
    return Html(f'<div style="font-family:system-ui,sans-serif;font-size:14px;line-height:1.5">{inner}</div>')


def strong(value: object) -> Html:
    """Return a value in bold."""
    return Html(f"<strong>{text(value)}</strong>")


def quiet(value: object) -> Html:
    """Return a value that is there for those who look for it."""
    return Html(f'<span style="opacity:.7">{text(value)}</span>')


def code(value: object) -> Html:
    """Return a value that one may copy into code."""
    return Html(f"<code>{text(value)}</code>")


def table(headings: Sequence[object], rows: Iterable[Sequence[object]], align: Sequence[Align] = ()) -> Html:
    """Return a table; `align` says how each column stands, the rest stand right."""
    ways = [*align, *["right"] * (len(headings) - len(align))]
    head = "".join(
        f'<th scope="col" style="text-align:{way};padding:2px 10px;border-bottom:{LINE}">{text(one)}</th>'
        for one, way in zip(headings, ways, strict=True)
    )
    body = "".join(
        "<tr style='background:none'>"
        + "".join(
            f'<td style="text-align:{way};padding:2px 10px;font-variant-numeric:tabular-nums">{text(one)}</td>'
            for one, way in zip(row, ways, strict=True)
        )
        + "</tr>"
        for row in rows
    )
    return Html(
        '<div style="overflow-x:auto"><table style="border-collapse:collapse;margin:6px 0">'
        f"<thead><tr>{head}</tr></thead><tbody>{body}</tbody></table></div>"
    )


def bar(fraction: float, *, colour: str = BLUE, width: str = "12em", label: str = "") -> Html:
    """Return a bar that is filled to `fraction` (0..1); `label` says in words what it shows."""
    filled = 100 * min(1.0, max(0.0, fraction))
    named = f' role="img" aria-label="{escape(label)}"' if label else ' aria-hidden="true"'
    return Html(
        f'<span{named} style="display:inline-block;vertical-align:middle;width:{width};height:.7em;border-radius:.35em;'
        f'overflow:hidden;background:{FAINT}"><span style="display:block;height:100%;width:{filled:.1f}%;'
        f'background:rgb({colour})"></span></span>'
    )


def picture(source: str | bytes, says: str, *, width: int | None = None, is_pixels: bool = False) -> Html:
    """Return an image: PNG bytes, or a data URL. `is_pixels` shows each pixel as a square, instead of blurring them."""
    address = data_url(source) if isinstance(source, bytes) else source
    if not address.startswith("data:image/"):
        return Html("")
    style = ("max-width:100%;" if width is None else f"width:{width}px;") + (
        "image-rendering:pixelated;" if is_pixels else ""
    )
    return Html(f'<img src="{escape(address)}" alt="{escape(says)}" style="{style}">')


def beside(*parts: object) -> Html:
    """Return parts beside one another, as far as there is room."""
    inner = "".join(f"<div>{text(part)}</div>" for part in parts if part)
    return Html(f'<div style="display:flex;flex-wrap:wrap;gap:18px;align-items:center">{inner}</div>')


def captioned(part: Html, caption: str) -> Html:
    """Return a part with what it is below it."""
    return (
        Html(f'<figure style="margin:0;text-align:center">{part}<figcaption>{quiet(caption)}</figcaption></figure>')
        if part
        else Html("")
    )


def data_url(png: bytes) -> str:
    """Return a PNG as an address that holds all of it."""
    return "data:image/png;base64," + base64.b64encode(png).decode()


def bytes_of(data_url: str) -> bytes:
    """Return what a base64 data URL holds."""
    return base64.b64decode(data_url.partition(",")[2])
