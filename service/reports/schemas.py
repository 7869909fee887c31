"""Reports as JSON."""

from typing import Any, Literal

from pydantic import BaseModel, Field, RootModel

Normalize = Literal["true", "pred", "all"]


class ReportReply(BaseModel):
    """What the test set said about a training."""

    training: str
    dataset: str
    classes: list[str]
    test_count: int
    test_loss: float
    test_accuracy: float
    misclassified_count: int
    classification: dict[str, Any] = Field(description="As scikit-learn's classification_report(output_dict=True)")
    notes: list[str] = Field(description="What one must know to judge the figures")


class ClassificationReply(RootModel[dict[str, Any]]):
    """scikit-learn's classification_report(output_dict=True), exactly."""


class ConfusionMatrixReply(BaseModel):
    """How often each class was taken for each other."""

    training: str
    classes: list[str]
    rows: str = "true"
    columns: str = "predicted"
    normalize: Normalize | None = Field(
        default=None, description="What adds up to 1: each row (true), each column (pred), all cells; null: counts"
    )
    matrix: list[list[int]] | list[list[float]]


class EpochReply(BaseModel):
    """The figures of one epoch."""

    epoch: int
    loss: float
    accuracy: float
    val_loss: float | None
    val_accuracy: float | None
    learning_rate: float
    seconds: float


class HistoryReply(BaseModel):
    """The figures of every epoch so far."""

    training: str
    epochs: list[EpochReply]


class LearningRateStep(BaseModel):
    """From this epoch on the learning rate is another one."""

    epoch: int
    learning_rate: float
    before: float


class CurvesReply(HistoryReply):
    """The figures of every epoch so far, and what is remarkable about them."""

    learning_rate_steps: list[LearningRateStep]
    best_epoch: int | None = Field(
        description="The first with the highest validation accuracy; null while there is none"
    )


class MisclassifiedReply(BaseModel):
    """A test image that the network got wrong."""

    index: int = Field(description="In the test set, from 0")
    true: str
    predicted: str
    confidence: float
    image: str = Field(description="The address of the picture")


class MisclassifiedPage(BaseModel):
    """Some of the test images that the network got wrong."""

    training: str
    count: int = Field(description="All of them")
    misclassified: list[MisclassifiedReply]
    next: str | None = Field(description="The address of the next page; null on the last")
