"""Comparisons as JSON."""

from pydantic import BaseModel, Field

from service.reports.schemas import EpochReply


class AccuracyReply(BaseModel):
    """The test accuracy, and where it lies with a probability of 95 % (Wilson's score interval)."""

    value: float
    low: float
    high: float


class ComparedReply(BaseModel):
    """One of the trainings that are compared."""

    id: str
    dataset: str
    network: str | None
    preset: str | None
    epochs: int = Field(description="That it did")
    parameters: int
    compute_seconds: float
    test_count: int
    test_accuracy: AccuracyReply
    test_loss: float
    notes: list[str] = Field(description="What one must know to judge the figures")


class McNemarReply(BaseModel):
    """McNemar's test on the images that exactly one of the two got right."""

    method: str = Field(description="exact (binomial), or chi-square (with continuity correction)")
    statistic: float
    p_value: float = Field(
        description="The chance of so great a difference, or a greater one, if both were equally good"
    )
    p_value_holm: float = Field(description="The same, corrected for the number of pairs that are compared here")


class PairedExample(BaseModel):
    """A test image that one of the two got right and the other wrong."""

    index: int = Field(description="In the test set, from 0")
    true: str
    predicted_by_a: str
    predicted_by_b: str
    image: str = Field(description="The address of the picture")


class PairReply(BaseModel):
    """Two trainings, image by image."""

    a: str
    b: str
    both_right: int
    only_a_right: int
    only_b_right: int
    both_wrong: int
    mcnemar: McNemarReply
    finding: str = Field(description="What the test says, in words")
    only_a_right_examples: list[PairedExample] = Field(description="Those that b was surest of, first")
    only_b_right_examples: list[PairedExample] = Field(description="Those that a was surest of, first")


class ComparisonReply(BaseModel):
    """Trainings beside one another, each pair of them, and their curves."""

    trainings: list[ComparedReply] = Field(description="In the order in which they were asked for")
    pairs: list[PairReply]
    curves: dict[str, list[EpochReply]] = Field(description="For each training's id its epochs, as in history.json")
