"""Predictions as JSON."""

from pydantic import BaseModel, Field


class ServedModel(BaseModel):
    """Which model answered."""

    name: str
    version: int


class Prediction(BaseModel):
    """What is on a picture."""

    digit: int | None = Field(None, description="The digit, where the classes are digits")
    label: str = Field(description="The most probable class")
    confidence: float = Field(description="Its probability")
    probabilities: dict[str, float] = Field(
        description="Of every class; with `?top=k` of the k most probable, best first"
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
