"""Pictures with their classes, none of them decoded yet."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from service.images.intake.findings import Finding


@dataclass(frozen=True)
class Taken:
    """A picture, or why there is none; and what is odd about its file."""

    picture: Image.Image | None
    problem: str | None = None
    lie: str | None = None


Decode = Callable[[], Sequence[Taken]]


@dataclass(frozen=True)
class Collection:
    """Pictures that are yet to be decoded.

    `labels` are (n,) class indices; `is_test` is (n,) where the files say which pictures are to test with, else None. `name`
    says what a picture is called. `batches(indices)` gives, for a few of the wanted pictures at a time, their indices and what
    decodes them, which may be called in any thread, before the next or after it.
    """

    classes: tuple[str, ...]
    labels: NDArray[np.int64]
    is_test: NDArray[np.bool_] | None
    name: Callable[[int], str]
    batches: Callable[[NDArray[np.int64]], Iterator[tuple[NDArray[np.int64], Decode]]]
    findings: Sequence[Finding]

    def __len__(self) -> int:
        return len(self.labels)
