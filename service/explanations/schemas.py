"""Explanations as JSON. Pictures are data URLs of PNG files."""

from pydantic import BaseModel, Field

from service.inference.calibration import Verdict
from service.predictions.schemas import ServedModel


class AnswerReply(BaseModel):
    """What the network answers."""

    digit: int | None = Field(description="The digit, where the classes are digits")
    label: str = Field(description="The most probable class")
    confidence: float = Field(description="Its probability")
    probabilities: dict[str, float] = Field(description="Of every class, or of the `top` most probable; best first")
    verdict: Verdict | None = Field(
        description="What the answer is worth; null for the network of a training, and where the model was not calibrated"
    )
    model: ServedModel | None = Field(description="Which model answered; null for the network of a training")


class ScaleReply(BaseModel):
    """How to read the map's colours. Evidence is in log-odds: 2.3 more are ten times the odds for the class."""

    full_colour: float = Field(description="The evidence that is drawn in full colour")
    strongest_for: float = Field(description="The largest evidence on the map for the class")
    strongest_against: float = Field(description="The largest against it")
    patch: tuple[int, int] = Field(description="height, width of what was hidden at a time, pixels")
    stride: tuple[int, int] = Field(description="height, width of a step")
    passes: int = Field(description="How often the network was asked")


class ExplanationReply(BaseModel):
    """What the network saw, and which parts of it speak for a class."""

    prediction: AnswerReply
    true: str | None = Field(description="The right class, where the picture is one of a data set")
    seen: str = Field(description="What the network saw, in its own size")
    saliency: str = Field(description="What speaks for the class (vermilion) and against it (blue), on white")
    overlay: str = Field(description="The same over the picture")
    method: str = "occlusion"
    class_: str = Field(serialization_alias="class", description="The class that the map is about")
    scale: ScaleReply
    layers: list[str] = Field(description="Whose activations can be asked for")


class LayerReply(BaseModel):
    """A layer of a network."""

    name: str = Field(description="As the summary of the network gives it")
    layer: str | None = Field(description="Keras' class")
    shape: list[int] = Field(description="Of its output for one image, channels last")
    available: bool = Field(description="Whether its activations can be asked for")
    note: str | None = Field(description="Why not")


class LayersReply(BaseModel):
    """The layers of a training's network, first to last."""

    training: str
    layers: list[LayerReply]


class FiltersReply(BaseModel):
    """The first layer's filters."""

    training: str
    layer: str
    count: int
    shape: list[int] = Field(description="height, width, channels of each")
    largest: float = Field(description="The largest weight, either sign")
    picture: str


class ChannelReply(BaseModel):
    """A channel or a unit."""

    index: int
    mean: float
    highest: float


class ActivationsReply(BaseModel):
    """What a layer makes of a picture."""

    layer: str
    shape: list[int] = Field(description="Of its output, channels last")
    lowest: float
    highest: float
    channels: list[ChannelReply]
    seen: str = Field(description="What the network saw, in its own size")
    picture: str
    layers: list[str] = Field(description="Whose activations can be asked for")
