"""Predictions as JSON, and the JSON that asks for them."""

from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Discriminator, Field, Tag

from service.edge.strictness import Strict
from service.inference.calibration import Verdict

Range = Literal["0..255", "0..1"]


class PictureRequest(Strict):
    """One picture: exactly one of `image` and `pixels`."""

    image: str | None = None
    """The picture's file, in base64 or as a data URL."""

    pixels: list[object] | None = None
    """Rows of numbers in the shape of the model's input: 28 rows of 28 for MNIST, `[height, width, channels]` for colour,
    or all of them in one row. In 0..255, or in 0..1: see `range`."""

    range: Range | None = None
    """What the numbers of `pixels` are in. If not said: `0..1` where none of them is above 1, else `0..255`."""

    filename: Annotated[str | None, Field(max_length=1000)] = None
    """Comes back in the answer."""


def _kind_of_entry(value: object) -> str:
    if isinstance(value, str):
        return "tag:text"
    return "tag:pixels" if isinstance(value, list) else "tag:picture"


Entry = Annotated[
    Annotated[str, Tag("tag:text")]
    | Annotated[list[object], Tag("tag:pixels")]
    | Annotated[PictureRequest, Tag("tag:picture")],
    Discriminator(_kind_of_entry),
]


class PredictionRequest(PictureRequest):
    """Pictures to be named: exactly one of `image`, `images` and `pixels`."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {"image": "iVBORw0KGgo…"},
                {"image": "data:image/png;base64,iVBORw0KGgo…", "filename": "digit.png"},
                {"images": ["iVBORw0KGgo…", {"image": "/9j/4AAQSkZJRg…", "filename": "second.jpg"}]},
                {"pixels": [[0, 0, 255], [0, 128, 255], [0, 0, 255]], "range": "0..255"},
            ]
        }
    )

    images: list[Entry] | None = None
    """Several pictures, each as text (base64 or a data URL), as pixels, or as an object like this one."""


class ServedModel(BaseModel):
    """Which model answered."""

    name: str
    version: int


class Prediction(BaseModel):
    """What is on a picture."""

    digit: int | None = Field(None, description="The digit, where the classes are digits")
    label: str = Field(description="The most probable class")
    confidence: float = Field(description="Its probability, calibrated: of answers with 0.9 nine in ten are right")
    verdict: Verdict | None = Field(
        None,
        description="What the answer is worth. `not-a-digit`: the picture is less like a digit than almost every real one, and "
        "`digit` and `label` are a guess. null: the model was not calibrated. docs/confidence.md",
    )
    probabilities: dict[str, float] | None = Field(
        default=None,
        exclude_if=lambda probabilities: probabilities is None,
        description="Of every class; with `?top=k` of the k most probable, best first; not with `?probabilities=false`",
    )
    model: ServedModel
    filename: str | None = None
    seen: str | None = Field(
        default=None,
        exclude_if=lambda seen: seen is None,
        description="With `?seen=true`: exactly what the network saw, as the data URL of a PNG",
    )


class Predictions(BaseModel):
    """What is on several pictures, in the order they came."""

    predictions: list[Prediction]
