"""What the sender of a data set may decide, and how much may be taken in."""

from dataclasses import dataclass, field
from typing import Any, Final, Literal, Self

from service.images.archives.limits import ArchiveLimits
from service.images.decoding import Limits

MOST_CLASSES: Final = 1_000
SMALLEST_SIDE: Final = 8
TEST_FRACTION: Final = 0.2

Colour = Literal["grey", "colour"]


@dataclass(frozen=True)
class Options:
    """What a set shall be like; None: its pictures tell.

    `size` is (height, width); `classes` are the names of the labels 0, 1, 2, … of arrays; where no part to test with comes,
    `test_fraction` of each class is taken, and `seed` decides which. `handwriting`: every picture is laid out as MNIST does.
    """

    size: tuple[int, int] | None = None
    colour: Colour | None = None
    handwriting: bool = False
    classes: tuple[str, ...] | None = None
    test_fraction: float = TEST_FRACTION
    seed: int = 1

    def as_json(self) -> dict[str, Any]:
        """Return the options as JSON."""
        return vars(self) | {}

    @classmethod
    def from_json(cls, given: dict[str, Any]) -> Self:
        """Return the options that `as_json` wrote."""
        size, classes = given["size"], given["classes"]
        lists = {"size": size and tuple(size), "classes": classes and tuple(classes)}
        return cls(**{**given, **lists})


@dataclass(frozen=True)
class IntakeLimits:
    """The most that is taken in. `side` is the longest side that is chosen unless somebody asks for a size."""

    archive: ArchiveLimits = field(default_factory=ArchiveLimits)
    pictures: Limits = field(default_factory=Limits)
    side: int = 64
    prepared_bytes: int = 4 << 30
