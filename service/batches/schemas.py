"""Batches as JSON."""

from datetime import datetime
from typing import Any, Literal

from pydantic import BaseModel, Field

from service.images.expectation import Normalize
from service.predictions.schemas import ServedModel
from service.reports.schemas import CalibrationReply, IntervalReply


class BatchSource(BaseModel):
    """What came in."""

    form: Literal["zip", "npz", "idx", "files"]
    filename: str | None
    array: str | None = Field(description="Of an npz: the array that holds the pictures")
    bytes: int
    labels: Literal["npz", "idx", "csv", "folders"] | None = Field(description="Where the labels come from; null: none")


class BatchProgress(BaseModel):
    """How far it is. The counts grow while it runs."""

    total: int = Field(description="Pictures")
    done: int = Field(description="Pictures that have an answer or an error of their own")
    unreadable: int = Field(description="Of those that are done: have an error")
    labelled: int = Field(description="Of those that are done: have an answer and a label that is a class of the model")
    right: int = Field(description="Of those that are labelled: the answer is the label")
    eta_seconds: float | None


class BatchFailure(BaseModel):
    """Why a batch failed."""

    type: str = Field(description="worker-lost, time-limit, out-of-memory, model-gone, unreadable-archive, internal")
    detail: str


class BatchReply(BaseModel):
    """A batch of predictions."""

    id: str
    state: Literal["queued", "running", "cancelling", "succeeded", "failed", "cancelled"]
    owner: str
    created_at: datetime
    started_at: datetime | None
    finished_at: datetime | None
    cancel_requested_at: datetime | None
    attempt: int
    model: ServedModel = Field(description="Resolved when the batch was submitted; a newer version changes nothing")
    normalize: Normalize = Field(description="Whether handwritten digits are laid out as in MNIST")
    source: BatchSource
    progress: BatchProgress
    accuracy: float | None = Field(description="Of those that are labelled so far; null while there are none")
    error: BatchFailure | None
    notes: list[str] = Field(description="What is odd about the pictures and labels that came")
    poll_after_seconds: int | None = Field(
        description="When it makes sense to ask again; null when nothing will change"
    )
    links: dict[str, str]


class BatchPage(BaseModel):
    """Some batches, newest first."""

    batches: list[BatchReply]
    next: str | None = Field(description="The address of the next page; null on the last")


class ConfusionReply(BaseModel):
    """How often one class was taken for another."""

    true: str
    predicted: str
    count: int


class VerdictReply(BaseModel):
    """How many answers had a verdict."""

    count: int
    wrong: int = Field(description="Of those")


class BatchReportReply(BaseModel):
    """What the labels say about the answers."""

    batch: str
    model: ServedModel
    classes: list[str]
    count: int = Field(description="Pictures that count: with an answer, and a label that is a class of the model")
    right: int
    accuracy: float
    confidence_interval: IntervalReply = Field(description="Of the accuracy")
    calibration: CalibrationReply
    verdicts: dict[str, VerdictReply] | None = Field(description="null where the model gives none")
    classification: dict[str, Any] = Field(description="As scikit-learn's classification_report(output_dict=True)")
    confusion_matrix: list[list[int]] = Field(description="Rows are true classes, columns predicted ones")
    confusions: list[ConfusionReply] = Field(description="The most frequent mistakes")
    notes: list[str] = Field(description="What one must know to judge the figures")
