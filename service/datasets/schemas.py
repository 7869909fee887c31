"""Data sets as JSON."""

from pydantic import BaseModel, Field


class DatasetReply(BaseModel):
    """A data set: labelled pictures, a part to train on and a part to test with."""

    name: str
    title: str
    description: str
    classes: list[str]
    shape: list[int] = Field(description="height, width, channels")
    train_count: int
    test_count: int
    sha256: str | None = Field(description="Of the arrays' content; null until they have been read once")
    available: bool = Field(description="Whether the images lie on this machine; if not, a worker downloads them")
    links: dict[str, str]


class DatasetList(BaseModel):
    """All data sets."""

    datasets: list[DatasetReply]


class Sample(BaseModel):
    """One picture of a data set."""

    split: str
    index: int
    label: str
    image: str = Field(description="The address of the picture")


class SamplePage(BaseModel):
    """Some pictures of a data set."""

    dataset: str
    samples: list[Sample]
