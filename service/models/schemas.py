"""Models as JSON."""

from datetime import datetime
from typing import Literal

from pydantic import BaseModel, ConfigDict, Field

from service.edge.strictness import Strict


class ArtefactReply(BaseModel):
    """Stored bytes."""

    sha256: str
    size: int


class InputReply(BaseModel):
    """What the network expects."""

    height: int
    width: int
    channels: int
    handwriting: bool = Field(description="Whether pictures are normalised as MNIST's digits were")


class VersionStatus(BaseModel):
    """How a version stands, as TensorFlow Serving tells it: its clients wait for `AVAILABLE`."""

    version: str
    state: Literal["AVAILABLE"] = "AVAILABLE"
    status: dict[str, str] = {"error_code": "OK", "error_message": ""}


class VersionReply(BaseModel):
    """One version of a model."""

    version: int
    training: str | None
    created_at: datetime
    dataset: str
    test_accuracy: float
    parameters: int
    classes: list[str]
    input: InputReply
    artefacts: dict[str, ArtefactReply]
    model_version_status: list[VersionStatus]


class ModelReply(BaseModel):
    """A model: `serving_version` answers when nobody asks for another."""

    name: str
    created_at: datetime
    latest_version: int
    serving_version: int
    aliases: dict[str, int]
    versions: list[VersionReply]
    links: dict[str, str]
    model_version_status: list[VersionStatus]


class ModelList(BaseModel):
    """All models."""

    models: list[ModelReply]


class AliasRequest(Strict):
    """Where an alias shall point."""

    model_config = ConfigDict(json_schema_extra={"examples": [{"version": 1}]})

    version: int
