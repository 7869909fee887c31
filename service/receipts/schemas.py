"""Receipts and reruns as JSON."""

from datetime import datetime
from typing import Any, Final

from pydantic import BaseModel, Field

HASHED: Final = (
    "SHA-256 over the arrays in the order below. Each gives its name, dtype and shape as text ('conv2d/kernel float32 "
    "(3, 3, 1, 32)' and a line feed), then its bytes in C order, little-endian. An array's own hash is that of its bytes."
)


class HardwareReply(BaseModel):
    """The machine, as far as weights follow from it."""

    machine: str = ""
    cpu: str = ""
    cores: int = Field(default=0, description="Those that the worker may use")
    instructions: list[str] = Field(default_factory=list, description="Instruction sets that kernels are chosen by")
    gpus: list[str] = Field(default_factory=list, description="Those that the backend used")


class MadeWith(BaseModel):
    """Everything that weights follow from, beside the specification and the data."""

    backend: str = Field(default="", description="Keras' backend: tensorflow, jax or torch")
    versions: dict[str, str] = Field(default_factory=dict)
    code_sha256: str = Field(default="", description="Of the source of Cyfra's own code that trains")
    hardware: HardwareReply = HardwareReply()
    threads: int = Field(default=0, description="That one operation uses")
    precision: str = ""
    environment: dict[str, str] = Field(
        default_factory=dict,
        description="Variables that change how numbers are added up, such as TF_ENABLE_ONEDNN_OPTS",
    )


class AttemptReply(BaseModel):
    """One attempt at the training: a worker that trained it, or a part of it."""

    attempt: int
    began_at: datetime
    after_epoch: int = Field(description="Epochs that were done when it began; 0 and step 0: it began anew")
    after_step: int = Field(description="Steps of the next epoch that were done")
    shaped_weights: bool = Field(description="False if nothing of what it computed is in the final weights")
    dataset_sha256: str
    made_with: MadeWith


class ArrayReply(BaseModel):
    """One array of weights."""

    name: str
    dtype: str
    shape: list[int]
    sha256: str


class WeightsReply(BaseModel):
    """The final weights, named by a hash."""

    sha256: str
    hashed: str = Field(default=HASHED, description="How to come to the same hash")
    arrays: list[ArrayReply]


class DatasetReceipt(BaseModel):
    """The data set's name, and its content's hash."""

    name: str
    sha256: str | None


class ReceiptReply(BaseModel):
    """What a training was made of, what it was made with, and what came out."""

    training: str
    rerun_of: str | None
    finished_at: datetime | None
    seed: int | None
    dataset: DatasetReceipt
    weights: WeightsReply
    attempts: list[AttemptReply] = Field(description="More than one where a worker was lost, or was stopped")
    spec: dict[str, Any] = Field(description="Everything needed to repeat it")


class Hashes(BaseModel):
    """The hash of the weights of each; null where there is no receipt."""

    original: str | None
    rerun: str | None


class WeightsDifference(BaseModel):
    """How far the final weights lie from the original's."""

    bit_equal: bool | None = Field(description="Null if nobody can say")
    sha256: Hashes
    arrays: int | None = Field(default=None, description="Arrays of weights that the network has")
    differing: int | None = Field(default=None, description="How many of them have not the same bytes")
    largest_difference: float | None = Field(
        default=None, description="The largest absolute difference of two weights; null where one is no finite number"
    )
    layer: str | None = Field(default=None, description="Where that is")
    array: str | None = Field(default=None, description="And in which of its arrays")
    unknown: str | None = Field(default=None, description="Why the weights could not be compared")


class Figures(BaseModel):
    """One figure of each; null where it is not known any more."""

    original: float | None
    rerun: float | None


class MetricsDifference(BaseModel):
    """What the test set said."""

    test_accuracy: Figures
    test_loss: Figures


class ChangedPrediction(BaseModel):
    """A test image that the two take for different classes."""

    index: int = Field(description="In the test set, from 0")
    true: str
    original: str
    rerun: str
    image: str = Field(description="The address of the picture")


class PredictionsDifference(BaseModel):
    """The answers of both to the same test images."""

    test_count: int
    changed: int
    largest_confidence_difference: float = Field(description="Of images that both take for the same class")
    examples: list[ChangedPrediction] = Field(description="The first of those that changed")


class SurroundingsDifference(BaseModel):
    """Something that the two were not made alike with."""

    what: str
    original: str | None = Field(description="Null if it has none")
    rerun: str | None
    matters: bool = Field(description="Whether weights may follow from it")


class RerunReply(BaseModel):
    """How a rerun went; when it has ended, how it differs from the original."""

    training: str
    rerun_of: str
    state: str
    poll_after_seconds: int | None = Field(
        description="When it makes sense to ask again; null when nothing will change"
    )
    finding: str = Field(description="All of it in a sentence")
    weights: WeightsDifference | None
    metrics: MetricsDifference | None
    predictions: PredictionsDifference | None = Field(description="Null unless both answered the same images")
    differences: list[SurroundingsDifference] = Field(
        description="Of versions, hardware, data and settings; those that matter first"
    )
    reasons: list[str] = Field(description="Why the weights may differ, the likeliest first; empty if they do not")
