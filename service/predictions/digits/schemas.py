"""All digits on a picture, as JSON."""

from pydantic import BaseModel, Field

from service.inference.calibration import Verdict
from service.predictions.schemas import ServedModel


class BoxReply(BaseModel):
    """Where on the picture, in pixels; turned as its EXIF says, as viewers show it."""

    left: int
    top: int
    width: int
    height: int


class DigitReply(BaseModel):
    """One digit."""

    digit: int | None = Field(description="null where digits touch and could not be told apart")
    label: str | None
    confidence: float | None
    verdict: Verdict | None
    box: BoxReply
    line: int = Field(description="From 0, top to bottom")
    number: int = Field(description="Which number of its line it belongs to, from 0, left to right")
    touching: bool = Field(description="It touched another one, and was cut off; or could not be")
    probabilities: dict[str, float] | None = Field(
        default=None, exclude_if=lambda probabilities: probabilities is None, description="As for one digit"
    )
    seen: str | None = Field(
        default=None, exclude_if=lambda seen: seen is None, description="With `?seen=true`: what the network saw"
    )


class LineReply(BaseModel):
    """One line of digits."""

    text: str = Field(
        description="Its numbers, with a space between them; `?` for what is no digit or was not told apart"
    )
    numbers: list[str]


class PageReply(BaseModel):
    """All digits on a picture, in reading order."""

    text: str = Field(description="All lines, a line break between them")
    lines: list[LineReply]
    digits: list[DigitReply]
    width: int = Field(description="Of the picture, in pixels: what the boxes are in")
    height: int
    model: ServedModel
    filename: str | None = None


class Pages(BaseModel):
    """Several pictures, in the order they came."""

    pictures: list[PageReply]
