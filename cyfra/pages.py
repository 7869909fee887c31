"""All digits on a picture."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from urllib.parse import quote

import httpx

from cyfra.connection import Connection, decoded
from cyfra.facts import ModelVersion
from cyfra.markup import block, quiet, table
from cyfra.pictures import Picture, files_of
from cyfra.reading import read, read_all
from cyfra.wording import percent


@dataclass(frozen=True)
class Box:
    """Where something is on a picture, in pixels, as viewers show it."""

    left: int
    top: int
    width: int
    height: int


@dataclass(frozen=True)
class FoundDigit:
    """One digit on a page."""

    box: Box
    line: int
    """From 0, top to bottom."""
    number: int
    """Which number of its line it belongs to, from 0."""
    touching: bool
    """It touched another one and was cut off, or could not be: then there is no label."""
    digit: int | None = None
    label: str | None = None
    confidence: float | None = None
    verdict: str | None = None


@dataclass(frozen=True)
class Page:
    """All digits on a picture, in reading order."""

    text: str
    """A line for each line, a space between numbers, `?` for what could not be read."""
    digits: tuple[FoundDigit, ...]
    width: int
    height: int
    model: ModelVersion | None = None
    filename: str | None = None
    lines: tuple["Line", ...] = field(default=(), repr=False)

    def __str__(self) -> str:
        """Return the text."""
        return self.text

    def _repr_html_(self) -> str:
        rows = [
            (
                one.label or "?",
                "" if one.confidence is None else percent(one.confidence),
                one.verdict or "",
                one.line,
                one.number,
            )
            for one in self.digits
        ]
        return block(table(("digit", "confidence", "verdict", "line", "number"), rows, ("left",)), quiet(self.text))


@dataclass(frozen=True)
class Line:
    """One line of digits."""

    text: str
    numbers: tuple[str, ...]


def read_pages(
    connection: Connection, pictures: Iterable[Picture], *, model: str | None, version: str | int | None
) -> list[Page]:
    """Find and read all digits on each picture; None as the model is the one named `default`."""
    return pages_of(ask(connection, files_of(pictures), model=model, version=version))


def ask(
    connection: Connection,
    files: Iterable[tuple[str, bytes]],
    *,
    model: str | None,
    version: str | int | None = None,
) -> httpx.Response:
    """Send image files, each with its name, and return the service's answer."""
    path = "/predict" if model is None else f"/v1/models/{quote(model, safe='')}/predict"
    query = {"digits": "many", "probabilities": "false"} | ({} if version is None else {"version": str(version)})
    return connection.post(path, query=query, files=[("file", each) for each in files])


def pages_of(response: httpx.Response) -> list[Page]:
    """Return the answer to one picture or to several."""
    answer = decoded(response)
    if isinstance(answer, dict) and "pictures" in answer:
        return list(read_all(Page, answer, "pictures"))
    return [read(Page, answer)]
