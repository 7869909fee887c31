"""Reports as JSON."""

from typing import Any, Literal

from pydantic import BaseModel, Field, RootModel

Normalize = Literal["true", "pred", "all"]


class IntervalReply(BaseModel):
    """Where the accuracy on all pictures of this kind lies, as far as this many test pictures can tell."""

    level: float
    low: float
    high: float
    method: str = "wilson"


class BinReply(BaseModel):
    """The test images that were answered with a confidence above `low` and up to `high`."""

    low: float
    high: float
    count: int
    confidence: float | None = Field(description="Their mean confidence; null where there are none")
    accuracy: float | None = Field(description="The share of them that was right; null where there are none")


class CalibrationReply(BaseModel):
    """How far the network's confidence can be trusted."""

    expected_error: float = Field(description="Expected calibration error (Guo et al. 2017) over these bins: 0 is best")
    bins: list[BinReply] = Field(description="Of equal width; a reliability diagram draws accuracy over confidence")


class ExpectedErrorReply(BaseModel):
    """Expected calibration error on test images."""

    before: float
    after: float


class VerdictShare(BaseModel):
    """The test images that got a verdict."""

    share: float
    count: int
    wrong: int


class RiskReply(BaseModel):
    """Answering only what is at least this confident."""

    threshold: float
    coverage: float = Field(description="The share of the test images that is answered then")
    risk: float = Field(description="The share of those answers that is wrong")


class ConfidenceReply(BaseModel):
    """What the model's answers are worth: docs/confidence.md. Either `reason`, or everything else."""

    reason: str | None = Field(None, description="Why its answers have no verdict")
    temperature: float | None = Field(None, description="Fitted on the validation images (Guo et al. 2017)")
    least_sure: float | None = Field(
        None, description="The least confidence of a sure answer; null: nothing is sure enough"
    )
    validation_count: int | None = None
    test_count: int | None = Field(None, description="So many of the test images were judged")
    expected_error: ExpectedErrorReply | None = None
    verdicts: dict[str, VerdictShare] | None = None
    risk_coverage: list[RiskReply] | None = None
    refused: dict[str, dict[str, float]] | None = Field(
        None,
        description="Of things that are no digits: how many were looked at, and the shares of verdicts that are not `sure`",
    )


class ReportReply(BaseModel):
    """What the test set said about a training."""

    training: str
    dataset: str
    classes: list[str]
    test_count: int
    test_loss: float
    test_accuracy: float
    misclassified_count: int
    confidence_interval: IntervalReply = Field(description="Of the test accuracy")
    calibration: CalibrationReply
    confidence: ConfidenceReply | None = Field(description="null for reports that an earlier version wrote")
    top_k: dict[str, float] | None = Field(
        description="Share of the test images whose class is among the k likeliest, for k = 2, 3 and 5 where there are more "
        "classes; null for reports that an earlier version wrote"
    )
    classification: dict[str, Any] = Field(description="As scikit-learn's classification_report(output_dict=True)")
    notes: list[str] = Field(description="What one must know to judge the figures")
    receipt: str | None = Field(description="The address of the receipt; null for trainings of before there were any")


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
