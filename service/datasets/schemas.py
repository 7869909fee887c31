"""Data sets as JSON, and the fields that come with the file of one."""

import re
from datetime import datetime
from typing import Annotated, Any, Final, Literal

from pydantic import AliasChoices, BaseModel, ConfigDict, Field, field_validator, model_validator

from service.edge.strictness import Strict
from service.images.intake.options import MOST_CLASSES, SMALLEST_SIDE, TEST_FRACTION, Options

LONGEST_SIDE: Final = 512
NAME: Final = r"^[a-z0-9][a-z0-9._-]{0,99}$"
PRINTABLE: Final = r"^[^\x00-\x1f\x7f]*$"


class ImportRequest(Strict):
    """What comes with the file of a data set, in the query or as fields of the form."""

    model_config = ConfigDict(extra="forbid", allow_inf_nan=False, frozen=True, use_attribute_docstrings=True)

    name: Annotated[str, Field(pattern=NAME)]
    """How it will be called: small letters, digits, `.`, `_` and `-`."""
    title: Annotated[str, Field(max_length=200, pattern=PRINTABLE)] | None = None
    """A name for people; the name if not given."""
    description: Annotated[str, Field(max_length=2000, pattern=r"^[^\x00]*$")] = ""
    """What is on the pictures, and where they are from."""
    size: Annotated[str, Field(max_length=20)] | None = None
    """`HEIGHTxWIDTH`, or one number for a square. If not given, that of most pictures, or their medians."""
    colour: Literal["grey", "gray", "colour", "color"] | None = Field(
        default=None, validation_alias=AliasChoices("colour", "color")
    )
    """`grey` or `colour`. If not given, the pictures tell."""
    handwriting: bool = False
    """Whether the pictures are handwritten signs, to be laid out as in MNIST: 28x28, light on dark, centred."""
    classes: Annotated[str, Field(max_length=100_000, pattern=PRINTABLE)] | None = None
    """For npz and IDX: the names of the labels 0, 1, 2, … with commas between. If not given, the labels are the names."""
    test_fraction: Annotated[float, Field(ge=0.01, le=0.9)] = TEST_FRACTION
    """Of a set without a part to test with: how much of each class is taken for it."""
    seed: Annotated[int, Field(ge=0, lt=2**31)] = 1
    """… and what decides which."""

    @field_validator("size")
    @classmethod
    def _is_size(cls, size: str | None) -> str | None:
        if size is not None and not all(SMALLEST_SIDE <= side <= LONGEST_SIDE for side in _sides(size)):
            raise ValueError(
                f"Received {size!r}; a size is HEIGHTxWIDTH such as 32x32, each from {SMALLEST_SIDE} to {LONGEST_SIDE}"
            )
        return size

    @field_validator("classes")
    @classmethod
    def _are_classes(cls, classes: str | None) -> str | None:
        names = [] if classes is None else _names(classes)
        if classes is not None and (not 2 <= len(names) <= MOST_CLASSES or len(set(names)) < len(names)):
            raise ValueError(
                f"Received {len(names)} names; give 2 to {MOST_CLASSES} different ones, with commas between"
            )
        return classes

    @model_validator(mode="after")
    def _fits_handwriting(self) -> "ImportRequest":
        if self.handwriting and (self.size not in {None, "28", "28x28"} or self.colour in {"colour", "color"}):
            raise ValueError("handwriting is laid out as in MNIST: 28x28 and grey; leave size and colour out")
        return self

    def options(self) -> Options:
        """Return what the sender has decided."""
        height, width = (None, None) if self.size is None else _sides(self.size)
        return Options(
            size=None if height is None or width is None else (height, width),
            colour=None if self.colour is None else "grey" if self.colour.startswith("gr") else "colour",
            handwriting=self.handwriting,
            classes=None if self.classes is None else tuple(_names(self.classes)),
            test_fraction=self.test_fraction,
            seed=self.seed,
        )


def _sides(size: str) -> tuple[int, int]:
    """Return (height, width); (0, 0) for what is no size."""
    found = re.fullmatch(r"([0-9]{1,4})(?:[xX]([0-9]{1,4}))?", size.strip())
    return (0, 0) if found is None else (int(found[1]), int(found[2] or found[1]))


def _names(classes: str) -> list[str]:
    return [name.strip() for name in classes.split(",")]


class FindingReply(BaseModel):
    """Something odd about what was sent."""

    rule: str = Field(description="What it is, for programs: unreadable, duplicates-across-splits, imbalance …")
    severity: Literal["note", "warning", "refusal"]
    finding: str = Field(description="The same for people")
    count: int = Field(description="How many files it is about")
    files: list[str] = Field(description="The first of them")


class ImportProgress(BaseModel):
    """How far the import of a data set is."""

    activity: str | None = Field(description="What its worker does; null while it waits for one")
    done: int = Field(description="Pictures")
    total: int
    eta_seconds: float | None


class DatasetFailure(BaseModel):
    """Why there is no data set."""

    type: str = Field(
        description="Refused: one-class, empty-class, too-many-classes, no-pictures, too-many-unreadable, labels, classes, "
        "class-name, unreadable-archive, refused-archive, archive-too-large. Failed: worker-lost, out-of-memory, time-limit, "
        "storage-full, internal"
    )
    detail: str


class DatasetReply(BaseModel):
    """A data set: labelled pictures, a part to train on and a part to test with."""

    name: str
    state: Literal["importing", "ready", "refused", "failed"] = Field(
        description="Only one that is ready can be trained on"
    )
    built_in: bool
    title: str
    description: str
    classes: list[str] = Field(description="Empty until it is imported")
    shape: list[int] = Field(description="height, width, channels; empty until it is imported")
    train_count: int
    test_count: int
    train_per_class: list[int] = Field(description="In the order of the classes")
    test_per_class: list[int]
    handwriting: bool = Field(description="Whether pictures to predict are laid out as in MNIST")
    sha256: str | None = Field(description="Of the arrays' content; null until they have been read once")
    available: bool = Field(description="Whether the images lie on this machine; if not, a worker downloads them")
    owner: str | None
    created_at: datetime | None
    finished_at: datetime | None
    options: dict[str, Any] | None = Field(description="What its sender has decided; null for those that are built in")
    split: Literal["given", "made"] | None = Field(description="Whether a part to test with was sent, or was chosen")
    progress: ImportProgress | None = Field(description="Of one that is being imported")
    error: DatasetFailure | None
    lint: list[FindingReply] = Field(description="What was odd about the files")
    poll_after_seconds: int | None = Field(
        description="When it makes sense to ask again; null when nothing will change"
    )
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
